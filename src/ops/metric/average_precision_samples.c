#include "ops/shared/label_sets.h"

static void terms_rows(int32_t *bin, double *const *values, const void *params,
                       const assay_rows *rows)
{
    (void)bin;
    (void)params;
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t truths = assay_label_count(rows, i);
        values[0][i] = truths > 0 ? assay_label_precision(rows, i, truths) : 0.0;
        values[1][i] = (double)(truths > 0);
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

static const char *const examples[] = {"assay evaluate --task multilabel --predictions "
                                       "predictions.csv --metric average_precision_samples",
                                       NULL};

const assay_op assay_op_metric_average_precision_samples = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "average_precision_samples",
    .title = "Average precision, per row",
    .summary = "Precision among the highest classes of a row, averaged over its true classes and "
               "over rows.",
    .description =
        "For each row: the classes by descending score, and the precision at each step "
        "weighted by the recall gained there, classes of equal score taken together; "
        "averaged over rows. Range 0 to 1, higher is better. It ranks the classes of a row, "
        "where `average_precision` ranks the rows of a class; scikit-learn calls it "
        "`average_precision_score(average='samples')`. With no ties it differs from "
        "`label_ranking_average_precision` only for rows without classes to rank.\n\n"
        "A row without any true class has no value; it is left out and counted in the "
        "remark (scikit-learn: 0, with a warning). Without any other row it is undefined.\n\n",
    .citation = "As sklearn.metrics.average_precision_score(average=samples) (scikit-learn 1.9).",
    .since = "0.1.0",
    .task = ASSAY_TASK_MULTILABEL,
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
