#include "ops/shared/group_gap.h"

static const assay_gap_kind kind = {
    .rates = {ASSAY_RATE_PRECISION}, .n_rates = 1, .form = ASSAY_GAP_DIFFERENCE};

ASSAY_GAP_METRIC("precision", ASSAY_EXTREME_DIFFERENCE);

static const assay_param specs[] = {
    ASSAY_GAP_LEAST_PARAM,
    ASSAY_GAP_METHOD_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric "
    "predictive_parity_difference",
    "requirements: [{metric: predictive_parity_difference, group: by_sex, at_most: 0.1}]", NULL};

const assay_op assay_op_metric_predictive_parity_difference = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "predictive_parity_difference",
    .title = "Predictive parity difference",
    .summary =
        "How far groups lie apart in how often a prediction of the class is right: highest less "
        "lowest rate.",
    .description =
        "For each group the share of the rows predicted as the class that belong to it "
        "(`precision`); the value is the largest rate less the smallest. Range 0 to 1; 0 means "
        "that all groups have the same rate.\n\n" ASSAY_GAP_CLASSES
        "It asks that a prediction means the same in every group. Where groups truly differ, it "
        "can not hold together with equalised odds unless predictions are perfect (Chouldechova "
        "2017). With `method: to_overall` groups are compared with all rows together: the "
        "largest absolute difference.\n\n" ASSAY_GAP_INTERVAL ASSAY_GAP_SMALL
        "Convention: fairlearn 0.15 `precision_difference`.",
    .citation =
        "Chouldechova (2017), Fair prediction with disparate impact: a study of bias in "
        "recidivism prediction instruments, Big Data 5; Miettinen, Nurminen (1985), Comparative "
        "analysis of two rates, Statistics in Medicine 4; as "
        "fairlearn.metrics.precision_difference (fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_gap_params),
    .examples = examples,
    .metric = &metric};
