#include "ops/shared/group_gap.h"

static const assay_gap_kind kind = {
    .rates = {ASSAY_RATE_TRUE_POSITIVE}, .n_rates = 1, .form = ASSAY_GAP_RATIO};

ASSAY_GAP_METRIC("recall", ASSAY_EXTREME_RATIO);

static const assay_param specs[] = {
    ASSAY_GAP_LEAST_PARAM,
    ASSAY_GAP_METHOD_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric equal_opportunity_ratio",
    "requirements: [{metric: equal_opportunity_ratio, group: by_sex, at_least: 0.8}]", NULL};

const assay_op assay_op_metric_equal_opportunity_ratio = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "equal_opportunity_ratio",
    .title = "Equal opportunity ratio",
    .summary =
        "How far groups lie apart in how often members of the class are recognised: lowest rate "
        "divided by highest.",
    .description =
        "For each group the share of the rows of the class that are predicted as it (true "
        "positive rate, `recall`); the value is the smallest rate divided by the largest. Range "
        "0 to 1; 1 means that all groups have the same rate. When the rate is 0 in every group "
        "it is undefined.\n\n" ASSAY_GAP_CLASSES
        "It asks that those who belong to the class are recognised equally often; false alarms "
        "do not count: see `equalized_odds_difference`. With `method: to_overall` groups are "
        "compared with all rows together: the smallest of rate / overall and overall / "
        "rate.\n\n" ASSAY_GAP_RATIO_INTERVAL ASSAY_GAP_SMALL
        "Convention: fairlearn 0.15 `equal_opportunity_ratio`.",
    .citation =
        "Hardt, Price, Srebro (2016), Equality of opportunity in supervised learning, NeurIPS; "
        "Miettinen, Nurminen (1985), Comparative analysis of two rates, Statistics in Medicine "
        "4; as fairlearn.metrics.equal_opportunity_ratio (fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_gap_params),
    .examples = examples,
    .metric = &metric};
