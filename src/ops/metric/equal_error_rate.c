#include <math.h>

#include "ops/shared/ranked.h"

enum { AT_NEAREST = 0, AT_CROSSING };

typedef struct params {
    int32_t at;
} params;

static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const params *p = given;
    assay_class_value *to = assay_class_value_start(state, ranking, true);
    if (to == NULL) {
        return;
    }
    double negatives = to->n - to->positives;
    assay_ranked_walk walk = {0};
    double alarms = 0.0; /* false positive and false negative rate of the threshold before */
    double misses = 1.0;
    double nearest = 1.0;
    to->value = 0.5;
    while (assay_ranked_next(&walk, ranking)) {
        double more = walk.fp / negatives;
        double fewer = (to->positives - walk.tp) / to->positives;
        fewer = fewer > 0.0 ? fewer : 0.0;
        if (p->at == AT_NEAREST && fabs(more - fewer) < nearest) {
            nearest = fabs(more - fewer);
            to->value = (more + fewer) / 2.0;
        }
        if (p->at == AT_CROSSING && more >= fewer && alarms < misses) {
            double before = misses - alarms;
            double share = before / (before + (more - fewer));
            to->value = alarms + share * (more - alarms);
        }
        alarms = more;
        misses = fewer;
    }
}

static const assay_metric metric = {
    .state_size = assay_class_values_size, .finish = assay_class_values_finish, .ranked = ranked};

static const char *const places[] = {"nearest", "crossing", NULL};

static const assay_param specs[] = {
    ASSAY_CHOICE(params, at, AT_NEAREST, places, "At a threshold, or between two."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric equal_error_rate",
    "metrics: [{equal_error_rate: {at: crossing}}]", NULL};

const assay_op assay_op_metric_equal_error_rate = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "equal_error_rate",
    .title = "Equal error rate",
    .summary =
        "The error rate at the threshold where false alarms and misses are equally frequent.",
    .description =
        "Of the thresholds on the score of the class the one at which false positive rate "
        "and false negative rate are closest to each other; the value is the mean of the two "
        "(`at: nearest`, of equal distance the highest threshold, where predicting nothing "
        "counts as one with rates 0 and 1). With `at: crossing` it is the point where the "
        "ROC curve, with straight lines between thresholds, has both rates equal. Range 0 to "
        "1, lower is better; guessing gives 0.5.\n\n"
        "Each class is taken in turn as the one to be detected, with its own score, against "
        "all others; `macro` is the plain mean over classes and `weighted` the mean weighted "
        "by the rows of each class. For two classes the value of the class to be detected is "
        "the usual binary one.\n\n"
        "Rows of equal score share a threshold. A class without a row in the truth (or to "
        "which every row belongs) is undefined; averages leave it out and name it.",
    .citation = "Martin, Doddington, Kamm, Ordowski, Przybocki (1997), The DET curve in assessment "
                "of detection task performance, Eurospeech; nearest as "
                "torchmetrics.functional.classification.binary_eer (1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .multilabel = true,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
