#include "ops/shared/quantiles.h"

#include <math.h>

#include "ops/shared/confusion.h"

int32_t assay_quantile_find(const assay_rows *rows, double level)
{
    for (int32_t k = 0; k < rows->n_quantiles; k++) {
        if (fabs(rows->quantile_levels[k] - level) < 1e-9) {
            return k;
        }
    }
    return -1;
}

assay_status assay_quantile_interval_finish(assay_result *out, const void *state, double level,
                                            bool share, const assay_rows *shape, assay_error *err)
{
    const assay_metric_bin *all = state;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = all->weight;
    double low = (1.0 - level) / 2.0;
    double high = (1.0 + level) / 2.0;
    if (all->weight == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    if (assay_quantile_find(shape, low) < 0 || assay_quantile_find(shape, high) < 0) {
        const char *reason = assay_arena_printf(
            out->arena, "the columns q%.6g and q%.6g are not both there", low, high);
        if (reason == NULL) {
            return assay_fail_memory(err);
        }
        assay_measure_undefine(measure, reason);
        return ASSAY_OK;
    }
    double sum = assay_sum_value(&all->sum[0]);
    measure->value = sum / all->weight;
    if (share) {
        measure->hits = sum;
    }
    if (!isfinite(measure->value)) {
        assay_measure_undefine(measure, "a value is too large");
    }
    return ASSAY_OK;
}
