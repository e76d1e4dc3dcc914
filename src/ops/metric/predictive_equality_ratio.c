#include "ops/shared/group_gap.h"

static const assay_gap_kind kind = {
    .rates = {ASSAY_RATE_FALSE_POSITIVE}, .n_rates = 1, .form = ASSAY_GAP_RATIO};

ASSAY_GAP_METRIC("false_positive_rate", ASSAY_EXTREME_RATIO);

static const assay_param specs[] = {
    ASSAY_GAP_LEAST_PARAM,
    ASSAY_GAP_METHOD_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric predictive_equality_ratio",
    "requirements: [{metric: predictive_equality_ratio, group: by_sex, at_least: 0.8}]", NULL};

const assay_op assay_op_metric_predictive_equality_ratio = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "predictive_equality_ratio",
    .title = "Predictive equality ratio",
    .summary =
        "How far groups lie apart in how often others are mistaken for the class: lowest rate "
        "divided by highest.",
    .description =
        "For each group the share of the rows of other classes that are predicted as the class "
        "(`false_positive_rate`); the value is the smallest rate divided by the largest. Range "
        "0 to 1; 1 means that all groups have the same rate. When the rate is 0 in every group "
        "it is undefined.\n\n" ASSAY_GAP_CLASSES
        "It asks that those who do not belong to the class are mistaken for it equally often. "
        "With `method: to_overall` groups are compared with all rows together: the smallest of "
        "rate / overall and overall / rate.\n\n" ASSAY_GAP_RATIO_INTERVAL ASSAY_GAP_SMALL
        "Convention: fairlearn 0.15 `false_positive_rate_ratio`.",
    .citation =
        "Corbett-Davies, Pierson, Feller, Goel, Huq (2017), Algorithmic decision making and the "
        "cost of fairness, KDD; Miettinen, Nurminen (1985), Comparative analysis of two rates, "
        "Statistics in Medicine 4; as fairlearn.metrics.false_positive_rate_ratio (fairlearn "
        "0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_gap_params),
    .examples = examples,
    .metric = &metric};
