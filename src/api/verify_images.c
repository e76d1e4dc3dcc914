#include "api/verify_images.h"

#include <string.h>

#include "api/run_boxes.h"
#include "base/text.h"

const char *assay_images_member(const assay_images_judging *j, const char *list, const char *by,
                                const char *name, const char *key)
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

assay_status assay_images_recall(assay_images_judging *j, int32_t data, assay_error *err)
{
    assay_run *run = j->run;
    const char *name = run->plan->data[data].name;
    if (j->evidence->results != NULL) {
        const char *digest = assay_images_member(j, "truth", "data", name, "digest");
        if (digest[0] == '\0') {
            j->reason[data] = "the evidence knows no data of this name";
            return ASSAY_OK;
        }
        if (strcmp(run->boxes->truth[data].notes.digest, digest) != 0) {
            j->reason[data] = "the truth is not the one of the evidence: its content changed";
            return ASSAY_OK;
        }
        ASSAY_TRY(assay_run_boxes_recall_images(
            run, data, assay_images_member(j, "data", "name", name, "digest"), err));
    }
    return assay_run_boxes_clusters(run, data, err);
}

const char *assay_images_stranger(const assay_images_judging *j, const assay_run_cell *cell)
{
    const assay_plan_context *c = &j->run->plan->contexts[cell->context];
    return cell->model != j->evidence->model ? "the predictions belong to another model"
           : c->data != j->evidence->data    ? "the predictions belong to other data"
           : c->perturbation != NULL         ? "the predictions are not of perturbed data"
                                             : NULL;
}

assay_status assay_images_excuse(assay_images_judging *j, assay_run_cell *cell, assay_status status,
                                 assay_error *err)
{
    assay_run *run = j->run;
    int32_t data = run->plan->contexts[cell->context].data;
    if (status != ASSAY_EINVAL || run->data[data] != NULL || err == NULL) {
        return status;
    }
    cell->reason = assay_arena_printf(run->arena, "'where': %s", err->message);
    return cell->reason != NULL ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_images_judge(assay_run *run, const assay_images_evidence *evidence,
                                assay_status (*start)(assay_run *run, assay_error *err),
                                assay_status (*measure)(assay_images_judging *j,
                                                        assay_run_cell *cell, assay_error *err),
                                assay_error *err)
{
    const assay_plan *plan = run->plan;
    assay_images_judging j = {.run = run, .evidence = evidence};
    j.reason = assay_arena_alloc(run->arena, (size_t)plan->n_data + 1, sizeof *j.reason);
    j.opened = assay_arena_alloc(run->arena, (size_t)plan->n_data + 1, 1);
    run->data = assay_arena_alloc(run->arena, (size_t)plan->n_data + 1, sizeof *run->data);
    run->models = assay_arena_alloc(run->arena, (size_t)plan->n_models + 1, sizeof *run->models);
    run->given = assay_arena_alloc(run->arena, (size_t)plan->n_models + 1, sizeof *run->given);
    if (j.reason == NULL || j.opened == NULL || run->data == NULL || run->models == NULL ||
        run->given == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(start(run, err));
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

assay_status assay_images_find_stem(const char **stem, const assay_images_judging *j,
                                    const assay_run_cell *cell, const char *model, assay_error *err)
{
    static const char ending[] = ".parquet";
    const assay_plan *plan = j->run->plan;
    const assay_plan_context *c = &plan->contexts[cell->context];
    const char *table = NULL;
    assay_status status = ASSAY_OK;
    assay_buffer text;
    *stem = NULL;
    assay_buffer_init(&text, 0);
    if (c->perturbation != NULL) {
        ASSAY_GOTO(assay_args_text(&text, c->perturbation, err), done);
    }
    const char *const notes[] = {
        "assay.model",
        model,
        "assay.data",
        assay_images_member(j, "data", "name", plan->data[c->data].name, "digest"),
        "assay.perturbation",
        text.data != NULL ? text.data : "none",
        NULL};
    ASSAY_GOTO(assay_run_find_noted(&table, j->run, notes, err), done);
    if (table != NULL) {
        *stem =
            assay_arena_printf(j->run->arena, "%.*s", (int)(strlen(table) - strlen(ending)), table);
        status = *stem != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
done:
    assay_buffer_dispose(&text);
    return status;
}
