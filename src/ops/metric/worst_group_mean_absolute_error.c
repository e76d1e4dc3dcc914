#include <math.h>

#include "ops/shared/group_mean.h"

static double term(const assay_rows *rows, int64_t i)
{
    return fabs(rows->truth[i] - rows->value[i]);
}

static const assay_mean_kind kind = {.term = term, .form = ASSAY_MEAN_HIGHEST};

ASSAY_MEAN_METRIC("mean_absolute_error", ASSAY_EXTREME_HIGHEST);

static const assay_param specs[] = {
    ASSAY_MEAN_LEAST_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --group sex --metric "
    "worst_group_mean_absolute_error",
    NULL};

const assay_op assay_op_metric_worst_group_mean_absolute_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "worst_group_mean_absolute_error",
    .title = "Mean absolute error of the worst group",
    .summary = "The mean absolute error in the group that is predicted worst.",
    .description =
        "For each group the mean of |truth - value|; the value is the largest of them, in "
        "the unit of the target. Groups come from `--group COLUMN` or `groups` in the "
        "plan.\n\n"
        "Interval: each group has Student's t interval; the upper end is the largest upper "
        "end, the lower end the largest lower end with the error probability divided by the "
        "number of groups, so that both hold at the stated level for any number of groups. "
        "They rest on means being nearly normal. Weighted and clustered rows are resampled "
        "instead.\n\n" ASSAY_MEAN_SMALL,
    .citation = "Sagawa, Koh, Hashimoto, Liang (2020), Distributionally robust neural networks for "
                "group shifts, ICLR; value as "
                "fairlearn.metrics.MetricFrame(mean_absolute_error).group_max() (fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_GROUPS,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_mean_params),
    .examples = examples,
    .metric = &metric};
