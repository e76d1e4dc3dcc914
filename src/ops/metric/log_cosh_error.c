#include <math.h>

#include "ops/shared/regression.h"

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    (void)given;
    static const double log2 = 0.6931471805599453;
    for (int64_t i = 0; i < rows->n; i++) {
        double size = fabs(rows->value[i] - rows->truth[i]);
        values[0][i] = size + log1p(exp(-2.0 * size)) - log2;
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    double *mean = NULL;
    ASSAY_TRY(assay_term_mean_finish(&mean, out, state, "a value is too large", err));
    return ASSAY_OK;
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric log_cosh_error", NULL};

const assay_op assay_op_metric_log_cosh_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "log_cosh_error",
    .title = "Log-cosh error",
    .summary = "Error that counts small misses by their square and large ones by their size.",
    .description =
        "Mean over rows of ln(cosh(value - truth)), about half the squared error for errors "
        "below 1 and |error| - ln 2 above. 0 is best, lower is better. It depends on the unit "
        "of the target: scale it so that 1 is where an error starts to be large.\n\n"
        "Without rows it is undefined.",
    .citation =
        "Saleh, Saleh (2022), Statistical properties of the log-cosh loss function used in "
        "machine learning, arXiv 2208.04564; as torchmetrics LogCoshError (1.9), without its "
        "overflow for large errors.",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
