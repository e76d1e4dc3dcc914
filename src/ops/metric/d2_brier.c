#include "ops/shared/label_sets.h"

static double loss_of(const void *given, const assay_rows *rows, int64_t i)
{
    (void)given;
    double sum = 0.0;
    for (int32_t k = 0; k < rows->classes; k++) {
        double gap = assay_label_score(rows, i, k) - (double)(k == rows->target[i]);
        sum += gap * gap;
    }
    return sum;
}

typedef struct state {
    double n;
    assay_sum loss;
    double of[]; /* weight of the rows of each class */
} state;

static size_t state_size(const void *given, int32_t classes)
{
    (void)given;
    return sizeof(state) + (size_t)classes * sizeof(double);
}

static assay_status block(void *to, const void *given, const assay_rows *rows, assay_arena *scratch,
                          assay_error *err)
{
    (void)scratch;
    (void)err;
    state *s = to;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        if (weight > 0.0) {
            s->n += weight;
            s->of[rows->target[i]] += weight;
            assay_sum_add(&s->loss, weight * loss_of(given, rows, i));
        }
    }
    return ASSAY_OK;
}

static void merge(void *into, const void *from, const void *given, int32_t classes)
{
    (void)given;
    state *s = into;
    const state *other = from;
    s->n += other->n;
    assay_sum_merge(&s->loss, &other->loss);
    for (int32_t c = 0; c < classes; c++) {
        s->of[c] += other->of[c];
    }
}

static assay_status finish(assay_result *out, const void *from, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    const state *s = from;
    assay_measure *measure = NULL;
    assay_sum null = {0};
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = s->n;
    int32_t present = 0;
    for (int32_t c = 0; c < shape->classes; c++) {
        double share = s->n > 0.0 ? s->of[c] / s->n : 0.0;
        present += share > 0.0;
        assay_sum_add(&null, share * (1.0 - share));
    }
    if (s->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (present < 2) {
        assay_measure_undefine(measure, "only one class occurs in the truth");
    } else {
        measure->value = 1.0 - assay_sum_value(&s->loss) / s->n / assay_sum_value(&null);
    }
    return ASSAY_OK;
}

static const assay_metric metric = {
    .state_size = state_size, .block = block, .merge = merge, .finish = finish};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric d2_brier", NULL};

const assay_op assay_op_metric_d2_brier = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "d2_brier",
    .title = "Brier skill score",
    .summary = "How much better the probabilities are than always stating how frequent each class "
               "is, by squared error.",
    .description =
        "1 - Brier score / Brier score of predicting, for every row, the frequencies of the "
        "classes among the rows. 1 is best; knowing nothing but the frequencies gives 0, "
        "worse probabilities are negative. It equals (resolution - reliability) / "
        "uncertainty of `brier_decomposition` when the bins hold one value each.\n\n"
        "Undefined without rows and when only one class occurs; scikit-learn then divides by "
        "zero.",
    .citation = "Murphy (1973), Hedging and skill scores for probability forecasts, Journal of "
                "Applied Meteorology 12; as sklearn.metrics.d2_brier_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_P_TARGET | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
