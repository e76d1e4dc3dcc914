#include "ops/shared/group_gap.h"

static const assay_gap_kind kind = {
    .rates = {ASSAY_RATE_CORRECT}, .n_rates = 1, .form = ASSAY_GAP_WORST};

ASSAY_GAP_METRIC("accuracy", ASSAY_EXTREME_LOWEST);

static const assay_param specs[] = {
    ASSAY_GAP_LEAST_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric worst_group_accuracy",
    "requirements: [{metric: worst_group_accuracy, group: by_sex, at_least: 0.8}]", NULL};

const assay_op assay_op_metric_worst_group_accuracy = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "worst_group_accuracy",
    .title = "Accuracy of the worst group",
    .summary = "The accuracy in the group that is right least often.",
    .description =
        "For each group the share of rows whose predicted class is the true one; the value is "
        "the smallest of them. Range 0 to 1, higher is better; one value for all classes "
        "together.\n\n"
        "Groups come from `--group COLUMN` or `groups` in the plan.\n\n"
        "Interval: the lower end is the smallest lower end of the groups' Clopper-Pearson "
        "intervals; the upper end the smallest upper end, with the error probability divided by "
        "the number of groups. Both ends hold at the stated level for any number of groups, so "
        "a requirement that the worst group reaches a threshold can be judged without further "
        "correction.\n\n"
        "Groups with fewer than `least` rows behind the rate are left out and named in the "
        "remark; without any group left the outcome is too few. Convention: fairlearn 0.15 "
        "`MetricFrame.group_min`.",
    .citation =
        "Sagawa, Koh, Hashimoto, Liang (2020), Distributionally robust neural networks for "
        "group shifts, ICLR; Berger (1982), Multiparameter hypothesis testing and acceptance "
        "sampling, Technometrics 24; as fairlearn.metrics.MetricFrame.group_min (fairlearn "
        "0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_gap_params),
    .examples = examples,
    .metric = &metric};
