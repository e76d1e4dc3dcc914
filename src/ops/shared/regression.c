#include "ops/shared/regression.h"

#include <math.h>

#include "ops/shared/confusion.h"

assay_status assay_term_mean_finish(double **mean, assay_result *out, const void *state,
                                    const char *infinite, assay_error *err)
{
    const assay_metric_bin *all = state;
    assay_measure *measure = NULL;
    *mean = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = all->weight;
    if (all->weight == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->value = assay_sum_value(&all->sum[0]) / all->weight;
    if (!isfinite(measure->value)) {
        assay_measure_undefine(measure, infinite);
        return ASSAY_OK;
    }
    *mean = &measure->value;
    return ASSAY_OK;
}
