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

static const assay_mean_kind kind = {.term = term, .form = ASSAY_MEAN_DIFFERENCE};

ASSAY_MEAN_METRIC(NULL, ASSAY_EXTREME_NONE);

static const assay_param specs[] = {
    ASSAY_MEAN_LEAST_PARAM,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric calibration_difference",
    "requirements: [{metric: calibration_difference, group: by_sex, at_most: 0.05}]", NULL};

const assay_op assay_op_metric_calibration_difference = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "calibration_difference",
    .title = "Difference of calibration between groups",
    .summary = "How far groups lie apart in whether stated probabilities are too high or too low.",
    .description =
        "The term of a row is the probability of the declared positive class less 1 if the "
        "row is of it and less 0 if not; without a positive class the confidence in the "
        "predicted class less 1 if it is right. Its mean over a group says by how much the "
        "stated probabilities are too high (above 0) or too low there. The value is the "
        "largest mean less the smallest; 0 means that a stated probability is to be taken "
        "alike in every group, as far as its mean goes (calibration in the large; "
        "`worst_group_calibration_error` looks at every level of probability). Groups come "
        "from `--group COLUMN` or `groups` in the plan.\n\n" ASSAY_MEAN_INTERVAL ASSAY_MEAN_SMALL,
    .citation =
        "Welch (1947), The generalization of Student's problem when several different "
        "population variances are involved, Biometrika 34; Berger (1982), Multiparameter "
        "hypothesis testing and acceptance sampling, Technometrics 24; Kleinberg, "
        "Mullainathan, Raghavan (2017), Inherent trade-offs in the fair determination of "
        "risk scores, ITCS; value as fairlearn.metrics.MetricFrame.difference() of that mean "
        "(fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE | ASSAY_NEEDS_SCORES | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_mean_params),
    .examples = examples,
    .metric = &metric};
