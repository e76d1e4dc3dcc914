/* Data with weights: what may be one, how many rows are behind a number, and the interval of a
 * proportion. */
#include <inttypes.h>
#include <math.h>

#include "core/evaluate_internal.h"
#include "stats/clustered.h"

assay_status assay_weights_check(assay_evaluation *evaluation, assay_error *err)
{
    const assay_predictions *p = evaluation->predictions;
    assay_sum sums[ASSAY_WEIGHT_KINDS] = {{0}};
    bool any = false;
    for (int kind = 0; kind < ASSAY_WEIGHT_KINDS; kind++) {
        evaluation->mean_weight[kind] = 1.0;
    }
    if (p->weights == NULL) {
        return ASSAY_OK;
    }
    for (int64_t i = 0; i < evaluation->n; i++) {
        double weight = assay_row_weight(evaluation, i);
        any = any || weight > 0.0;
        if (!(weight >= 0.0 && weight <= 1e100)) {
            int64_t row = assay_selected_row(evaluation, i);
            return assay_fail(err, ASSAY_EFORMAT,
                              "predictions: row %" PRId64 "%s%s%s: its weight is %g, expected a "
                              "number from 0 to 1e100",
                              row + 1, p->ids != NULL ? " (" : "",
                              p->ids != NULL ? p->ids[row] : "", p->ids != NULL ? ")" : "", weight);
        }
        for (int kind = 0; kind < ASSAY_WEIGHT_KINDS; kind++) {
            assay_sum_add(&sums[kind], assay_weight_of_kind(weight, kind));
        }
    }
    for (int kind = 0; kind < ASSAY_WEIGHT_KINDS && any; kind++) {
        evaluation->mean_weight[kind] =
            assay_sum_value(&sums[kind]) / assay_sum_value(&sums[ASSAY_WEIGHT_ROW]);
    }
    if (!any && evaluation->n > 0) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "predictions: the weights of all %" PRId64
                          " rows are zero; at least one has to count",
                          evaluation->n);
    }
    return ASSAY_OK;
}

assay_status assay_finish_kinds(assay_result *out, const assay_evaluation *evaluation,
                                const assay_job *job, assay_error *err)
{
    for (int kind = 1; kind < evaluation->kinds && job->unmet == NULL; kind++) {
        assay_rows shape = assay_evaluation_shape(evaluation, kind);
        assay_result_init(&out[kind], evaluation->arena);
        ASSAY_TRY(
            job->metric->finish(&out[kind], assay_job_state(job, kind), job->params, &shape, err));
        if (out[kind].n_measures != job->n_measures) {
            return assay_fail(err, ASSAY_EINTERNAL,
                              "%s: the number of measures depends on the data",
                              job->args->op->name);
        }
    }
    return ASSAY_OK;
}

static assay_status proportion_bounds(double *low, double *high, const void *evidence,
                                      double alpha_low, double alpha_high, assay_error *err)
{
    return assay_korn_graubard(low, high, evidence, alpha_low, alpha_high, err);
}

assay_status assay_measure_count(assay_measure *measure, assay_arena *arena,
                                 const assay_measure *squares, const assay_measure *rows,
                                 assay_error *err)
{
    measure->effective = measure->weight;
    if (squares == NULL) {
        measure->n = (int64_t)measure->weight;
        measure->successes = measure->hits >= 0.0 ? (int64_t)measure->hits : -1;
        return ASSAY_OK;
    }
    measure->weighted = 1;
    measure->n = (int64_t)round(rows->weight);
    measure->effective =
        squares->weight > 0.0 ? measure->weight * (measure->weight / squares->weight) : 0.0;
    measure->successes = -1;
    measure->bounds = NULL; /* what a metric brings speaks of counted rows */
    if (measure->hits >= 0.0 && measure->outcome == ASSAY_OUTCOME_VALUE && squares->hits >= 0.0) {
        assay_cluster_estimate *estimate = assay_arena_alloc(arena, 1, sizeof *estimate);
        if (estimate == NULL) {
            return assay_fail_memory(err);
        }
        const assay_weighted_counts counts = {.weight = measure->weight,
                                              .squares = squares->weight,
                                              .hits = measure->hits,
                                              .hits_squares = squares->hits,
                                              .rows = rows->weight};
        ASSAY_TRY(assay_weighted_share(estimate, &counts, err));
        measure->bounds = proportion_bounds;
        measure->evidence = estimate;
        measure->bounds_name = "korn_graubard of weighted rows";
    }
    return ASSAY_OK;
}
