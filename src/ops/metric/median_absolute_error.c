#include <math.h>

#include "ops/shared/confusion.h"
#include "ops/shared/ranked.h"

/* The error number `place` (from 0) in descending order. */
static double error_at(const assay_ranking *ranking, int64_t place)
{
    int64_t passed = 0;
    for (int64_t i = 0; i < ranking->n; i++) {
        passed += assay_ranking_weight(ranking, i);
        if (passed > place) {
            return assay_ranking_score(ranking, i);
        }
    }
    return 0.0;
}

static void ranked(void *state, const void *params, const assay_ranking *ranking)
{
    (void)params;
    assay_class_value *to = state;
    to->n = ranking->positives;
    if (to->n > 0) {
        double upper = error_at(ranking, (to->n - 1) / 2);
        double lower = to->n % 2 == 1 ? upper : error_at(ranking, to->n / 2);
        to->value = lower + (upper - lower) / 2.0;
    }
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    (void)shape;
    const assay_class_value *all = state;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->n = all->n;
    measure->value = all->value;
    if (all->n == 0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (!isfinite(all->value)) {
        assay_measure_undefine(measure, "an error is too large");
    }
    return ASSAY_OK;
}

static const assay_metric metric = {
    .state_size = assay_class_values_size, .finish = finish, .ranked = ranked};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric median_absolute_error",
    NULL};

const assay_op assay_op_metric_median_absolute_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "median_absolute_error",
    .title = "Median absolute error",
    .summary = "The size of error that half of the rows do not exceed.",
    .description =
        "Median over rows of |truth - value|, in the unit of the target; the mean of the two "
        "middle values when the number of rows is even. 0 is best, lower is better; unlike the "
        "mean it is not moved by few large errors. Without rows it is undefined.",
    .citation =
        "Hyndman, Koehler (2006), Another look at measures of forecast accuracy, International "
        "Journal of Forecasting 22; as sklearn.metrics.median_absolute_error (scikit-learn "
        "1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
