#include "ops/shared/regression.h"

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = rows->value[i] - rows->truth[i];
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    double *mean = NULL;
    return assay_term_mean_finish(&mean, out, state, "a value is too large", err);
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric mean_error", NULL};

const assay_op assay_op_metric_mean_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "mean_error",
    .title = "Mean error",
    .summary = "Whether predicted values lie above or below the true ones, on average.",
    .description =
        "Mean over rows of value - truth, in the unit of the target: the bias. Positive when "
        "the model predicts too much; 0 is best, but large errors of both signs may cancel.\n\n"
        "Without rows it is undefined.",
    .citation =
        "Hyndman, Koehler (2006), Another look at measures of forecast accuracy, International "
        "Journal of Forecasting 22.",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_NO_DIRECTION,
    .examples = examples,
    .metric = &metric};
