#include "ops/shared/levels.h"
#include "ops/shared/regression.h"
typedef struct params {
    double power;
} params;

static int sorted(const void *given)
{
    (void)given;
    return 1;
}

static assay_status block(void *state, const void *given, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = given;
    assay_levels levels;
    assay_sum sum = {0};
    assay_sum loss = {0};
    assay_sum null = {0};
    ASSAY_TRY(assay_levels_make(&levels, rows, scratch, err));
    for (int64_t l = 0; l < levels.n; l++) {
        if (levels.weight[l] > 0.0) {
            assay_sum_add(&sum, levels.weight[l] * levels.value[l]);
        }
    }
    double mean = assay_sum_value(&sum) / levels.total;
    for (int64_t l = 0; l < levels.n; l++) {
        if (levels.weight[l] > 0.0) {
            double deviance = assay_tweedie_deviance(levels.value[l], mean, p->power);
            assay_sum_add(&null, levels.weight[l] * deviance);
        }
    }
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        if (weight > 0.0) {
            double deviance = assay_tweedie_deviance(rows->truth[i], rows->value[i], p->power);
            assay_sum_add(&loss, weight * deviance);
        }
    }
    *(assay_explained *)state = (assay_explained){.n = levels.total,
                                                  .loss = assay_sum_value(&loss),
                                                  .null = assay_sum_value(&null),
                                                  .spread = assay_levels_spread(&levels)};
    return ASSAY_OK;
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    (void)shape;
    return assay_explained_finish(out, state, assay_tweedie_outside(p->power), err);
}

static const assay_metric metric = {
    .state_size = assay_explained_size, .block = block, .finish = finish, .sorted = sorted};

static const assay_param specs[] = {
    ASSAY_REAL(
        params, power, 1.0, -10.0, 10.0, "",
        "0 = normal, 1 = Poisson, 2 = gamma, 3 = inverse Gaussian; between 0 and 1 there is no "
        "such distribution."),
};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric "
    "d2_tweedie:power=2",
    NULL};

const assay_op assay_op_metric_d2_tweedie = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "d2_tweedie",
    .title = "Share of the Tweedie deviance explained",
    .summary = "How much better predicted counts or positive quantities are than always saying the "
               "mean.",
    .description =
        "1 - Tweedie deviance of the predictions / deviance of the mean of the true values, "
        "with the `power` of `tweedie_deviance`: 1 for counts (Poisson), 2 for positive "
        "quantities (gamma), 3 for the inverse Gaussian. 1 is best; always predicting the "
        "mean gives 0, worse predictions are negative. With power 0 it is `r2`.\n\n"
        "Undefined when a predicted value (or the mean) is not positive, or a true value is "
        "negative (from power 2 on: not positive); up to power 0 true values may be any, and at 0 "
        "the predicted ones too. Between 0 and 1 there is no such distribution. When all true "
        "values are equal nothing is to be "
        "explained and it is undefined; scikit-learn returns 1 for perfect predictions and 0 "
        "otherwise. Without rows it is undefined.",
    .citation = "Hastie, Tibshirani, Wainwright (2015), Statistical Learning with Sparsity, eq. "
                "3.11; as sklearn.metrics.d2_tweedie_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
