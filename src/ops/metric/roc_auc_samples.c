#include "ops/shared/label_sets.h"

static double row_area(const assay_rows *rows, int64_t i, int64_t truths)
{
    int64_t twice = 0;
    for (int32_t k = 0; k < rows->classes; k++) {
        if (assay_label_true(rows, i, k)) {
            double score = assay_label_score(rows, i, k);
            for (int32_t j = 0; j < rows->classes; j++) {
                double other = assay_label_score(rows, i, j);
                twice += assay_label_true(rows, i, j) ? 0 : (other < score) + (other <= score);
            }
        }
    }
    return (double)twice / (2.0 * (double)truths * (double)(rows->classes - truths));
}

static void terms_rows(int32_t *bin, double *const *values, const void *params,
                       const assay_rows *rows)
{
    (void)bin;
    (void)params;
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t truths = assay_label_count(rows, i);
        bool defined = truths > 0 && truths < rows->classes;
        values[0][i] = defined ? row_area(rows, i, truths) : 0.0;
        values[1][i] = (double)defined;
    }
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    (void)shape;
    return assay_defined_mean_finish(out, state, "", err);
}

static const assay_metric_terms terms = {.values = 2, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {
    "assay evaluate --task multilabel --predictions predictions.csv --metric roc_auc_samples",
    NULL};

const assay_op assay_op_metric_roc_auc_samples = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "roc_auc_samples",
    .title = "Area under the ROC curve, per row",
    .summary = "How well the scores of a row separate its true classes from the others, averaged "
               "over rows.",
    .description =
        "For each row: the probability that a true class of the row scores higher than a "
        "false one, equal scores counting one half; averaged over rows. Range 0 to 1, "
        "higher is better; guessing gives 0.5. It ranks the classes of a row, where "
        "`roc_auc` ranks the rows of a class; scikit-learn calls it "
        "`roc_auc_score(average='samples')`.\n\n"
        "A row whose classes are all true or all false has no value; it is left out and "
        "named in the remark (scikit-learn: undefined). Without any other row it is "
        "undefined.\n\n",
    .citation = "Hanley, McNeil (1982), The meaning and use of the area under a ROC curve, "
                "Radiology 143; as sklearn.metrics.roc_auc_score(average=samples) (scikit-learn "
                "1.9).",
    .since = "0.1.0",
    .task = ASSAY_TASK_MULTILABEL,
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
