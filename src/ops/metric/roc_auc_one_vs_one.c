#include "ops/shared/confusion.h"

/* State: classes x classes areas; [k][j] is the number of pairs (row of k, row of j) that the score of
 * k puts in order, twice, with ties counting once. Behind them the rows of each class. */
static size_t state_size(const void *params, int32_t classes)
{
    (void)params;
    return ((size_t)classes + 1) * (size_t)classes * sizeof(double);
}

static void ranked(void *state, const void *params, const assay_ranking *ranking)
{
    (void)params;
    int32_t k = ranking->class_index;
    int64_t classes = ranking->classes;
    double *areas = (double *)state + k * classes;
    double *counts = (double *)state + classes * classes;
    double before = 0.0; /* rows of the class above the group */
    for (int64_t first = 0; first < ranking->n;) {
        uint64_t key = assay_ranking_key(ranking, first);
        double mine = 0.0;
        int64_t end = first;
        for (; end < ranking->n && assay_ranking_key(ranking, end) == key; end++) {
            mine +=
                assay_ranking_target(ranking, end) == k ? assay_ranking_weight(ranking, end) : 0.0;
        }
        for (int64_t i = first; i < end; i++) {
            areas[assay_ranking_target(ranking, i)] +=
                assay_ranking_weight(ranking, i) * (2.0 * before + mine);
        }
        before += mine;
        first = end;
    }
    counts[k] = before;
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    int32_t classes = shape->classes;
    const double *areas = state;
    const double *counts = areas + (int64_t)classes * classes;
    assay_sum plain = {0};
    assay_sum weighted = {0};
    double pairs = 0.0;
    double weights = 0.0;
    double rows = 0.0;
    for (int32_t k = 0; k < classes; k++) {
        rows += counts[k];
        for (int32_t j = 0; j < k; j++) {
            if (counts[k] > 0.0 && counts[j] > 0.0) {
                double both = areas[(int64_t)k * classes + j] + areas[(int64_t)j * classes + k];
                double area = both / (4.0 * counts[k] * counts[j]);
                double weight = counts[k] + counts[j];
                assay_sum_add(&plain, area);
                assay_sum_add(&weighted, area * weight);
                pairs += 1.0;
                weights += weight;
            }
        }
    }
    for (int macro = 1; macro >= 0; macro--) {
        assay_measure *measure = NULL;
        ASSAY_TRY(assay_result_new_measure(&measure, out, err));
        measure->average = macro ? "macro" : "weighted";
        measure->weight = rows;
        if (pairs == 0.0) {
            assay_measure_undefine(measure, rows > 0.0 ? "fewer than two classes occur in the truth"
                                                       : "there are no rows");
        } else {
            measure->value =
                macro ? assay_sum_value(&plain) / pairs : assay_sum_value(&weighted) / weights;
        }
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = state_size, .finish = finish, .ranked = ranked};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric roc_auc_one_vs_one",
    "metrics: [roc_auc_one_vs_one]", NULL};

const assay_op assay_op_metric_roc_auc_one_vs_one = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "roc_auc_one_vs_one",
    .title = "Area under the ROC curve, one against one",
    .summary = "How well the scores separate each pair of classes, averaged over the pairs.",
    .description =
        "For each pair of classes, the rows of the two alone: the mean of the area under the "
        "ROC curve for the score of the one and for that of the other. `macro` is the plain "
        "mean over pairs (Hand and Till), `weighted` weighs a pair by its share of the rows. "
        "Range 0 to 1, higher is better; guessing gives 0.5. Unlike `roc_auc` it does not "
        "depend on how frequent the classes are (macro).\n\n"
        "Equal scores count one half. Only pairs of which both classes occur in the truth enter "
        "the averages; without any it is undefined.",
    .citation = "Hand, Till (2001), A simple generalisation of the area under the ROC curve for "
                "multiple class classification problems, Machine Learning 45; as "
                "sklearn.metrics.roc_auc_score(multi_class=ovo) (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
