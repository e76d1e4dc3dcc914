#include "api/verify_images.h"

#include <string.h>

#include "adapters/filesystem/file.h"
#include "api/run_boxes.h"
#include "base/alloc.h"

/* Without evidence the images are looked for too. */
static assay_status open_data(assay_images_judging *j, int32_t d, assay_error *err)
{
    if (j->evidence->results == NULL) {
        return assay_run_boxes_open_data(j->run, d, err);
    }
    ASSAY_TRY(assay_run_boxes_truth(j->run, d, err));
    return assay_images_recall(j, d, err);
}

static assay_status find_boxes(const char **path, const char **reason,
                               const assay_images_judging *j, const assay_run_cell *cell,
                               assay_error *err)
{
    const assay_plan_model *model = &j->run->plan->models[cell->model];
    const char *stem = NULL;
    *path = NULL;
    if (j->evidence->results == NULL) {
        *reason = assay_images_stranger(j, cell);
        *path = *reason != NULL ? NULL : j->evidence->predictions;
        return ASSAY_OK;
    }
    const char *digest = assay_images_member(j, "models", "name", model->name, "digest");
    *reason = digest[0] == '\0' ? "the evidence knows no model of this name"
                                : assay_run_boxes_obstacle(j->run, cell->model, cell->context);
    if (*reason != NULL || model->predictions != NULL) {
        *path = *reason != NULL ? NULL : model->predictions;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_images_find_stem(&stem, j, cell, digest, err));
    if (stem == NULL) {
        *reason = "the evidence holds no predictions of the model in this context";
        return ASSAY_OK;
    }
    /* COCO results with the same numbers as in the table. */
    *path = assay_arena_printf(j->run->arena, "%s.json", stem);
    return *path != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status measure(assay_images_judging *j, assay_run_cell *cell, assay_error *err)
{
    assay_run *run = j->run;
    const assay_plan_context *c = &run->plan->contexts[cell->context];
    const assay_plan_model *model = &run->plan->models[cell->model];
    const assay_annotation_options options = assay_run_boxes_reading(run);
    const char *path = NULL;
    assay_annotation_notes notes;
    assay_detection_summary summary;
    assay_coco_rows *rows = NULL;
    assay_detection_selection chosen = {0};
    assay_status status = ASSAY_OK;
    ASSAY_TRY(find_boxes(&path, &cell->reason, j, cell, err));
    if (path == NULL) {
        return ASSAY_OK;
    }
    if (!j->opened[c->data]) {
        j->opened[c->data] = 1;
        ASSAY_TRY(open_data(j, c->data, err));
    }
    cell->reason = j->reason[c->data];
    if (cell->reason != NULL) {
        return ASSAY_OK;
    }
    const assay_run_truth *truth = &run->boxes->truth[c->data];
    ASSAY_TRY(assay_annotations_results(&rows, &notes, path, truth->truth, &options, err));
    ASSAY_GOTO(assay_run_boxes_expand(rows, run, truth->truth, err), done);
    if (j->evidence->results != NULL && model->predictions != NULL &&
        strcmp(notes.digest, assay_images_member(j, "models", "name", model->name, "digest")) !=
            0) {
        cell->reason = "the predictions file is not the one of the evidence: its content changed";
        goto done;
    }
    status = assay_run_boxes_select(&chosen, &cell->n, run, cell->context, rows, err);
    ASSAY_GOTO(assay_images_excuse(j, cell, status, err), done);
    if (cell->reason != NULL) {
        goto done;
    }
    if (cell->n == 0) {
        cell->reason = "no image or object belongs to this context";
        goto done;
    }
    ASSAY_GOTO(assay_run_boxes_evaluate(run, cell, &summary, truth, rows, &chosen.slice, err),
               done);
    cell->evaluated = 1;
done:
    assay_detection_selection_dispose(&chosen);
    assay_coco_results_free(rows);
    return status;
}

assay_status assay_verify_boxes(assay_run *run, const assay_images_evidence *evidence,
                                assay_error *err)
{
    return assay_images_judge(run, evidence, assay_run_boxes_new, measure, err);
}

void assay_verify_boxes_dispose(assay_run *run)
{
    assay_run_boxes_dispose(run);
    for (int32_t d = 0; run->boxes != NULL && d < run->plan->n_data; d++) {
        assay_dataset_free(run->data[d]);
    }
}
