#include "ops/shared/group_gap.h"

static const assay_gap_kind kind = {
    .rates = {ASSAY_RATE_TRUE_POSITIVE}, .n_rates = 1, .form = ASSAY_GAP_DIFFERENCE};

ASSAY_GAP_METRIC("recall", ASSAY_EXTREME_DIFFERENCE);

static const assay_param specs[] = {
    ASSAY_GAP_LEAST_PARAM,
    ASSAY_GAP_METHOD_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric "
    "equal_opportunity_difference",
    "requirements: [{metric: equal_opportunity_difference, group: by_sex, at_most: 0.1}]", NULL};

const assay_op assay_op_metric_equal_opportunity_difference = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "equal_opportunity_difference",
    .title = "Equal opportunity difference",
    .summary = "How far groups lie apart in how often members of the class are recognised: highest "
               "less lowest rate.",
    .description =
        "For each group the share of the rows of the class that are predicted as it (true "
        "positive rate, `recall`); the value is the largest rate less the smallest. Range 0 to "
        "1; 0 means that all groups have the same rate.\n\n" ASSAY_GAP_CLASSES
        "It asks that those who belong to the class are recognised equally often; false alarms "
        "do not count: see `equalized_odds_difference`. With `method: to_overall` groups are "
        "compared with all rows together: the largest absolute difference.\n\n" ASSAY_GAP_INTERVAL
            ASSAY_GAP_SMALL "Convention: fairlearn 0.15 `equal_opportunity_difference`.",
    .citation =
        "Hardt, Price, Srebro (2016), Equality of opportunity in supervised learning, NeurIPS; "
        "Miettinen, Nurminen (1985), Comparative analysis of two rates, Statistics in Medicine "
        "4; as fairlearn.metrics.equal_opportunity_difference (fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_gap_params),
    .examples = examples,
    .metric = &metric};
