#include "ops/shared/group_gap.h"

static const assay_gap_kind kind = {
    .rates = {ASSAY_RATE_SELECTED}, .n_rates = 1, .form = ASSAY_GAP_DIFFERENCE};

ASSAY_GAP_METRIC("selection_rate", ASSAY_EXTREME_DIFFERENCE);

static const assay_param specs[] = {
    ASSAY_GAP_LEAST_PARAM,
    ASSAY_GAP_METHOD_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric "
    "demographic_parity_difference",
    "requirements: [{metric: demographic_parity_difference, group: by_sex, at_most: 0.1}]", NULL};

const assay_op assay_op_metric_demographic_parity_difference = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "demographic_parity_difference",
    .title = "Demographic parity difference",
    .summary =
        "How far groups lie apart in how often groups are given the class: highest less lowest "
        "rate.",
    .description =
        "For each group the share of rows that are predicted as the class (selection rate); the "
        "value is the largest rate less the smallest. Range 0 to 1; 0 means that all groups "
        "have the same rate.\n\n" ASSAY_GAP_CLASSES
        "It asks that a decision is given equally often, whatever the truth; where groups truly "
        "differ, even perfect predictions have a gap. With `method: to_overall` groups are "
        "compared with all rows together: the largest absolute difference.\n\n" ASSAY_GAP_INTERVAL
            ASSAY_GAP_SMALL "Convention: fairlearn 0.15 `demographic_parity_difference`.",
    .citation =
        "Calders, Kamiran, Pechenizkiy (2009), Building classifiers with independency "
        "constraints, ICDM workshops; Miettinen, Nurminen (1985), Comparative analysis of two "
        "rates, Statistics in Medicine 4; as fairlearn.metrics.demographic_parity_difference "
        "(fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_gap_params),
    .examples = examples,
    .metric = &metric};
