#include "ops/shared/confusion.h"

typedef struct params {
    int64_t k;
} params;

typedef struct state {
    double n, hits;
} state;

static size_t state_size(const void *given, int32_t classes)
{
    (void)given;
    (void)classes;
    return sizeof(state);
}

static assay_status block(void *to, const void *given, const assay_rows *rows, assay_arena *scratch,
                          assay_error *err)
{
    (void)scratch;
    (void)err;
    const params *p = given;
    state *s = to;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        s->n += weight;
        s->hits += rows->rank[i] < p->k ? weight : 0.0;
    }
    return ASSAY_OK;
}

static void merge(void *into, const void *from, const void *given, int32_t classes)
{
    (void)given;
    (void)classes;
    state *s = into;
    const state *other = from;
    s->n += other->n;
    s->hits += other->hits;
}

static assay_status finish(assay_result *out, const void *from, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    const state *s = from;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = s->n;
    if (s->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->value = s->hits / s->n;
    measure->hits = s->hits;
    if (p->k >= shape->classes) {
        measure->reason = "k is not below the number of classes, so every row counts as correct";
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = state_size,
                                    .block = block,
                                    .merge = merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_RANK};

static const assay_param specs[] = {
    ASSAY_INT(params, k, 5, 1, 1000000, "classes",
              "A row is correct when its true class is among the k classes of highest score."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric top_k_accuracy",
    "metrics: [{top_k_accuracy: {k: 2}}]", NULL};

const assay_op assay_op_metric_top_k_accuracy = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "top_k_accuracy",
    .title = "Top-k accuracy",
    .summary = "Share of the rows whose true class is among the k classes of highest score.",
    .description =
        "Range 0 to 1, higher is better; k = 1 is accuracy when the label is the class of highest "
        "score.\n\n"
        "Ties: of classes with the same score the one with the lower index comes first, as in the "
        "choice of the label. scikit-learn (`top_k_accuracy_score`) lets the higher index come "
        "first, so the two differ where scores tie at the k-th place.\n\n"
        "It needs scores, not necessarily probabilities. It is a proportion of independent rows, "
        "so its interval is exact. Without rows it is undefined.",
    .citation = "Russakovsky et al. (2015), ImageNet Large Scale Visual Recognition Challenge, "
                "IJCV 115; as sklearn.metrics.top_k_accuracy_score (scikit-learn 1.9) but for "
                "ties.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_RANK,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
