#include <float.h>
#include <math.h>

#include "ops/shared/confusion.h"

typedef struct params {
    double clip;
} params;

static double loss_of(const void *given, const assay_rows *rows, int64_t i)
{
    const params *p = given;
    return -log(fmin(1.0 - p->clip, fmax(p->clip, rows->p_target[i])));
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
        assay_sum_add(&null, share > 0.0 ? -share * log(share) : 0.0);
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

static const assay_param specs[] = {
    ASSAY_REAL(params, clip, DBL_EPSILON, 1e-300, 0.1, "",
               "Probabilities are moved into [clip, 1 - clip], so that a single wrong certainty "
               "costs a finite amount."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric d2_log_loss", NULL};

const assay_op assay_op_metric_d2_log_loss = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "d2_log_loss",
    .title = "Share of the log loss explained",
    .summary = "How much better the probabilities are than always stating how frequent each class "
               "is.",
    .description =
        "1 - log loss / log loss of predicting, for every row, the frequencies of the "
        "classes among the rows. 1 is best; knowing nothing but the frequencies gives 0, "
        "worse probabilities are negative. Unlike the log loss itself it can be compared "
        "between data in which the classes are differently frequent.\n\n"
        "Undefined without rows and when only one class occurs; scikit-learn then divides by "
        "zero.",
    .citation =
        "McFadden (1974), Conditional logit analysis of qualitative choice behavior, in "
        "Frontiers in Econometrics; as sklearn.metrics.d2_log_loss_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_P_TARGET,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
