/* Segmentations over data: counted once, measured context by context, compared. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/run_masks.h"
#include "api/run_pairs.h"
#include "api/segmentation.h"
#include "base/alloc.h"
#include "ops/op_table.h"

static assay_segment_request request_of(const assay_run *run, int32_t data)
{
    /* What is measured of segments costs nothing more, so all of it is. */
    return (assay_segment_request){
        .level = run->plan->level,
        .replicates = run->plan->replicates,
        .seed = run->plan->seed,
        .threads = run->context->threads,
        .cancel = &run->context->cancel,
        .metrics = run->masks->truth[data].segments != NULL ? NULL : run->masks->metrics};
}

assay_status assay_run_masks_count(assay_segment_found **out, assay_run *run, int32_t data,
                                   const char *predictions, assay_error *err)
{
    *out = assay_arena_alloc(run->arena, 1, sizeof **out);
    if (*out == NULL) {
        return assay_fail_memory(err);
    }
    return assay_segment_count(*out, &run->masks->truth[data], predictions, run->masks->boundary,
                               run->context, err);
}

assay_status assay_run_masks_evaluate(assay_run *run, assay_run_cell *cell,
                                      const assay_segment_found *found, assay_error *err)
{
    int32_t data = run->plan->contexts[cell->context].data;
    assay_mask_cell *mine = assay_run_masks_cell(run, cell->model, cell->context);
    assay_detection_selection chosen = {0};
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_run_boxes_select(&chosen, &cell->n, run, cell->context, NULL, err));
    if (cell->n == 0) {
        cell->reason = "no image belongs to this context";
        goto done;
    }
    mine->sample = found->sample;
    mine->sample.cluster = run->boxes->truth[data].cluster;
    if (chosen.slice.images != NULL) {
        uint8_t *images = assay_arena_alloc(run->arena, (size_t)found->sample.n + 1, 1);
        if (images == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
        memcpy(images, chosen.slice.images, (size_t)found->sample.n);
        mine->sample.images = images;
    }
    const assay_segment_request request = request_of(run, data);
    ASSAY_GOTO(assay_segment_measure(&cell->result, &mine->sample, found->names, &request, err),
               done);
    mine->found = found;
    cell->evaluated = 1;
    cell->mean_confidence = NAN;
    cell->low = NAN;
    cell->high = NAN;
done:
    assay_detection_selection_dispose(&chosen);
    return status;
}

/* Pixels that no class explains: people should know. */
static assay_status tell_remarks(assay_run *run, const assay_run_cell *cell,
                                 const assay_segment_found *found, assay_error *err)
{
    const char *texts[ASSAY_SEGMENT_REMARKS];
    int64_t counts[ASSAY_SEGMENT_REMARKS];
    int n = assay_segment_remarks(texts, counts, found);
    for (int i = 0; i < n; i++) {
        const char *title = assay_arena_printf(run->arena, "%" PRId64 " %s", counts[i], texts[i]);
        if (title == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_run_add_finding(
            run, "labels_elsewhere", 1, cell->model, cell->context, title,
            "Label maps hold numbers of classes; a number that is no class (and not the one that "
            "is "
            "ignored) is a mistake in the maps, or a class that `classes` does not list.",
            err));
    }
    return ASSAY_OK;
}

/* The predictions of a cell, counted; an earlier context of the same data has them already. */
static assay_status find_counts(const assay_segment_found **out, assay_run *run,
                                const assay_run_cell *cell, assay_error *err)
{
    const assay_plan_context *contexts = run->plan->contexts;
    assay_mask_cell *mine = assay_run_masks_cell(run, cell->model, cell->context);
    mine->predictions = run->plan->models[cell->model].predictions;
    for (int32_t k = 0; k < cell->context; k++) {
        const assay_mask_cell *other = assay_run_masks_cell(run, cell->model, k);
        if (other->found != NULL && contexts[k].data == contexts[cell->context].data &&
            assay_args_same(contexts[k].perturbation, contexts[cell->context].perturbation)) {
            *out = other->found;
            mine->predictions = other->predictions;
            return ASSAY_OK;
        }
    }
    if (mine->predictions == NULL) {
        ASSAY_TRY(
            assay_run_masks_predict(&mine->predictions, run, cell->model, cell->context, err));
    }
    assay_segment_found *found = NULL;
    ASSAY_TRY(
        assay_run_masks_count(&found, run, contexts[cell->context].data, mine->predictions, err));
    *out = found;
    /* The truth is the same on disturbed images: said once. */
    return contexts[cell->context].perturbation != NULL ? ASSAY_OK
                                                        : tell_remarks(run, cell, found, err);
}

static assay_status measure_cell(assay_run *run, assay_run_cell *cell, assay_error *err)
{
    const assay_plan_context *c = &run->plan->contexts[cell->context];
    const assay_segment_found *found = NULL;
    cell->reason = assay_run_boxes_obstacle(run, cell->model, cell->context);
    if (cell->reason != NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(find_counts(&found, run, cell, err));
    ASSAY_TRY(assay_run_masks_evaluate(run, cell, found, err));
    bool shown = cell->evaluated && c->where == NULL && c->perturbation == NULL && c->sweep < 0;
    return shown ? assay_run_masks_gallery(run, cell->model, cell->context, err) : ASSAY_OK;
}

assay_status assay_run_masks_measure(assay_run *run, assay_error *err)
{
    const assay_plan *plan = run->plan;
    for (int32_t d = 0; d < plan->n_data; d++) {
        ASSAY_TRY(assay_run_boxes_export_images(run, d, err));
    }
    run->n_groups = assay_run_boxes_groups(run);
    for (int32_t m = 0; m < plan->n_models; m++) {
        for (int32_t c = 0; c < plan->n_contexts; c++) {
            assay_run_cell *cell = assay_run_cell_at(run, m, c);
            cell->model = m;
            cell->context = c;
            assay_result_init(&cell->result, run->arena);
            assay_status status =
                assay_run_wanted(run, m, c) ? measure_cell(run, cell, err) : ASSAY_OK;
            if (status != ASSAY_OK) {
                assay_error_prefix(err, "model %s, context %s", plan->models[m].name,
                                   plan->contexts[c].name);
                return status;
            }
        }
    }
    return ASSAY_OK;
}

/* ---- comparing ---- */

static assay_status add(assay_run *run, const assay_run_cell *a, const assay_run_cell *b,
                        const char *const *names, const assay_segment_difference *found,
                        assay_error *err)
{
    const char *class_name = found->class_index >= 0 ? names[found->class_index] : NULL;
    const assay_segment_metric *metric = found->metric;
    const assay_measure *in_a =
        assay_segmentation_find(&a->result, metric->metric, metric->params, class_name);
    const assay_measure *in_b =
        assay_segmentation_find(&b->result, metric->metric, metric->params, class_name);
    const assay_run_pair_words words = {"the class does not occur for both models",
                                        strstr(found->of.method, "clusters") != NULL
                                            ? "exchange of the models in random clusters"
                                            : "exchange of the models in random images"};
    return in_a == NULL || in_b == NULL /* not asked for */
               ? ASSAY_OK
               : assay_run_add_pair(run, a, b, in_a, in_b, &found->of, &words, err);
}

static assay_status list_changed(assay_run *run, int32_t a, int32_t b, int32_t context,
                                 assay_error *err)
{
    assay_run_masks *masks = run->masks;
    assay_mask_changes *list = assay_run_grow(run, masks->changed, masks->n_changed,
                                              &masks->capacity_changed, sizeof *list);
    if (list == NULL) {
        return assay_fail_memory(err);
    }
    masks->changed = list;
    assay_mask_changes *c = &list[masks->n_changed++];
    *c = (assay_mask_changes){.a = a, .b = b, .context = context};
    return assay_segment_changes(&c->images, &c->n, &assay_run_masks_cell(run, a, context)->sample,
                                 &assay_run_masks_cell(run, b, context)->sample, run->arena, err);
}

static assay_status compare_pair(assay_run *run, int32_t a, int32_t b, int32_t context,
                                 assay_error *err)
{
    const assay_mask_cell *in_a = assay_run_masks_cell(run, a, context);
    const assay_mask_cell *in_b = assay_run_masks_cell(run, b, context);
    const assay_segment_request request = request_of(run, run->plan->contexts[context].data);
    const char *const *names =
        in_a->sample.classes >= in_b->sample.classes ? in_a->found->names : in_b->found->names;
    assay_segment_difference *found = NULL;
    int64_t n = 0;
    ASSAY_TRY(
        assay_segment_compare(&found, &n, &in_a->sample, &in_b->sample, &request, run->arena, err));
    for (int64_t i = 0; i < n; i++) {
        if (found[i].class_index < 0 || run->plan->compare.per_class) {
            ASSAY_TRY(add(run, assay_run_cell_at(run, a, context),
                          assay_run_cell_at(run, b, context), names, &found[i], err));
        }
    }
    return list_changed(run, a, b, context, err);
}

static bool is_measured(const assay_run *run, int32_t model, int32_t context)
{
    return assay_run_masks_cell(run, model, context)->found != NULL;
}

assay_status assay_run_masks_compare(assay_run *run, assay_error *err)
{
    return assay_run_each_pair(run, is_measured, compare_pair, err);
}
