#include <math.h>

#include "ops/shared/regression.h"

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        double error = rows->truth[i] - rows->value[i];
        values[0][i] = error * error;
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    double *mean = NULL;
    ASSAY_TRY(assay_term_mean_finish(&mean, out, state, "a value is too large", err));
    if (mean != NULL) {
        *mean = sqrt(*mean);
    }
    return ASSAY_OK;
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {"assay evaluate --task regression --predictions "
                                       "predictions.csv --metric root_mean_squared_error",
                                       NULL};

const assay_op assay_op_metric_root_mean_squared_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "root_mean_squared_error",
    .title = "Root mean squared error",
    .summary = "Typical size of the error, with large errors counting more.",
    .description =
        "Root of the mean over rows of (truth - value)^2, in the unit of the target. 0 is best, "
        "lower is better.\n\n"
        "Without rows it is undefined.",
    .citation =
        "Hyndman, Koehler (2006), Another look at measures of forecast accuracy, International "
        "Journal of Forecasting 22; as sklearn.metrics.root_mean_squared_error (scikit-learn "
        "1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
