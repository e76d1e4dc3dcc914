#include <float.h>
#include <math.h>

#include "ops/shared/regression.h"

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        double size = fabs(rows->truth[i]);
        values[0][i] =
            fabs(rows->truth[i] - rows->value[i]) / (size > DBL_EPSILON ? size : DBL_EPSILON);
        values[1][i] = size > DBL_EPSILON ? 0.0 : 1.0;
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    const assay_metric_bin *all = state;
    double *mean = NULL;
    ASSAY_TRY(assay_term_mean_finish(&mean, out, state, "a value is too large", err));
    assay_measure *measure = &out->measures[out->n_measures - 1];
    double zero = assay_sum_value(&all->sum[1]);
    if (!(zero > 0.0) || measure->outcome != ASSAY_OUTCOME_VALUE) {
        return ASSAY_OK;
    }
    measure->warning = assay_arena_printf(
        out->arena,
        "%.4g%s have a true value of 0, of which no error is a share: each counts as an error over "
        "2.2e-16, and they decide the value; leave them out, or use "
        "weighted_mean_absolute_percentage_error or mean_absolute_error",
        all->squares > 0.0 ? 100.0 * zero / all->weight : zero,
        all->squares > 0.0 ? " % of the weight" : " rows");
    return measure->warning != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static const assay_metric_terms terms = {.values = 2, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {"assay evaluate --task regression --predictions "
                                       "predictions.csv --metric mean_absolute_percentage_error",
                                       NULL};

const assay_op assay_op_metric_mean_absolute_percentage_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "mean_absolute_percentage_error",
    .title = "Mean absolute percentage error",
    .summary = "Size of the error as a share of the true value, on average.",
    .description =
        "Mean over rows of |truth - value| / max(|truth|, e) with e = 2.2e-16, the precision of "
        "a double. 0 is best, lower is better; 0.1 means ten percent.\n\n"
        "A true value of zero makes the term very large rather than undefined, as in scikit- "
        "learn; torchmetrics clips at 1.17e-6 instead. Use another metric when true values come "
        "close to zero: a caution says how many are zero.\n\n"
        "Without rows it is undefined.",
    .citation =
        "Hyndman, Koehler (2006), Another look at measures of forecast accuracy, International "
        "Journal of Forecasting 22; as sklearn.metrics.mean_absolute_percentage_error (scikit- "
        "learn 1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
