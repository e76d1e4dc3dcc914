#include "ops/shared/confusion.h"
#include "ops/shared/ranked.h"

enum { REPORT_THRESHOLD = 0, REPORT_COST };

typedef struct params {
    double false_positive;
    double false_negative;
    int32_t report;
} params;

static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const params *p = given;
    assay_class_value *to = assay_class_value_start(state, ranking, true);
    if (to == NULL) {
        return;
    }
    assay_ranked_walk walk = {0};
    double least = p->false_negative * to->positives;
    int64_t best = -1; /* a row at the threshold */
    while (assay_ranked_next(&walk, ranking)) {
        double cost = p->false_positive * walk.fp + p->false_negative * (to->positives - walk.tp);
        if (cost < least) {
            least = cost;
            best = walk.at - 1;
        }
    }
    if (p->report == REPORT_COST) {
        to->value = least / to->n;
    } else if (best < 0) {
        to->undefined = "predicting no row at all costs least";
    } else {
        to->value = assay_ranking_score(ranking, best);
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    const assay_class_value *values = state;
    for (int32_t c = 0; c < shape->classes; c++) {
        assay_measure *measure = NULL;
        ASSAY_TRY(assay_result_new_measure(&measure, out, err));
        measure->class_name = shape->class_names[c];
        measure->unit = p->report == REPORT_COST ? "cost" : "";
        measure->weight = values[c].n;
        measure->value = values[c].value;
        if (values[c].n == 0.0) {
            assay_measure_undefine(measure, "there are no rows");
        } else if (values[c].undefined != NULL) {
            assay_measure_undefine(measure, values[c].undefined);
        }
    }
    return ASSAY_OK;
}

static int optimum(const void *given)
{
    return ((const params *)given)->report == REPORT_THRESHOLD;
}

static const assay_metric metric = {
    .state_size = assay_class_values_size, .finish = finish, .ranked = ranked, .optimum = optimum};

static const char *const reports[] = {"threshold", "cost", NULL};

static const assay_param specs[] = {
    ASSAY_REAL(params, false_positive, 1.0, 0.0, 1e9, "cost",
               "Price of a row that was predicted as the class but is not of it."),
    ASSAY_REAL(params, false_negative, 1.0, 0.0, 1e9, "cost",
               "Price of a row of the class that was not predicted as it."),
    ASSAY_CHOICE(params, report, REPORT_THRESHOLD, reports,
                 "The threshold itself, or the cost per row at it."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric "
    "optimal_threshold:false_positive=1,false_negative=20",
    "metrics: [{optimal_threshold: {false_negative: 20, report: cost}}]", NULL};

const assay_op assay_op_metric_optimal_threshold = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "optimal_threshold",
    .title = "Optimal threshold",
    .summary = "The threshold on the score of a class at which false alarms and misses cost least.",
    .description =
        "Over all thresholds on the score of the class (predicted when the score is at least "
        "the threshold), the one with the least cost `false_positive` fp + `false_negative` fn; "
        "of equal cost the highest. `report: cost` gives that cost per row instead. For well "
        "calibrated probabilities the threshold approaches false_positive / (false_positive + "
        "false_negative).\n\n"
        "Only classes have a value: prices belong to one class. When predicting no row at all "
        "costs least there is no threshold and it is undefined, but the cost is not. The "
        "threshold is chosen on the same rows, so the cost is optimistic for new data. A class "
        "without a row in the truth (or to which every row belongs) is undefined; averages "
        "leave it out and name it.",
    .citation =
        "Elkan (2001), The foundations of cost-sensitive learning, IJCAI; Metz (1978), Basic "
        "principles of ROC analysis, Seminars in Nuclear Medicine 8.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_NO_DIRECTION,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
