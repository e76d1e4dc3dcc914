#include <math.h>

#include "ops/shared/group_mean.h"

static double term(const assay_rows *rows, int64_t i)
{
    return fabs(rows->truth[i] - rows->value[i]);
}

static const assay_mean_kind kind = {.term = term, .form = ASSAY_MEAN_DIFFERENCE};

ASSAY_MEAN_METRIC("mean_absolute_error", ASSAY_EXTREME_DIFFERENCE);

static const assay_param specs[] = {
    ASSAY_MEAN_LEAST_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --group sex --metric "
    "mean_absolute_error_difference",
    "requirements: [{metric: mean_absolute_error_difference, group: by_sex, at_most: 2}]", NULL};

const assay_op assay_op_metric_mean_absolute_error_difference = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "mean_absolute_error_difference",
    .title = "Difference of mean absolute errors",
    .summary = "How far groups lie apart in the size of their errors: highest less lowest mean "
               "absolute error.",
    .description =
        "For each group the mean of |truth - value|; the value is the largest less the "
        "smallest, in the unit of the target. 0 means that all groups are predicted equally "
        "well. Groups come from `--group COLUMN` or `groups` in the plan.\n\n" ASSAY_MEAN_INTERVAL
            ASSAY_MEAN_SMALL,
    .citation = "Welch (1947), The generalization of Student's problem when several different "
                "population variances are involved, Biometrika 34; Berger (1982), Multiparameter "
                "hypothesis testing and acceptance sampling, Technometrics 24; value as "
                "fairlearn.metrics.MetricFrame(mean_absolute_error).difference() (fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_GROUPS,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_mean_params),
    .examples = examples,
    .metric = &metric};
