#include "ops/shared/regression.h"

typedef struct params {
    double quantile;
} params;

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    const params *p = given;
    for (int64_t i = 0; i < rows->n; i++) {
        double above = rows->truth[i] - rows->value[i];
        values[0][i] = above >= 0.0 ? p->quantile * above : (p->quantile - 1.0) * above;
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

static const assay_param specs[] = {
    ASSAY_REAL(params, quantile, 0.5, 0.001, 0.999, "",
               "The quantile that the values are meant to be."),
};

static const char *const examples[] = {"assay evaluate --task regression --predictions "
                                       "predictions.csv --metric pinball_loss:quantile=0.9",
                                       NULL};

const assay_op assay_op_metric_pinball_loss = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "pinball_loss",
    .title = "Pinball loss",
    .summary = "Quality of a predicted quantile: errors above and below it have different prices.",
    .description =
        "Mean over rows of q (truth - value) where the truth is above the value, and (1 - q) "
        "(value - truth) where it is below, for the quantile q. 0 is best, lower is better; the "
        "true quantile minimises it. With q = 0.5 it is half of `mean_absolute_error`.\n\n"
        "Without rows it is undefined.",
    .citation = "Koenker, Bassett (1978), Regression quantiles, Econometrica 46; as "
                "sklearn.metrics.mean_pinball_loss (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
