#include "api/run_pairs.h"

#include <math.h>

#include "ops/op_table.h"

assay_status assay_run_add_pair(assay_run *run, const assay_run_cell *a, const assay_run_cell *b,
                                const assay_measure *in_a, const assay_measure *in_b,
                                const assay_paired *found, const assay_run_pair_words *words,
                                assay_error *err)
{
    assay_comparison *c = &run->comparison;
    const assay_op *op = NULL;
    int32_t capacity = (int32_t)c->capacity_differences;
    bool defined = !isnan(found->difference);
    ASSAY_TRY(assay_registry_get(&op, assay_ops(), ASSAY_OP_METRIC, in_a->metric, err));
    assay_difference *list =
        assay_run_grow(run, c->differences, (int32_t)c->n_differences, &capacity, sizeof *list);
    if (list == NULL) {
        return assay_fail_memory(err);
    }
    c->capacity_differences = capacity;
    c->differences = list;
    list[c->n_differences++] =
        (assay_difference){.a = a->model,
                           .b = b->model,
                           .context = a->context,
                           .op = op,
                           .in_a = in_a,
                           .in_b = in_b,
                           .outcome = defined ? ASSAY_OUTCOME_VALUE : ASSAY_OUTCOME_UNDEFINED,
                           .reason = defined ? NULL : words->undefined,
                           .difference = found->difference,
                           .low = found->low,
                           .high = found->high,
                           .bound_low = found->bound_low,
                           .bound_high = found->bound_high,
                           .method = found->method,
                           .n = found->n,
                           .p = found->p,
                           .test = words->test,
                           .se = NAN,
                           .df = NAN,
                           .p_adjusted = found->p_adjusted,
                           .probability_better = found->probability_better,
                           .cohens_h = NAN,
                           .odds_ratio = NAN};
    return ASSAY_OK;
}

assay_status assay_run_each_pair(assay_run *run,
                                 bool (*is_measured)(const assay_run *run, int32_t model,
                                                     int32_t context),
                                 assay_status (*compare)(assay_run *run, int32_t a, int32_t b,
                                                         int32_t context, assay_error *err),
                                 assay_error *err)
{
    assay_comparison_init(&run->comparison, run->arena);
    for (int32_t c = 0; c < run->plan->n_contexts; c++) {
        for (int32_t a = 0; a < run->plan->n_models; a++) {
            for (int32_t b = a + 1; b < run->plan->n_models; b++) {
                if (!is_measured(run, a, c) || !is_measured(run, b, c)) {
                    continue;
                }
                assay_status status = compare(run, a, b, c, err);
                if (status != ASSAY_OK) {
                    assay_error_prefix(err, "compare, context %s", run->plan->contexts[c].name);
                    return status;
                }
            }
        }
    }
    return ASSAY_OK;
}
