#include "ops/shared/group_mean.h"
#include "ops/shared/label_sets.h"

static double term(const assay_rows *rows, int64_t i)
{
    int32_t positive = rows->groups->positive;
    if (positive >= 0) {
        return assay_label_score(rows, i, positive) - (rows->target[i] == positive ? 1.0 : 0.0);
    }
    return rows->confidence[i] - (rows->target[i] == rows->label[i] ? 1.0 : 0.0);
}

static const assay_mean_kind kind = {.term = term, .form = ASSAY_MEAN_FARTHEST};

ASSAY_MEAN_METRIC(NULL, ASSAY_EXTREME_NONE);

static const assay_param specs[] = {
    ASSAY_MEAN_LEAST_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric "
    "worst_group_calibration",
    NULL};

const assay_op assay_op_metric_worst_group_calibration = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "worst_group_calibration",
    .title = "Calibration of the worst group",
    .summary =
        "By how much stated probabilities are off on average in the group where they are off "
        "most.",
    .description =
        "The term of a row is the probability of the declared positive class less 1 if the "
        "row is of it and less 0 if not; without a positive class the confidence in the "
        "predicted class less 1 if it is right. Its mean over a group says by how much the "
        "stated probabilities are too high (above 0) or too low there. The value is the "
        "largest distance of a group's mean from 0. Range 0 to 1. Groups come from `--group "
        "COLUMN` or `groups` in the plan.\n\n"
        "Interval: each group has Student's t interval of its mean; the upper end is the "
        "largest distance of its ends, the lower end the largest distance that is left with "
        "the error probability divided by twice the number of groups, so that both hold at "
        "the stated level for any number of groups. Weighted and clustered rows are "
        "resampled instead.\n\n" ASSAY_MEAN_SMALL,
    .citation = "Kleinberg, Mullainathan, Raghavan (2017), Inherent trade-offs in the fair "
                "determination of risk scores, ITCS; value as the largest of "
                "fairlearn.metrics.MetricFrame.by_group of that mean (fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE | ASSAY_NEEDS_SCORES | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_mean_params),
    .examples = examples,
    .metric = &metric};
