#include "ops/shared/label_sets.h"

#include <math.h>

double assay_label_precision(const assay_rows *rows, int64_t i, int64_t truths)
{
    double sum = 0.0;
    for (int32_t k = 0; k < rows->classes; k++) {
        if (!assay_label_true(rows, i, k)) {
            continue;
        }
        double score = assay_label_score(rows, i, k);
        int64_t above = 0;
        int64_t mine = 0;
        for (int32_t j = 0; j < rows->classes; j++) {
            bool high = assay_label_score(rows, i, j) >= score;
            above += high;
            mine += high && assay_label_true(rows, i, j);
        }
        sum += (double)mine / (double)above;
    }
    return sum / (double)truths;
}

static assay_status finish(assay_result *out, double weight, double sum, const char *unit,
                           const char *none, assay_error *err)
{
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->unit = unit;
    measure->weight = weight;
    if (!(weight > 0.0)) {
        assay_measure_undefine(measure, none);
        return ASSAY_OK;
    }
    measure->value = sum / weight;
    return ASSAY_OK;
}

assay_status assay_row_mean_finish(assay_result *out, const void *state, const char *unit,
                                   assay_error *err)
{
    const assay_metric_bin *all = state;
    return finish(out, all->weight, assay_sum_value(&all->sum[0]), unit, "there are no rows", err);
}

assay_status assay_defined_mean_finish(assay_result *out, const void *state, const char *unit,
                                       assay_error *err)
{
    const assay_metric_bin *all = state;
    double weight = assay_sum_value(&all->sum[1]);
    ASSAY_TRY(finish(out, weight, assay_sum_value(&all->sum[0]), unit,
                     all->weight > 0.0 ? "no row has a value" : "there are no rows", err));
    if (weight > 0.0 && weight < all->weight) {
        out->measures[out->n_measures - 1].reason = "rows without a value are left out";
    }
    return ASSAY_OK;
}
