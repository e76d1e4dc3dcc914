#include "ops/shared/label_sets.h"

static double depth(const assay_rows *rows, int64_t i)
{
    double least = 0.0;
    int64_t above = 0;
    bool any = false;
    for (int32_t k = 0; k < rows->classes; k++) {
        if (assay_label_true(rows, i, k)) {
            double score = assay_label_score(rows, i, k);
            least = !any || score < least ? score : least;
            any = true;
        }
    }
    for (int32_t k = 0; any && k < rows->classes; k++) {
        above += assay_label_score(rows, i, k) >= least;
    }
    return (double)above;
}

static void terms_rows(int32_t *bin, double *const *values, const void *params,
                       const assay_rows *rows)
{
    (void)bin;
    (void)params;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = depth(rows, i);
    }
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    (void)shape;
    return assay_row_mean_finish(out, state, "classes", err);
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {
    "assay evaluate --task multilabel --predictions predictions.csv --metric coverage_error", NULL};

const assay_op assay_op_metric_coverage_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "coverage_error",
    .title = "Coverage error",
    .summary = "How far down the ranking of the classes one has to go, on average, to meet all "
               "true ones.",
    .description =
        "For each row: the number of classes that score at least as high as the lowest true "
        "class; averaged over rows. The best value is the mean number of true classes per "
        "row, the worst the number of classes. Lower is better. Equal scores count as above "
        "(the highest rank).\n\n"
        "A row without any true class counts as 0, as in scikit-learn. torchmetrics "
        "(`multilabel_coverage_error`) agrees. Without rows it is undefined.\n\n",
    .citation = "Tsoumakas, Katakis, Vlahavas (2010), Mining multi-label data, in Data Mining and "
                "Knowledge Discovery Handbook; as sklearn.metrics.coverage_error (scikit-learn "
                "1.9).",
    .since = "0.1.0",
    .task = ASSAY_TASK_MULTILABEL,
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
