/* Detectors on the same images: paired differences of average precision and recall. */
#include <math.h>
#include <string.h>

#include "api/run_boxes.h"
#include "core/detection_compare.h"
#include "ops/op_table.h"

/* What is compared, by its place among the statistics: AP, AP50 and AR with 100 detections. The others
 * are parts of these. */
static const int compared[] = {0, 1, 8};

static assay_difference *new_difference(assay_run *run)
{
    assay_comparison *c = &run->comparison;
    int32_t capacity = (int32_t)c->capacity_differences;
    assay_difference *list =
        assay_run_grow(run, c->differences, (int32_t)c->n_differences, &capacity, sizeof *list);
    if (list == NULL) {
        return NULL;
    }
    c->capacity_differences = capacity;
    c->differences = list;
    return &list[c->n_differences++];
}

static assay_status add(assay_run *run, const assay_run_cell *a, const assay_run_cell *b, int which,
                        const assay_detection_difference *found, assay_error *err)
{
    const assay_measure *in_a = &a->result.measures[which];
    const assay_op *op = NULL;
    ASSAY_TRY(assay_registry_get(&op, assay_ops(), ASSAY_OP_METRIC, in_a->metric, err));
    assay_difference *d = new_difference(run);
    if (d == NULL) {
        return assay_fail_memory(err);
    }
    bool defined = !isnan(found->difference);
    *d = (assay_difference){.a = a->model,
                            .b = b->model,
                            .context = a->context,
                            .op = op,
                            .in_a = in_a,
                            .in_b = &b->result.measures[which],
                            .outcome = defined ? ASSAY_OUTCOME_VALUE : ASSAY_OUTCOME_UNDEFINED,
                            .reason = defined ? NULL : "the truth has no object that counts",
                            .difference = found->difference,
                            .low = found->low,
                            .high = found->high,
                            .bound_low = NAN,
                            .bound_high = NAN,
                            .method = found->method,
                            .n = found->n,
                            .p = found->p,
                            .test = "exchange of the detectors in random images",
                            .se = NAN,
                            .df = NAN,
                            .p_adjusted = found->p_adjusted,
                            .probability_better = found->probability_better,
                            .cohens_h = NAN,
                            .odds_ratio = NAN};
    return ASSAY_OK;
}

static assay_status compare_pair(assay_run *run, int32_t a, int32_t b, int32_t context,
                                 assay_error *err)
{
    const assay_detection *in_a = *assay_run_boxes_matched(run, a, context);
    const assay_detection *in_b = *assay_run_boxes_matched(run, b, context);
    const assay_run_truth *t = &run->boxes->truth[run->plan->contexts[context].data];
    const assay_interval_rule rule = {.level = run->plan->level,
                                      .replicates = run->plan->replicates,
                                      .units = assay_detection_clusters(in_a),
                                      .clustered = t->cluster != NULL,
                                      .least = -1.0,
                                      .most = 1.0};
    assay_detection_difference *found = NULL;
    int64_t n = 0;
    ASSAY_TRY(
        assay_detection_compare(&found, &n, in_a, in_b, &rule, run->plan->seed, run->arena, err));
    for (size_t i = 0; i < ASSAY_COUNT(compared) && compared[i] < n; i++) {
        ASSAY_TRY(add(run, assay_run_cell_at(run, a, context), assay_run_cell_at(run, b, context),
                      compared[i], &found[compared[i]], err));
    }
    return ASSAY_OK;
}

assay_status assay_run_boxes_compare(assay_run *run, assay_error *err)
{
    assay_comparison_init(&run->comparison, run->arena);
    for (int32_t c = 0; c < run->plan->n_contexts; c++) {
        for (int32_t a = 0; a < run->plan->n_models; a++) {
            for (int32_t b = a + 1; b < run->plan->n_models; b++) {
                if (*assay_run_boxes_matched(run, a, c) == NULL ||
                    *assay_run_boxes_matched(run, b, c) == NULL) {
                    continue;
                }
                assay_status status = compare_pair(run, a, b, c, err);
                if (status != ASSAY_OK) {
                    assay_error_prefix(err, "compare, context %s", run->plan->contexts[c].name);
                    return status;
                }
            }
        }
    }
    return ASSAY_OK;
}
