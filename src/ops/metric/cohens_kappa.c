#include <stdlib.h>

#include "ops/shared/confusion.h"

enum { WEIGHTS_NONE = 0, WEIGHTS_LINEAR, WEIGHTS_QUADRATIC };

typedef struct params {
    int32_t weights;
} params;

/* Disagreement, followed by the counts of the classes. */
typedef struct state {
    double disagreement;
    assay_class_counts counts[];
} state;

static size_t state_size(const void *given, int32_t classes)
{
    return sizeof(state) + assay_class_counts_size(given, classes);
}

static double price(int32_t weights, int32_t target, int32_t label)
{
    double gap = (double)abs(target - label);
    return weights == WEIGHTS_NONE ? (double)(gap > 0.0)
                                   : (weights == WEIGHTS_LINEAR ? gap : gap * gap);
}

static assay_status block(void *to, const void *given, const assay_rows *rows, assay_arena *scratch,
                          assay_error *err)
{
    const params *p = given;
    state *s = to;
    for (int64_t i = 0; i < rows->n; i++) {
        s->disagreement +=
            assay_rows_weight(rows, i) * price(p->weights, rows->target[i], rows->label[i]);
    }
    return assay_class_counts_block(s->counts, given, rows, scratch, err);
}

static void merge(void *into, const void *from, const void *given, int32_t classes)
{
    state *s = into;
    const state *other = from;
    s->disagreement += other->disagreement;
    assay_class_counts_merge(s->counts, other->counts, given, classes);
}

static double expected_plain(const state *s, int32_t classes, double rows)
{
    double sum = 0.0;
    for (int32_t c = 0; c < classes; c++) {
        sum += s->counts[c].truth * (rows - s->counts[c].predicted);
    }
    return sum;
}

/* sum |i - j| t_i p_j, as the sum over the borders between classes of the pairs on both sides. */
static double expected_linear(const state *s, int32_t classes, double rows)
{
    double sum = 0.0;
    double truth = 0.0;
    double predicted = 0.0;
    for (int32_t c = 0; c < classes; c++) {
        truth += s->counts[c].truth;
        predicted += s->counts[c].predicted;
        sum += truth * (rows - predicted) + (rows - truth) * predicted;
    }
    return sum;
}

/* sum (i - j)^2 t_i p_j by moments about the middle of the truth, so that little cancels. */
static double expected_quadratic(const state *s, int32_t classes, double rows)
{
    double mean = 0.0;
    double truth[2] = {0.0, 0.0};
    double predicted[2] = {0.0, 0.0};
    for (int32_t c = 0; c < classes; c++) {
        mean += (double)c * s->counts[c].truth;
    }
    double middle = (double)(int32_t)(mean / rows + 0.5);
    for (int32_t c = 0; c < classes; c++) {
        double at = (double)c - middle;
        truth[0] += at * s->counts[c].truth;
        truth[1] += at * at * s->counts[c].truth;
        predicted[0] += at * s->counts[c].predicted;
        predicted[1] += at * at * s->counts[c].predicted;
    }
    return rows * (truth[1] + predicted[1]) - 2.0 * truth[0] * predicted[0];
}

static assay_status finish(assay_result *out, const void *from, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    const state *s = from;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    for (int32_t c = 0; c < shape->classes; c++) {
        measure->weight += s->counts[c].truth;
    }
    if (measure->weight == 0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    double rows = measure->weight;
    double expected =
        p->weights == WEIGHTS_NONE
            ? expected_plain(s, shape->classes, rows)
            : (p->weights == WEIGHTS_LINEAR ? expected_linear(s, shape->classes, rows)
                                            : expected_quadratic(s, shape->classes, rows));
    if (expected == 0.0) {
        assay_measure_undefine(measure, "all rows belong to one class and were predicted as it");
        return ASSAY_OK;
    }
    measure->value = 1.0 - s->disagreement * rows / expected;
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = state_size,
                                    .block = block,
                                    .merge = merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const char *const weight_choices[] = {"none", "linear", "quadratic", NULL};

static const assay_param specs[] = {
    ASSAY_CHOICE(params, weights, WEIGHTS_NONE, weight_choices,
                 "How much an error counts: all the same (none), by the distance between the "
                 "classes (linear) or by its square (quadratic)."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric cohens_kappa:weights=quadratic",
    "metrics: [{cohens_kappa: {weights: quadratic}}]", NULL};

const assay_op assay_op_metric_cohens_kappa = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "cohens_kappa",
    .title = "Cohen's kappa",
    .summary =
        "Agreement between the true and the predicted classes beyond what chance would give.",
    .description =
        "1 - (observed disagreement) / (disagreement expected when truth and prediction were "
        "independent with their own frequencies). With confusion counts C_ij, row sums t_i, "
        "column sums p_j and n rows: 1 - sum w_ij C_ij / (sum w_ij t_i p_j / n). Range up to 1, "
        "higher is better; chance gives 0.\n\n"
        "`weights`: `none` has w_ij = 1 for every error; `linear` has |i - j| and `quadratic` "
        "(i - j)^2, which makes sense only when the order of the classes means something.\n\n"
        "When no disagreement is expected (one class only, in truth and prediction) it is 0/0 "
        "and undefined; scikit-learn returns nan there.",
    .citation =
        "Cohen (1960), Educational and Psychological Measurement 20; Cohen (1968), Weighted "
        "kappa, Psychological Bulletin 70; as sklearn.metrics.cohen_kappa_score (scikit-learn "
        "1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
