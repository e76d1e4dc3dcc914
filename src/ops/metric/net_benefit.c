#include "ops/shared/ranked.h"

typedef struct params {
    double threshold;
} params;

static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const params *p = given;
    assay_class_value *to = assay_class_value_start(state, ranking, false);
    assay_ranked_walk walk = {0};
    double tp = 0.0;
    double fp = 0.0;
    while (to != NULL && assay_ranked_next(&walk, ranking) &&
           assay_ranking_score(ranking, walk.at - 1) >= p->threshold) {
        tp = walk.tp;
        fp = walk.fp;
    }
    if (to != NULL) {
        to->value = (tp - fp * (p->threshold / (1.0 - p->threshold))) / to->n;
    }
}

static const assay_metric metric = {
    .state_size = assay_class_values_size, .finish = assay_class_values_finish, .ranked = ranked};

static const assay_param specs[] = {
    ASSAY_REAL(
        params, threshold, 0.5, 0.001, 0.999, "",
        "Probability from which on one acts; t / (1 - t) is the price of a false alarm in hits."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric net_benefit:threshold=0.1",
    "metrics: [{net_benefit: {threshold: 0.1}}]", NULL};

const assay_op assay_op_metric_net_benefit = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "net_benefit",
    .title = "Net benefit",
    .summary =
        "What acting on the predictions of a class is worth at a probability threshold, in hits "
        "per row.",
    .description =
        "tp / n - fp / n * t / (1 - t), where rows count as predicted when the probability of "
        "the class is at least the `threshold` t. The threshold states the exchange rate: at t "
        "= 0.1 nine false alarms cost as much as one hit is worth. Never acting gives 0; the "
        "maximum is the share of the class. Higher is better.\n\n"
        "Each class is taken in turn as the one to be detected, with its own score, against all "
        "others; `macro` is the plain mean over classes and `weighted` the mean weighted by the "
        "rows of each class. For two classes the value of the class to be detected is the usual "
        "binary one.\n\n"
        "A class without a row in the truth is undefined; averages leave it out and name it.",
    .citation = "Vickers, Elkin (2006), Decision curve analysis, Medical Decision Making 26.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_P_TARGET | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
