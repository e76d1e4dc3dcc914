#include <math.h>

#include "ops/shared/confusion.h"
#include "ops/shared/ranked.h"

static void ranked(void *state, const void *params, const assay_ranking *ranking)
{
    (void)params;
    assay_class_value *to = state;
    to->n = ranking->positives;
    for (int64_t i = 0; i < ranking->n; i++) {
        if (assay_ranking_weight(ranking, i) > 0.0) {
            to->value = assay_ranking_score(ranking, i);
            break;
        }
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
    measure->weight = all->n;
    measure->value = all->value;
    if (all->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (!isfinite(all->value)) {
        assay_measure_undefine(measure, "an error is too large");
    }
    measure->no_interval =
        "none: the rows do not tell how large errors beyond the largest one seen can be";
    return ASSAY_OK;
}

static const assay_metric metric = {
    .state_size = assay_class_values_size, .finish = finish, .ranked = ranked};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric max_error", NULL};

const assay_op assay_op_metric_max_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "max_error",
    .title = "Maximum error",
    .summary = "The largest error of all rows.",
    .description =
        "Largest |truth - value| over rows, in the unit of the target. 0 is best, lower is "
        "better.\n\n"
        "It is the largest error seen, not the largest possible one: more rows can only raise "
        "it, and no interval from these rows says how large an error can be: it has none. For a "
        "statement about nearly all rows take `quantile_coverage` or a share of rows within a "
        "limit. Without rows it is undefined.",
    .citation =
        "Hastie, Tibshirani, Friedman (2009), The Elements of Statistical Learning, 2nd ed., "
        "ch. 2.4; as sklearn.metrics.max_error (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
