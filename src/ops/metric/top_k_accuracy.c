#include "ops/shared/label_sets.h"

enum { TIES_LOWER_INDEX = 0, TIES_HIGHER_INDEX, TIES_RIGHT, TIES_WRONG, TIES_SHARED };

typedef struct params {
    int64_t k;
    int32_t ties;
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

static int scored(const void *given)
{
    const params *p = given;
    return p->ties != TIES_LOWER_INDEX;
}

/* What a row counts whose true class may tie with others at the k-th place: 0, 1, or the share of the
 * orders of the tied classes in which it is among the first k. */
static double credit(const assay_rows *rows, int64_t i, const params *p)
{
    int64_t above = 0;
    int64_t tied = 0;
    int64_t later = 0; /* of the tied ones, those behind the target */
    if (!scored(p)) {
        return rows->rank[i] < p->k ? 1.0 : 0.0;
    }
    double mark = assay_label_score(rows, i, rows->target[i]);
    for (int32_t k = 0; k < rows->classes; k++) {
        double score = assay_label_score(rows, i, k);
        bool same = score == mark && k != rows->target[i];
        above += score > mark;
        tied += same;
        later += same && k > rows->target[i];
    }
    int64_t before = p->ties == TIES_HIGHER_INDEX ? later : (p->ties == TIES_WRONG ? tied : 0);
    if (p->ties != TIES_SHARED) {
        return above + before < p->k ? 1.0 : 0.0;
    }
    double share = (double)(p->k - above) / (double)(tied + 1);
    return share < 0.0 ? 0.0 : (share > 1.0 ? 1.0 : share);
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
        s->hits += weight * credit(rows, i, p);
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
    measure->hits = p->ties != TIES_SHARED ? s->hits : -1.0;
    if (p->k >= shape->classes) {
        measure->reason = "k is not below the number of classes, so every row counts as correct";
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = state_size,
                                    .block = block,
                                    .merge = merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_RANK,
                                    .scored = scored};

static const char *const tie_rules[] = {"lower_index", "higher_index", "right",
                                        "wrong",       "shared",       NULL};

static const assay_param specs[] = {
    ASSAY_INT(params, k, 5, 1, 1000000, "classes",
              "A row is correct when its true class is among the k classes of highest score."),
    ASSAY_CHOICE(params, ties, TIES_LOWER_INDEX, tie_rules,
                 "Which of several classes with the same score comes first, or what a row counts "
                 "whose true class ties at the k-th place."),
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
        "choice of the label (`ties: lower_index`). `higher_index` is the convention of "
        "scikit-learn (`top_k_accuracy_score`). `right` counts a row whose true class ties at the "
        "k-th place as correct, `wrong` as not, and `shared` by the share of the orders of the "
        "tied "
        "classes in which it is; between `wrong` and `right` lies what ties can do. torchmetrics "
        "takes the order that torch.topk happens to give.\n\n"
        "It needs scores, not necessarily probabilities. It is a proportion of independent rows, "
        "so its interval is exact (`shared`: from the bootstrap). Without rows it is undefined.",
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
