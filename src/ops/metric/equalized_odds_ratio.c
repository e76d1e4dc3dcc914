#include "ops/shared/group_gap.h"

static const assay_gap_kind kind = {.rates = {ASSAY_RATE_TRUE_POSITIVE, ASSAY_RATE_FALSE_POSITIVE},
                                    .n_rates = 2,
                                    .form = ASSAY_GAP_RATIO};

ASSAY_GAP_METRIC(NULL, ASSAY_EXTREME_NONE);

static const assay_param specs[] = {
    ASSAY_GAP_LEAST_PARAM,
    ASSAY_GAP_METHOD_PARAM,
    ASSAY_GAP_AGG_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric equalized_odds_ratio",
    "requirements: [{metric: equalized_odds_ratio, group: by_sex, at_least: 0.8}]", NULL};

const assay_op assay_op_metric_equalized_odds_ratio = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "equalized_odds_ratio",
    .title = "Equalised odds ratio",
    .summary =
        "How far groups lie apart in recognition and in false alarms, as a ratio, whichever is "
        "worse.",
    .description =
        "Groups are compared in the true positive rate and in the false positive rate; the "
        "value is the smaller of both ratios (`agg: worst_case`), or their mean (`agg: mean`). "
        "Each ratio is the smallest rate divided by the largest. Range 0 to 1; 1 means "
        "equalised odds. When a rate is 0 in every group it is undefined.\n\n" ASSAY_GAP_CLASSES
            ASSAY_GAP_RATIO_INTERVAL
        "With two rates the upper end allows for the pairs of both; with `agg: mean` each "
        "rate's ends hold with half the error probability." ASSAY_GAP_SMALL
        "Convention: fairlearn 0.15 `equalized_odds_ratio`.",
    .citation =
        "Hardt, Price, Srebro (2016), Equality of opportunity in supervised learning, NeurIPS; "
        "Miettinen, Nurminen (1985), Comparative analysis of two rates, Statistics in Medicine "
        "4; as fairlearn.metrics.equalized_odds_ratio (fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_gap_params),
    .examples = examples,
    .metric = &metric};
