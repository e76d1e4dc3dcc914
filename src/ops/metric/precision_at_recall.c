#include "ops/shared/ranked.h"

typedef struct params {
    double recall;
} params;

static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const params *p = given;
    assay_class_value *to = assay_class_value_start(state, ranking, false);
    assay_ranked_walk walk = {0};
    while (to != NULL && assay_ranked_next(&walk, ranking)) {
        bool meets = walk.tp / to->positives >= p->recall;
        double value = walk.tp / (walk.tp + walk.fp);
        to->value = meets && value > to->value ? value : to->value;
    }
}

static const assay_metric metric = {.state_size = assay_class_values_size,
                                    .finish = assay_class_values_finish,
                                    .ranked = ranked,
                                    .optimum = assay_ranked_optimum};

static const assay_param specs[] = {
    ASSAY_REAL(params, recall, 0.9, 0.0, 1.0, "",
               "Share of the rows of the class that must be found."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric precision_at_recall:recall=0.9",
    "metrics: [{precision_at_recall: {recall: 0.9}}]", NULL};

const assay_op assay_op_metric_precision_at_recall = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "precision_at_recall",
    .title = "Precision at recall",
    .summary = "The best precision of a class that some threshold reaches while finding at least a "
               "given share of its rows.",
    .description =
        "Over all thresholds on the score of the class with recall >= `recall`, the highest "
        "precision. Range 0 to 1, higher is better.\n\n"
        "Each class is taken in turn as the one to be detected, with its own score, against all "
        "others; `macro` is the plain mean over classes and `weighted` the mean weighted by the "
        "rows of each class. For two classes the value of the class to be detected is the usual "
        "binary one.\n\n"
        "Rows of equal score share a threshold. The threshold is chosen on the same rows, so "
        "the value is optimistic for new data. A class without a row in the truth is undefined; "
        "averages leave it out and name it.",
    .citation =
        "As torchmetrics.classification.PrecisionAtFixedRecall (torchmetrics 1.8) with "
        "thresholds=None; curve as sklearn.metrics.precision_recall_curve (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .multilabel = true,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
