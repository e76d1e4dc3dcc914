#include "ops/shared/group_gap.h"

static const assay_gap_kind kind = {
    .rates = {ASSAY_RATE_SELECTED}, .n_rates = 1, .form = ASSAY_GAP_RATIO};

ASSAY_GAP_METRIC("selection_rate", ASSAY_EXTREME_RATIO);

static const assay_param specs[] = {
    ASSAY_GAP_LEAST_PARAM,
    ASSAY_GAP_METHOD_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric demographic_parity_ratio",
    "requirements: [{metric: demographic_parity_ratio, group: by_sex, at_least: 0.8}]", NULL};

const assay_op assay_op_metric_demographic_parity_ratio = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "demographic_parity_ratio",
    .title = "Demographic parity ratio",
    .summary =
        "How far groups lie apart in how often groups are given the class: lowest rate divided "
        "by highest.",
    .description =
        "For each group the share of rows that are predicted as the class (selection rate); the "
        "value is the smallest rate divided by the largest. Range 0 to 1; 1 means that all "
        "groups have the same rate; below 0.8 is the four-fifths rule's sign of disparate "
        "impact (29 CFR 1607.4 D). When the rate is 0 in every group it is "
        "undefined.\n\n" ASSAY_GAP_CLASSES
        "It asks that a decision is given equally often, whatever the truth; where groups truly "
        "differ, even perfect predictions have a gap. With `method: to_overall` groups are "
        "compared with all rows together: the smallest of rate / overall and overall / "
        "rate.\n\n" ASSAY_GAP_RATIO_INTERVAL ASSAY_GAP_SMALL
        "Convention: fairlearn 0.15 `demographic_parity_ratio`.",
    .citation =
        "Calders, Kamiran, Pechenizkiy (2009), Building classifiers with independency "
        "constraints, ICDM workshops; Miettinen, Nurminen (1985), Comparative analysis of two "
        "rates, Statistics in Medicine 4; as fairlearn.metrics.demographic_parity_ratio "
        "(fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_gap_params),
    .examples = examples,
    .metric = &metric};
