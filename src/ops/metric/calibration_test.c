#include <math.h>

#include "ops/shared/ranked.h"
#include "ops/shared/test_values.h"
#include "stats/brownian.h"

enum { KOLMOGOROV_SMIRNOV = 0, KUIPER = 1 };
enum { P_VALUE = 0, STATISTIC = 1 };

typedef struct params {
    int32_t statistic;
    int32_t value;
} params;

/* Sums of occurrence less probability from the lowest probability up; rows of equal probability are one
 * step, so that their order does not matter. */
static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const params *p = given;
    assay_class_value *to = assay_class_value_start(state, ranking, false);
    if (to == NULL) {
        return;
    }
    assay_sum gap = {0};
    assay_sum variance = {0};
    double highest = 0.0;
    double lowest = 0.0;
    for (int64_t i = ranking->n - 1; i >= 0; i--) {
        double weight = assay_ranking_weight(ranking, i);
        double score = assay_ranking_score(ranking, i);
        bool mine = assay_ranking_target(ranking, i) == ranking->class_index;
        assay_sum_add(&gap, mine ? weight * (1.0 - score) : -weight * score);
        assay_sum_add(&variance, weight * weight * (score * (1.0 - score)));
        if (i == 0 || assay_ranking_key(ranking, i - 1) != assay_ranking_key(ranking, i)) {
            highest = fmax(highest, assay_sum_value(&gap));
            lowest = fmin(lowest, assay_sum_value(&gap));
        }
    }
    double scale = sqrt(assay_sum_value(&variance));
    if (!(scale > 0.0)) {
        to->undefined = "all probabilities are 0 or 1";
        return;
    }
    bool kuiper = p->statistic == KUIPER;
    double statistic = (kuiper ? highest - lowest : fmax(highest, -lowest)) / scale;
    to->value = p->value == STATISTIC ? statistic
                : kuiper              ? assay_brownian_range_sf(statistic)
                                      : assay_brownian_maximum_sf(statistic);
}

static const assay_metric metric = {.state_size = assay_class_values_size,
                                    .finish = assay_test_values_finish,
                                    .ranked = ranked,
                                    .no_interval = 1};

static const char *const statistics[] = {"kolmogorov_smirnov", "kuiper", NULL};
static const char *const values[] = {"p_value", "statistic", NULL};

static const assay_param specs[] = {
    ASSAY_CHOICE(params, statistic, KOLMOGOROV_SMIRNOV, statistics,
                 "The largest distance of the sums from 0, or between any two of them."),
    ASSAY_CHOICE(params, value, P_VALUE, values, "The p-value, or the statistic itself."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric calibration_test",
    "assay evaluate --predictions predictions.csv --metric calibration_test:statistic=kuiper",
    NULL};

const assay_op assay_op_metric_calibration_test = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "calibration_test",
    .title = "Calibration test",
    .summary = "Whether the probability of a class differs from how often it occurs by more than "
               "chance: a small p-value says that the model is not calibrated.",
    .description =
        "For each class, rows are put in order of its probability s, and occurrence (1 or 0) less "
        "s "
        "is summed up from the lowest on. The statistic is the largest distance of the sums from 0 "
        "(`kolmogorov_smirnov`) or between any two of them (`kuiper`), divided by the square root "
        "of the sum of s (1 - s). For a calibrated model it is distributed like the maximum of the "
        "absolute value, or the range, of Brownian motion on [0, 1], which gives the p-value. "
        "There "
        "are no bins. Kuiper's form sees calibration errors that cancel on the whole.\n\n"
        "Conventions: MAPIE 1.6 `kolmogorov_smirnov_*` and `kuiper_*` with the probability of the "
        "class as the score. MAPIE breaks ties of scores at random by shifting them by parts in "
        "10^8; here rows of equal probability are one step. For `kuiper` the empty sum, 0, is one "
        "of "
        "the sums, as in the paper; MAPIE leaves it out. With weighted rows both sums are "
        "weighted, as Arrieta-Ibarra and others do.\n\n"
        "A p-value shrinks with the number of rows: with many of them a calibration error that "
        "does not matter is found too, so look at `expected_calibration_error` beside it. The "
        "distribution is that of many rows. It has no interval. A class without a row in the truth "
        "is undefined.",
    .citation = "Arrieta-Ibarra, Gujral, Tannen, Tygert, Xu (2022), Metrics of calibration for "
                "probabilistic predictions, Journal of Machine Learning Research 23; as "
                "mapie.metrics.calibration (MAPIE 1.6).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_P_TARGET | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_NO_DIRECTION,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
