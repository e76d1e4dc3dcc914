#include "ops/shared/group_gap.h"

static const assay_gap_kind kind = {
    .rates = {ASSAY_RATE_CORRECT}, .n_rates = 1, .form = ASSAY_GAP_DIFFERENCE};

ASSAY_GAP_METRIC("accuracy", ASSAY_EXTREME_DIFFERENCE);

static const assay_param specs[] = {
    ASSAY_GAP_LEAST_PARAM,
    ASSAY_GAP_METHOD_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric accuracy_difference",
    "requirements: [{metric: accuracy_difference, group: by_sex, at_most: 0.05}]", NULL};

const assay_op assay_op_metric_accuracy_difference = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "accuracy_difference",
    .title = "Accuracy difference between groups",
    .summary = "How far groups lie apart in accuracy: highest less lowest.",
    .description =
        "For each group the share of rows whose predicted class is the true one; the value is "
        "the largest share less the smallest. Range 0 to 1; 0 means that the model is right "
        "equally often in all groups, which hides errors of different kinds: see "
        "`equalized_odds_difference`. One value for all classes together.\n\n"
        "Groups come from `--group COLUMN` or `groups` in the plan. With `method: to_overall` "
        "groups are compared with all rows together: the largest absolute "
        "difference.\n\n" ASSAY_GAP_INTERVAL ASSAY_GAP_SMALL
        "Convention: fairlearn 0.15 `accuracy_score_difference`.",
    .citation = "Berk, Heidari, Jabbari, Kearns, Roth (2021), Fairness in criminal justice risk "
                "assessments: the state of the art, Sociological Methods and Research 50; as "
                "fairlearn.metrics.accuracy_score_difference (fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_gap_params),
    .examples = examples,
    .metric = &metric};
