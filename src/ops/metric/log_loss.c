#include <float.h>
#include <math.h>

#include "ops/shared/label_sets.h"

typedef struct params {
    double clip;
} params;

/* Of a set of classes: the mean over the classes of the loss of each yes or no. */
static void set_losses(double *out, const assay_rows *rows, double low, double high)
{
    for (int64_t i = 0; i < rows->n; i++) {
        double sum = 0.0;
        for (int32_t k = 0; k < rows->classes; k++) {
            double p = assay_label_score(rows, i, k);
            p = assay_label_true(rows, i, k) ? p : 1.0 - p;
            p = p > low ? p : low;
            p = p < high ? p : high;
            sum -= log(p);
        }
        out[i] = sum / (double)rows->classes;
    }
}

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    const params *p = given;
    double low = p->clip;
    double high = 1.0 - p->clip;
    double *out = values[0];
    if (rows->multilabel) {
        set_losses(out, rows, low, high);
        return;
    }
    for (int64_t i = 0; i < rows->n; i++) {
        double value = rows->p_target[i];
        value = value > low ? value : low;
        value = value < high ? value : high;
        out[i] = -log(value);
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
    measure->unit = "nat";
    measure->weight = all->weight;
    if (all->weight == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->value = assay_sum_value(&all->sum[0]) / all->weight + 0.0;
    return ASSAY_OK;
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const assay_param specs[] = {
    ASSAY_REAL(params, clip, DBL_EPSILON, 1e-300, 0.1, "",
               "Probabilities are moved into [clip, 1 - clip], so that a single wrong certainty "
               "costs a finite amount."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric log_loss",
    "metrics: [{log_loss: {clip: 1.1920928955078125e-07}}]", NULL};

const assay_op assay_op_metric_log_loss = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "log_loss",
    .title = "Log loss (cross-entropy)",
    .summary = "How surprised the model is by the true classes: small when it gave them high "
               "probability.",
    .description =
        "Mean of -ln p, where p is the probability given to the true class. Unit nat; 0 is "
        "perfect, ln K is guessing among K classes, lower is better and there is no upper limit "
        "but for the clipping.\n\n"
        "For sets of classes (`--task multilabel`): the mean over classes and rows of the loss of "
        "each yes or no, which torch calls binary cross-entropy; guessing costs ln 2.\n\n"
        "Probabilities are clipped to [clip, 1 - clip]. The default is the machine epsilon of "
        "double precision, 2.220446049250313e-16, as in scikit-learn for float64 scores; "
        "scikit-learn clips float32 scores at 1.1920928955078125e-07. Rows are not rescaled to "
        "sum to one.\n\n"
        "Without rows it is undefined.",
    .citation = "Good (1952), Rational decisions, JRSS B 14; clipping as sklearn.metrics.log_loss "
                "(scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_P_TARGET,
    .multilabel = true,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
