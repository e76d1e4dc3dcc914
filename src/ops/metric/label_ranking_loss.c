#include "ops/shared/label_sets.h"

static double wrong_share(const assay_rows *rows, int64_t i)
{
    int64_t wrong = 0;
    int64_t truths = assay_label_count(rows, i);
    int64_t others = rows->classes - truths;
    for (int32_t k = 0; k < rows->classes && truths > 0 && others > 0; k++) {
        if (assay_label_true(rows, i, k)) {
            double score = assay_label_score(rows, i, k);
            for (int32_t j = 0; j < rows->classes; j++) {
                wrong += !assay_label_true(rows, i, j) && assay_label_score(rows, i, j) >= score;
            }
        }
    }
    return wrong > 0 ? (double)wrong / ((double)truths * (double)others) : 0.0;
}

static void terms_rows(int32_t *bin, double *const *values, const void *params,
                       const assay_rows *rows)
{
    (void)bin;
    (void)params;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = wrong_share(rows, i);
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

static const char *const examples[] = {
    "assay evaluate --task multilabel --predictions predictions.csv --metric label_ranking_loss",
    NULL};

const assay_op assay_op_metric_label_ranking_loss = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "label_ranking_loss",
    .title = "Label ranking loss",
    .summary = "Share of the pairs of a true and a false class of a row that the scores put in the "
               "wrong order.",
    .description =
        "For each row: of all pairs of a true and a false class, the share in which the "
        "false one scores at least as high as the true one; averaged over rows. Range 0 to "
        "1, lower is better. Equal scores count as wrong.\n\n"
        "A row whose classes are all true or all false has no pair and counts as 0, as in "
        "scikit-learn; torchmetrics (`multilabel_ranking_loss`) does the same, but puts "
        "equal scores in order of the class index. Without rows it is undefined.\n\n",
    .citation = "Tsoumakas, Katakis, Vlahavas (2010), Mining multi-label data; as "
                "sklearn.metrics.label_ranking_loss (scikit-learn 1.9).",
    .since = "0.1.0",
    .task = ASSAY_TASK_MULTILABEL,
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
