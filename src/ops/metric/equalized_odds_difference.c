#include "ops/shared/group_gap.h"

static const assay_gap_kind kind = {.rates = {ASSAY_RATE_TRUE_POSITIVE, ASSAY_RATE_FALSE_POSITIVE},
                                    .n_rates = 2,
                                    .form = ASSAY_GAP_DIFFERENCE};

ASSAY_GAP_METRIC(NULL, ASSAY_EXTREME_NONE);

static const assay_param specs[] = {
    ASSAY_GAP_LEAST_PARAM,
    ASSAY_GAP_METHOD_PARAM,
    ASSAY_GAP_AGG_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric equalized_odds_difference",
    "requirements: [{metric: equalized_odds_difference, group: by_sex, at_most: 0.1}]", NULL};

const assay_op assay_op_metric_equalized_odds_difference = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "equalized_odds_difference",
    .title = "Equalised odds difference",
    .summary = "How far groups lie apart in recognition and in false alarms, whichever is worse.",
    .description =
        "Groups are compared in the true positive rate and in the false positive rate; the "
        "value is the larger of both differences (`agg: worst_case`), or their mean (`agg: "
        "mean`). Each difference is the largest rate less the smallest. Range 0 to 1; 0 means "
        "equalised odds: the prediction depends on the group only through the true "
        "class.\n\n" ASSAY_GAP_CLASSES ASSAY_GAP_INTERVAL
        "With two rates the lower end allows for the pairs of both; with `agg: mean` each "
        "rate's ends hold with half the error probability." ASSAY_GAP_SMALL
        "Convention: fairlearn 0.15 `equalized_odds_difference`.",
    .citation =
        "Hardt, Price, Srebro (2016), Equality of opportunity in supervised learning, NeurIPS; "
        "Miettinen, Nurminen (1985), Comparative analysis of two rates, Statistics in Medicine "
        "4; as fairlearn.metrics.equalized_odds_difference (fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_gap_params),
    .examples = examples,
    .metric = &metric};
