#include <math.h>

#include "ops/shared/regression.h"

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        double size = fabs(rows->truth[i]) + fabs(rows->value[i]);
        values[0][i] = size > 0.0 ? 2.0 * fabs(rows->truth[i] - rows->value[i]) / size : 0.0;
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
    "assay evaluate --task regression --predictions predictions.csv --metric "
    "symmetric_mean_absolute_percentage_error",
    NULL};

const assay_op assay_op_metric_symmetric_mean_absolute_percentage_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "symmetric_mean_absolute_percentage_error",
    .title = "Symmetric mean absolute percentage error",
    .summary = "Size of the error as a share of the mean of the true and the predicted value.",
    .description =
        "Mean over rows of 2 |truth - value| / (|truth| + |value|). Range 0 to 2, lower is "
        "better. A row in which both are zero counts as no error.\n\n"
        "Convention: the factor 2 makes the range 0 to 2, as in torchmetrics; some libraries "
        "leave it out, or multiply by 100.\n\n"
        "Without rows it is undefined.",
    .citation =
        "Makridakis (1993), Accuracy measures: theoretical and practical concerns, "
        "International Journal of Forecasting 9; as "
        "torchmetrics.functional.symmetric_mean_absolute_percentage_error (torchmetrics 1.8).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
