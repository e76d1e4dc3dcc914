#include "ops/shared/ranked.h"

typedef struct params {
    double recall;
} params;

static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const params *p = given;
    assay_class_value *to = assay_class_value_start(state, ranking, true);
    assay_ranked_walk walk = {0};
    if (to == NULL) {
        return;
    }
    double negatives = to->n - to->positives;
    to->value = p->recall > 0.0 ? 0.0 : 1.0;
    while (assay_ranked_next(&walk, ranking)) {
        double rest = negatives > walk.fp ? negatives - walk.fp : 0.0;
        if (walk.tp >= p->recall * to->positives && rest / negatives > to->value) {
            to->value = rest / negatives;
        }
    }
}

static int rates(assay_rates *out, const void *given)
{
    const params *p = given;
    double missed = 1.0 - p->recall;
    *out = (assay_rates){.n = 1, .limit = {missed}, .low = {1.0}, .high = {1.0}};
    return p->recall > 0.0;
}

static const assay_metric metric = {.state_size = assay_class_values_size,
                                    .finish = assay_class_values_finish,
                                    .ranked = ranked,
                                    .rates = rates};

static const assay_param specs[] = {
    ASSAY_REAL(params, recall, 0.95, 0.0, 1.0, "", "Recall that must be reached."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric specificity_at_recall:recall=0.95",
    NULL};

const assay_op assay_op_metric_specificity_at_recall = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "specificity_at_recall",
    .title = "Specificity at recall",
    .summary = "The largest share of the rows of other classes that is left alone while a given "
               "share of the class is found.",
    .description =
        "Over all thresholds on the score of the class with recall >= `recall`, the highest "
        "specificity. Range 0 to 1, higher is better. 1 minus the value is the false "
        "positive rate at that recall: with `recall: 0.95` the FPR95 of out-of-distribution "
        "detection, where it matters which side is the class to be detected, so the class is "
        "named.\n\n"
        "Each class is taken in turn as the one to be detected, with its own score, against "
        "all others; `macro` is the plain mean over classes and `weighted` the mean weighted "
        "by the rows of each class. For two classes the value of the class to be detected is "
        "the usual binary one.\n\n"
        "Rows of equal score share a threshold; there is no interpolation between "
        "thresholds. The threshold is chosen on the same rows, so the value is optimistic "
        "for new data. A class without a row in the truth (or to which every row belongs) is "
        "undefined; averages leave it out and name it." ASSAY_RATES_INTERVAL,
    .citation =
        "Fawcett (2006), An introduction to ROC analysis, Pattern Recognition Letters 27; as "
        "torchmetrics.functional.classification.binary_specificity_at_sensitivity (1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .multilabel = true,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
