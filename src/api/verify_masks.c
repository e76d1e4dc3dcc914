#include "api/verify_masks.h"

#include <string.h>

#include "adapters/filesystem/file.h"
#include "api/run_masks.h"
#include "base/text.h"

typedef struct judging {
    assay_run *run;
    const assay_masks_evidence *evidence;
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

static assay_status open_data(judging *j, int32_t d, assay_error *err)
{
    assay_run *run = j->run;
    const char *name = run->plan->data[d].name;
    ASSAY_TRY(assay_run_masks_truth(run, d, err));
    if (j->evidence->results != NULL) {
        const char *digest = member(j, "truth", "data", name, "digest");
        if (digest[0] == '\0') {
            j->reason[d] = "the evidence knows no data of this name";
            return ASSAY_OK;
        }
        if (strcmp(run->boxes->truth[d].notes.digest, digest) != 0) {
            j->reason[d] = "the truth is not the one of the evidence: its content changed";
            return ASSAY_OK;
        }
        ASSAY_TRY(
            assay_run_boxes_recall_images(run, d, member(j, "data", "name", name, "digest"), err));
    }
    return assay_run_boxes_clusters(run, d, err);
}

/* Where the predictions of a cell are; NULL with a reason when there are none. */
static assay_status find_predictions(const char **path, judging *j, assay_run_cell *cell,
                                     assay_error *err)
{
    assay_run *run = j->run;
    const assay_plan_context *c = &run->plan->contexts[cell->context];
    const assay_plan_model *model = &run->plan->models[cell->model];
    char digest[ASSAY_DIGEST_HEX];
    *path = NULL;
    if (j->evidence->results == NULL) {
        cell->reason = cell->model != j->evidence->model ? "the predictions belong to another model"
                       : c->data != j->evidence->data    ? "the predictions belong to other data"
                       : c->perturbation != NULL ? "the predictions are not of perturbed data"
                                                 : NULL;
        *path = cell->reason == NULL ? j->evidence->predictions : NULL;
        return ASSAY_OK;
    }
    const char *known = member(j, "models", "name", model->name, "digest");
    cell->reason = known[0] == '\0' ? "the evidence knows no model of this name"
                                    : assay_run_boxes_obstacle(run, cell->model, cell->context);
    if (cell->reason != NULL) {
        return ASSAY_OK;
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

static assay_status measure(judging *j, assay_run_cell *cell, assay_error *err)
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
        ASSAY_TRY(open_data(j, data, err));
    }
    cell->reason = j->reason[data];
    if (cell->reason != NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_run_masks_count(&found, run, data, path, err));
    assay_status status = assay_run_masks_evaluate(run, cell, found, err);
    if (status == ASSAY_EINVAL && run->data[data] == NULL && err != NULL) {
        /* Columns of images that are not there. */
        cell->reason = assay_arena_printf(run->arena, "'where': %s", err->message);
        return cell->reason != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    return status;
}

assay_status assay_verify_masks(assay_run *run, const assay_masks_evidence *evidence,
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
    ASSAY_TRY(assay_run_masks_new(run, err));
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        const assay_plan_requirement *q = &plan->requirements[i];
        if (q->tree != ASSAY_TREE_NONE) {
            continue;
        }
        assay_run_cell *cell = assay_run_cell_at(run, q->model, q->context);
        cell->model = q->model;
        cell->context = q->context;
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

void assay_verify_masks_dispose(assay_run *run)
{
    assay_run_masks_dispose(run);
}
