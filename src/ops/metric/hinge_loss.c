#include <math.h>

#include "ops/shared/confusion.h"

static void terms_rows(int32_t *bin, double *const *values, const void *params,
                       const assay_rows *rows)
{
    (void)bin;
    (void)params;
    int64_t classes = rows->classes;
    for (int64_t i = 0; i < rows->n; i++) {
        double mine = 0.0;
        double best = -INFINITY;
        for (int64_t k = 0; k < classes; k++) {
            double score = rows->scores_f64 != NULL ? rows->scores_f64[i * classes + k]
                                                    : (double)rows->scores_f32[i * classes + k];
            mine = k == rows->target[i] ? score : mine;
            best = k != rows->target[i] && score > best ? score : best;
        }
        double short_of = 1.0 - (mine - best);
        values[0][i] = short_of > 0.0 ? short_of : 0.0;
    }
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    const assay_metric_bin *all = state;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = all->weight;
    if (all->weight == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (shape->classes < 2) {
        assay_measure_undefine(measure, "there is no other class");
    } else {
        measure->value = assay_sum_value(&all->sum[0]) / all->weight;
        if (!isfinite(measure->value)) {
            assay_measure_undefine(measure, "a score is infinite");
        }
    }
    return ASSAY_OK;
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric hinge_loss", "metrics: [hinge_loss]",
    NULL};

const assay_op assay_op_metric_hinge_loss = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "hinge_loss",
    .title = "Hinge loss",
    .summary =
        "Mean shortfall of the score of the true class below a margin of 1 over the best other "
        "class.",
    .description =
        "Mean over rows of max(0, 1 - (score of the true class - highest score of another "
        "class)). 0 when every row is right by a margin of at least 1; lower is better.\n\n"
        "It is meant for scores without bounds (support vector machines, logits); on "
        "probabilities, which differ by 1 at most, every row that is not certain costs "
        "something. For two classes with scores s0 and s1 it equals scikit-learn's binary form "
        "on the decision value s1 - s0. With one class there is no other class and it is "
        "undefined; likewise without rows.",
    .citation =
        "Crammer, Singer (2001), On the algorithmic implementation of multiclass kernel-based "
        "vector machines, JMLR 2; as sklearn.metrics.hinge_loss (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES | ASSAY_NEEDS_RANK,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
