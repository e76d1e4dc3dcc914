#include "ops/shared/label_sets.h"

static double row_precision(const assay_rows *rows, int64_t i)
{
    int32_t truths = assay_label_count(rows, i);
    if (truths == 0 || truths == rows->classes) {
        return 1.0;
    }
    return assay_label_precision(rows, i, truths);
}

static void terms_rows(int32_t *bin, double *const *values, const void *params,
                       const assay_rows *rows)
{
    (void)bin;
    (void)params;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = row_precision(rows, i);
    }
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    (void)shape;
    return assay_row_mean_finish(out, state, "", err);
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {"assay evaluate --task multilabel --predictions "
                                       "predictions.csv --metric label_ranking_average_precision",
                                       NULL};

const assay_op assay_op_metric_label_ranking_average_precision = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "label_ranking_average_precision",
    .title = "Label ranking average precision",
    .summary = "For a true class, the share of true ones among the classes that score as high or "
               "higher; averaged over the true classes of a row and over rows.",
    .description =
        "For each row and each of its true classes: the number of true classes that score "
        "at least as high, divided by the number of all classes that do; the mean over the "
        "true classes, then over rows. Range above 0 to 1, higher is better; 1 means that "
        "every true class ranks above every other. Equal scores count as above.\n\n"
        "A row whose classes are all true or all false has nothing to rank and counts as 1, "
        "as in scikit-learn; torchmetrics (`multilabel_ranking_average_precision`) does the "
        "same. Without rows it is undefined.\n\n",
    .citation = "Tsoumakas, Katakis, Vlahavas (2010), Mining multi-label data; as "
                "sklearn.metrics.label_ranking_average_precision_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .task = ASSAY_TASK_MULTILABEL,
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
