#include "api/verify_images.h"

#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "api/run_masks.h"

/* The maps that the run had a model make. */
static assay_status find_predicted(const char **path, assay_images_judging *j, assay_run_cell *cell,
                                   const char *model, assay_error *err)
{
    const assay_run *run = j->run;
    const char *stem = NULL;
    char digest[ASSAY_DIGEST_HEX];
    ASSAY_TRY(assay_images_find_stem(&stem, j, cell, model, err));
    if (stem == NULL || assay_file_kind(stem) != 2) {
        cell->reason = "the evidence holds no predictions of the model in this context";
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_segment_digest(digest, stem, run->context, run->arena, err));
    const char *list = assay_arena_printf(run->arena, "%s.parquet", stem);
    if (list == NULL) {
        return assay_fail_memory(err);
    }
    if (assay_duckdb_has_note(list, "assay.digest", digest)) {
        *path = stem;
    } else {
        cell->reason = "the predictions are not those of the evidence: their content changed";
    }
    return ASSAY_OK;
}

/* Where the predictions of a cell are; NULL with a reason when there are none. */
static assay_status find_predictions(const char **path, assay_images_judging *j,
                                     assay_run_cell *cell, assay_error *err)
{
    assay_run *run = j->run;
    const assay_plan_model *model = &run->plan->models[cell->model];
    char digest[ASSAY_DIGEST_HEX];
    *path = NULL;
    if (j->evidence->results == NULL) {
        cell->reason = assay_images_stranger(j, cell);
        *path = cell->reason == NULL ? j->evidence->predictions : NULL;
        return ASSAY_OK;
    }
    const char *known = assay_images_member(j, "models", "name", model->name, "digest");
    cell->reason = known[0] == '\0' ? "the evidence knows no model of this name"
                                    : assay_run_boxes_obstacle(run, cell->model, cell->context);
    if (cell->reason != NULL) {
        return ASSAY_OK;
    }
    if (model->predictions == NULL) {
        return find_predicted(path, j, cell, known, err);
    }
    if (assay_file_kind(model->predictions) == 0) {
        cell->reason = "the predictions are not where the plan says";
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_segment_digest(digest, model->predictions, run->context, run->arena, err));
    if (strcmp(digest, known) != 0) {
        cell->reason = "the predictions are not those of the evidence: their content changed";
        return ASSAY_OK;
    }
    *path = model->predictions;
    return ASSAY_OK;
}

static assay_status measure(assay_images_judging *j, assay_run_cell *cell, assay_error *err)
{
    assay_run *run = j->run;
    int32_t data = run->plan->contexts[cell->context].data;
    const char *path = NULL;
    assay_segment_found *found = NULL;
    ASSAY_TRY(find_predictions(&path, j, cell, err));
    if (path == NULL) {
        return ASSAY_OK;
    }
    if (!j->opened[data]) {
        j->opened[data] = 1;
        ASSAY_TRY(assay_run_masks_truth(run, data, err));
        ASSAY_TRY(assay_images_recall(j, data, err));
    }
    cell->reason = j->reason[data];
    if (cell->reason != NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_run_masks_count(&found, run, data, path, err));
    return assay_images_excuse(j, cell, assay_run_masks_evaluate(run, cell, found, err), err);
}

assay_status assay_verify_masks(assay_run *run, const assay_images_evidence *evidence,
                                assay_error *err)
{
    return assay_images_judge(run, evidence, assay_run_masks_new, measure, err);
}

void assay_verify_masks_dispose(assay_run *run)
{
    assay_run_masks_dispose(run);
}
