#include <math.h>

#include "ops/shared/regression.h"

/* log1p of a value; infinite when it has none. */
static double squared_log_gap(double truth, double value)
{
    if (!(truth > -1.0 && value > -1.0)) {
        return INFINITY;
    }
    double gap = log1p(truth) - log1p(value);
    return gap * gap;
}

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = squared_log_gap(rows->truth[i], rows->value[i]);
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    double *mean = NULL;
    ASSAY_TRY(
        assay_term_mean_finish(&mean, out, state, "a predicted or true value is -1 or less", err));
    if (mean != NULL) {
        *mean = sqrt(*mean);
    }
    return ASSAY_OK;
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {"assay evaluate --task regression --predictions "
                                       "predictions.csv --metric root_mean_squared_log_error",
                                       NULL};

const assay_op assay_op_metric_root_mean_squared_log_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "root_mean_squared_log_error",
    .title = "Root mean squared logarithmic error",
    .summary =
        "How far predicted values are off in proportion: the typical logarithm of the factor.",
    .description =
        "Square root of the mean over rows of (ln(1 + truth) - ln(1 + value))^2. 0 is best, "
        "lower is better; 0.1 means that predictions are off by about 10 %, of values well "
        "above 1. Too small a prediction costs more than one that is too large by the same "
        "amount.\n\n"
        "Both values must be above -1; when a row breaks this the value is undefined "
        "(scikit-learn stops with an error, torchmetrics returns NaN). Without rows it is "
        "undefined.",
    .citation =
        "Hyndman, Koehler (2006), Another look at measures of forecast accuracy, International "
        "Journal of Forecasting 22; as sklearn.metrics.root_mean_squared_log_error "
        "(scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
