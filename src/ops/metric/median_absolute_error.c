#include <math.h>

#include "ops/shared/confusion.h"
#include "ops/shared/ranked.h"

/* The smallest error up to which the weight reaches half of all, and the next one when it is half
 * exactly: the mean of the two is the median. Errors come in descending order. */
static double median(const assay_ranking *ranking)
{
    double half = ranking->positives / 2.0;
    double passed = 0.0;
    double lower = 0.0;
    for (int64_t i = ranking->n - 1; i >= 0; i--) {
        double weight = assay_ranking_weight(ranking, i);
        if (weight > 0.0 && passed == half) {
            double upper = assay_ranking_score(ranking, i);
            return lower + (upper - lower) / 2.0;
        }
        passed += weight;
        if (weight > 0.0) {
            lower = assay_ranking_score(ranking, i);
        }
        if (passed > half) {
            break;
        }
    }
    return lower;
}

static void ranked(void *state, const void *params, const assay_ranking *ranking)
{
    (void)params;
    assay_class_value *to = state;
    to->n = ranking->positives;
    to->value = to->n > 0.0 ? median(ranking) : 0.0;
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    (void)shape;
    const assay_class_value *all = state;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = all->n;
    measure->value = all->value;
    if (all->n == 0.0) {
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
