#include <math.h>

#include "ops/shared/ranked.h"
#include "ops/shared/test_values.h"
#include "stats/normal.h"

enum { TWO_SIDED = 0, GREATER = 1 };
enum { P_VALUE = 0, STATISTIC = 1 };

typedef struct params {
    int32_t alternative;
    int32_t value;
} params;

static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const params *p = given;
    assay_class_value *to = assay_class_value_start(state, ranking, false);
    if (to == NULL) {
        return;
    }
    assay_sum sum = {0};
    assay_sum variance = {0};
    for (int64_t i = 0; i < ranking->n; i++) {
        double weight = assay_ranking_weight(ranking, i);
        double score = assay_ranking_score(ranking, i);
        double slope = 1.0 - 2.0 * score;
        bool mine = assay_ranking_target(ranking, i) == ranking->class_index;
        assay_sum_add(&sum, weight * slope * (mine ? 1.0 - score : -score));
        assay_sum_add(&variance, weight * weight * (slope * slope) * (score * (1.0 - score)));
    }
    double scale = sqrt(assay_sum_value(&variance));
    if (!(scale > 0.0)) {
        to->undefined = "all probabilities are 0, 1/2 or 1";
        return;
    }
    double z = assay_sum_value(&sum) / scale;
    double p_value =
        p->alternative == GREATER ? assay_normal_sf(z) : fmin(1.0, 2.0 * assay_normal_sf(fabs(z)));
    to->value = p->value == STATISTIC ? z : p_value;
}

static const assay_metric metric = {.state_size = assay_class_values_size,
                                    .finish = assay_test_values_finish,
                                    .ranked = ranked,
                                    .no_interval = 1};

static const char *const alternatives[] = {"two_sided", "greater", NULL};
static const char *const values[] = {"p_value", "statistic", NULL};

static const assay_param specs[] = {
    ASSAY_CHOICE(params, alternative, TWO_SIDED, alternatives,
                 "Evidence is a Brier score that is off to either side, or one that is too high."),
    ASSAY_CHOICE(params, value, P_VALUE, values, "The p-value, or the statistic z itself."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric spiegelhalter_test",
    "assay evaluate --predictions predictions.csv --metric spiegelhalter_test:alternative=greater",
    NULL};

const assay_op assay_op_metric_spiegelhalter_test = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "spiegelhalter_test",
    .title = "Spiegelhalter's test of calibration",
    .summary = "Whether the Brier score of a class is what its probabilities promise: a small "
               "p-value says that the model is over- or underconfident.",
    .description =
        "For each class with probability s and occurrence y (1 or 0): z = sum of (y - s) (1 - 2 s) "
        "/ square root of the sum of (1 - 2 s)^2 s (1 - s), which is the Brier score less its "
        "expectation under the model's own probabilities, in standard deviations. For a calibrated "
        "model z is standard normal for many rows; above 0 it means overconfidence, below 0 "
        "underconfidence. The p-value is two-sided, or that of z being too large (`alternative: "
        "greater`).\n\n"
        "Convention: MAPIE 1.6 `spiegelhalter_statistic`; its p-value is `alternative: greater`. A "
        "p-value shrinks with the number of rows; see `calibration_test`. It has no interval. A "
        "class without a row in the truth is undefined.",
    .citation = "Spiegelhalter (1986), Probabilistic prediction in patient management and clinical "
                "trials, Statistics in Medicine 5; as mapie.metrics.calibration (MAPIE 1.6).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_P_TARGET | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_NO_DIRECTION,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
