#include "api/verify_boxes.h"

#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "api/run_boxes.h"
#include "base/alloc.h"
#include "base/text.h"

typedef struct judging {
    assay_run *run;
    const assay_boxes_evidence *evidence;
    const char **reason; /* per data set: why it can't be measured; NULL = it can */
    uint8_t *opened;     /* per data set */
} judging;

/* The member `key` of the element of a list of the evidence with this name; "" = there is none. */
static const char *member(const judging *j, const char *list, const char *by, const char *name,
                          const char *key)
{
    const assay_json_value *items = assay_json_get(j->evidence->results, list);
    for (size_t i = 0; i < assay_json_size(items); i++) {
        const assay_json_value *item = assay_json_at(items, i);
        if (assay_text_equal(assay_json_get_text(item, by, ""), name)) {
            return assay_json_get_text(item, key, "");
        }
    }
    return "";
}

/* ---- data ---- */

static assay_status open_data(judging *j, int32_t d, assay_error *err)
{
    assay_run *run = j->run;
    const char *name = run->plan->data[d].name;
    if (j->evidence->results == NULL) {
        return assay_run_boxes_open_data(run, d, err);
    }
    const char *digest = member(j, "truth", "data", name, "digest");
    if (digest[0] == '\0') {
        j->reason[d] = "the evidence knows no data of this name";
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_run_boxes_truth(run, d, err));
    if (strcmp(run->boxes->truth[d].notes.digest, digest) != 0) {
        j->reason[d] = "the truth is not the one of the evidence: its content changed";
        return ASSAY_OK;
    }
    ASSAY_TRY(
        assay_run_boxes_recall_images(run, d, member(j, "data", "name", name, "digest"), err));
    return assay_run_boxes_clusters(run, d, err);
}

/* ---- results ---- */

static assay_status find_boxes(const char **path, const char **reason, const judging *j,
                               const assay_run_cell *cell, assay_error *err)
{
    const assay_plan *plan = j->run->plan;
    const assay_plan_context *c = &plan->contexts[cell->context];
    const assay_plan_model *model = &plan->models[cell->model];
    assay_status status = ASSAY_OK;
    assay_buffer text;
    *path = NULL;
    if (j->evidence->results == NULL) {
        *reason = cell->model != j->evidence->model ? "the predictions belong to another model"
                  : c->data != j->evidence->data    ? "the predictions belong to other data"
                  : c->perturbation != NULL         ? "the predictions are not of perturbed data"
                                                    : NULL;
        *path = *reason != NULL ? NULL : j->evidence->predictions;
        return ASSAY_OK;
    }
    const char *digest = member(j, "models", "name", model->name, "digest");
    *reason = digest[0] == '\0' ? "the evidence knows no model of this name"
                                : assay_run_boxes_obstacle(j->run, cell->model, cell->context);
    if (*reason != NULL || model->predictions != NULL) {
        *path = *reason != NULL ? NULL : model->predictions;
        return ASSAY_OK;
    }
    assay_buffer_init(&text, 0);
    if (c->perturbation != NULL) {
        ASSAY_GOTO(assay_args_text(&text, c->perturbation, err), done);
    }
    const char *const notes[] = {"assay.model",
                                 digest,
                                 "assay.data",
                                 member(j, "data", "name", plan->data[c->data].name, "digest"),
                                 "assay.perturbation",
                                 text.data != NULL ? text.data : "none",
                                 NULL};
    const char *parquet = NULL;
    ASSAY_GOTO(assay_run_find_noted(&parquet, j->run, notes, err), done);
    if (parquet == NULL) {
        *reason = "the evidence holds no predictions of the model in this context";
        goto done;
    }
    /* COCO results with the same numbers stand beside it. */
    *path = assay_arena_printf(j->run->arena, "%.*s.json", (int)(strlen(parquet) - 8), parquet);
    status = *path != NULL ? ASSAY_OK : assay_fail_memory(err);
done:
    assay_buffer_dispose(&text);
    return status;
}

static assay_status measure(judging *j, assay_run_cell *cell, assay_error *err)
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
        strcmp(notes.digest, member(j, "models", "name", model->name, "digest")) != 0) {
        cell->reason = "the predictions file is not the one of the evidence: its content changed";
        goto done;
    }
    status = assay_run_boxes_select(&chosen, &cell->n, run, cell->context, rows, err);
    if (status == ASSAY_EINVAL && run->data[c->data] == NULL && err != NULL) {
        /* Columns of images that are not there. */
        cell->reason = assay_arena_printf(run->arena, "'where': %s", err->message);
        status = cell->reason != NULL ? ASSAY_OK : assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(status, done);
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

assay_status assay_verify_boxes(assay_run *run, const assay_boxes_evidence *evidence,
                                assay_error *err)
{
    const assay_plan *plan = run->plan;
    judging j = {.run = run, .evidence = evidence};
    j.reason = assay_arena_alloc(run->arena, (size_t)plan->n_data + 1, sizeof *j.reason);
    j.opened = assay_arena_alloc(run->arena, (size_t)plan->n_data + 1, 1);
    run->data = assay_arena_alloc(run->arena, (size_t)plan->n_data + 1, sizeof *run->data);
    run->models = assay_arena_alloc(run->arena, (size_t)plan->n_models + 1, sizeof *run->models);
    run->given = assay_arena_alloc(run->arena, (size_t)plan->n_models + 1, sizeof *run->given);
    if (j.reason == NULL || j.opened == NULL || run->data == NULL || run->models == NULL ||
        run->given == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_run_boxes_new(run, err));
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        const assay_plan_requirement *q = &plan->requirements[i];
        if (q->tree != ASSAY_TREE_NONE) {
            continue;
        }
        assay_run_cell *cell = assay_run_cell_at(run, q->model, q->context);
        if (cell->evaluated || cell->reason != NULL) {
            continue;
        }
        assay_status status = measure(&j, cell, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "model %s, context %s", plan->models[q->model].name,
                               plan->contexts[q->context].name);
            return status;
        }
    }
    return ASSAY_OK;
}

void assay_verify_boxes_dispose(assay_run *run)
{
    assay_run_boxes_dispose(run);
    for (int32_t d = 0; run->boxes != NULL && d < run->plan->n_data; d++) {
        assay_dataset_free(run->data[d]);
    }
}
