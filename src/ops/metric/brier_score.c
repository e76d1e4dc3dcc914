#include "ops/shared/label_sets.h"

typedef struct params {
    bool half;
} params;

/* Of a set of classes: the mean over the classes of the squared error of each yes or no. */
static void set_scores(double *out, const assay_rows *rows)
{
    for (int64_t i = 0; i < rows->n; i++) {
        double sum = 0.0;
        for (int32_t k = 0; k < rows->classes; k++) {
            double gap = assay_label_score(rows, i, k) - (double)assay_label_true(rows, i, k);
            sum += gap * gap;
        }
        out[i] = sum / (double)rows->classes;
    }
}

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    const params *p = given;
    double factor = p->half ? 0.5 : 1.0;
    int64_t classes = rows->classes;
    if (rows->multilabel) {
        set_scores(values[0], rows);
        return;
    }
    for (int64_t i = 0; i < rows->n; i++) {
        double sum = 0.0;
        for (int64_t k = 0; k < classes; k++) {
            double probability = rows->scores_f64 != NULL
                                     ? rows->scores_f64[i * classes + k]
                                     : (double)rows->scores_f32[i * classes + k];
            double gap = probability - (double)(k == rows->target[i]);
            sum += gap * gap;
        }
        values[0][i] = factor * sum;
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    const assay_metric_bin *all = state;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = all->weight;
    if (all->weight == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->value = assay_sum_value(&all->sum[0]) / all->weight;
    return ASSAY_OK;
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const assay_param specs[] = {
    ASSAY_BOOL(params, half, false,
               "Halve the score, so that it ranges from 0 to 1 and equals the squared error of the "
               "probability of class 1 when there are two classes."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric brier_score",
    "metrics: [{brier_score: {half: true}}]", NULL};

const assay_op assay_op_metric_brier_score = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "brier_score",
    .title = "Brier score",
    .summary = "Mean squared error of the probabilities against what was true.",
    .description =
        "Mean over rows of the sum over classes of (p - y)^2, where p is the probability given to "
        "a class and y is 1 for the true class and 0 for the others. Range 0 to 2, or 0 to 1 with "
        "`half`; lower is better. It is a proper score: only honest probabilities minimise it.\n\n"
        "For sets of classes (`--task multilabel`): the mean over classes and rows of the squared "
        "error of each yes or no; `half` plays no part.\n\n"
        "Convention: without `half` it is Brier's own form over all classes; scikit-learn's "
        "`brier_score_loss` halves it when there are two classes (`scale_by_half='auto'`) and not "
        "otherwise. Without rows it is undefined.",
    .citation =
        "Brier (1950), Verification of forecasts expressed in terms of probability, Monthly "
        "Weather Review 78; as sklearn.metrics.brier_score_loss (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_P_TARGET | ASSAY_NEEDS_SCORES,
    .multilabel = true,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
