#include "ops/shared/ranked.h"

typedef struct params {
    double fpr;
} params;

static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const params *p = given;
    assay_class_value *to = assay_class_value_start(state, ranking, true);
    assay_ranked_walk walk = {0};
    while (to != NULL && assay_ranked_next(&walk, ranking)) {
        bool meets = walk.fp / (to->n - to->positives) <= p->fpr;
        double value = walk.tp / to->positives;
        to->value = meets && value > to->value ? value : to->value;
    }
}

static int rates(assay_rates *out, const void *given)
{
    const params *p = given;
    *out = (assay_rates){.recall = 1, .n = 1, .limit = {p->fpr}, .low = {1.0}, .high = {1.0}};
    return p->fpr < 1.0;
}

static const assay_metric metric = {.state_size = assay_class_values_size,
                                    .finish = assay_class_values_finish,
                                    .ranked = ranked,
                                    .rates = rates};

static const assay_param specs[] = {
    ASSAY_REAL(params, fpr, 0.01, 0.0, 1.0, "", "False positive rate that must not be exceeded."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric recall_at_fpr:fpr=0.01",
    "metrics: [{recall_at_fpr: {fpr: 0.01}}]", NULL};

const assay_op assay_op_metric_recall_at_fpr = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "recall_at_fpr",
    .title = "Recall at false positive rate",
    .summary =
        "The largest share of the rows of a class that some threshold finds at a given false "
        "alarm rate.",
    .description =
        "Over all thresholds on the score of the class with false positive rate <= `fpr`, the "
        "highest recall; 0 when no threshold has so few false alarms. Range 0 to 1, higher is "
        "better. Also called sensitivity at specificity 1 - `fpr`, or true accept rate at false "
        "accept rate.\n\n"
        "Each class is taken in turn as the one to be detected, with its own score, against all "
        "others; `macro` is the plain mean over classes and `weighted` the mean weighted by the "
        "rows of each class. For two classes the value of the class to be detected is the usual "
        "binary one.\n\n"
        "Rows of equal score share a threshold; there is no interpolation between thresholds. "
        "The threshold is chosen on the same rows, so the value is optimistic for new data. A "
        "class without a row in the truth (or to which every row belongs) is undefined; "
        "averages leave it out and name it." ASSAY_RATES_INTERVAL,
    .citation =
        "Fawcett (2006), An introduction to ROC analysis, Pattern Recognition Letters 27; curve "
        "as sklearn.metrics.roc_curve with drop_intermediate=False (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .multilabel = true,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
