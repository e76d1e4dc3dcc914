#include <math.h>

#include "ops/shared/confusion.h"

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = fabs(rows->truth[i] - rows->value[i]);
        values[1][i] = fabs(rows->truth[i]);
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    const assay_metric_bin *all = state;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = all->weight;
    double size = assay_sum_value(&all->sum[1]);
    measure->value = assay_sum_value(&all->sum[0]) / size;
    if (all->weight == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (size == 0.0) {
        assay_measure_undefine(measure, "all true values are 0");
    } else if (!isfinite(measure->value)) {
        assay_measure_undefine(measure, "a value is too large");
    }
    return ASSAY_OK;
}

static const assay_metric_terms terms = {.values = 2, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric "
    "weighted_mean_absolute_percentage_error",
    NULL};

const assay_op assay_op_metric_weighted_mean_absolute_percentage_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "weighted_mean_absolute_percentage_error",
    .title = "Weighted mean absolute percentage error",
    .summary = "Sum of the errors as a share of the sum of the true values.",
    .description =
        "Sum over rows of |truth - value| divided by the sum of |truth|; 0.1 means 10 %. 0 is "
        "best, lower is better. Unlike the mean of percentages it is not ruled by rows whose "
        "true value is near 0. Also called WAPE, or MAD/mean ratio.\n\n"
        "When all true values are 0 it is undefined; torchmetrics divides by at least 1.17e-6. "
        "Without rows it is undefined.",
    .citation =
        "Kolassa, Schuetz (2007), Advantages of the MAD/mean ratio over the MAPE, Foresight 6; "
        "as torchmetrics WeightedMeanAbsolutePercentageError (1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
