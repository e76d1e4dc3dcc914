#include "ops/shared/regression.h"

typedef struct params {
    double power;
} params;

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    const params *p = given;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = assay_tweedie_deviance(rows->truth[i], rows->value[i], p->power);
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    (void)shape;
    double *mean = NULL;
    return assay_term_mean_finish(&mean, out, state, assay_tweedie_outside(p->power), err);
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const assay_param specs[] = {
    ASSAY_REAL(
        params, power, 1.0, -10.0, 10.0, "",
        "0 = normal, 1 = Poisson, 2 = gamma, 3 = inverse Gaussian; between 0 and 1 there is no "
        "such distribution."),
};

static const char *const examples[] = {"assay evaluate --task regression --predictions "
                                       "predictions.csv --metric tweedie_deviance:power=2",
                                       NULL};

const assay_op assay_op_metric_tweedie_deviance = {
    .kind = ASSAY_OP_METRIC,
    .revision = 3,
    .name = "tweedie_deviance",
    .title = "Tweedie deviance",
    .summary =
        "Error of predicted means for counts or positive amounts, whose spread grows with their "
        "size.",
    .description =
        "Mean over rows of the unit deviance of the Tweedie family with variance mean^power: "
        "`power` 1 is the Poisson deviance 2 (y ln(y / m) - y + m), 2 the gamma deviance 2 "
        "(ln(m / y) + y / m - 1), 3 the inverse Gaussian one, where y is the true and m the "
        "predicted value; between 1 and 2 it is the compound Poisson-gamma deviance, above 2 that "
        "of a positive stable distribution, below 0 of an extreme stable one, and 0 is the mean "
        "squared error. 0 is best, lower is better.\n\n"
        "Predicted values must be above 0 but for power 0; true values at least 0 for a power "
        "from 1 to below 2, above 0 from 2 on, and any for a power up to 0. When a row breaks "
        "this, or the power lies between 0 and 1, the value is undefined.\n\n"
        "Without rows it is undefined.",
    .citation = "Jorgensen (1987), Exponential dispersion models, Journal of the Royal Statistical "
                "Society B 49; as sklearn.metrics.mean_tweedie_deviance (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
