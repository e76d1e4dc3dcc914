#include "ops/shared/label_sets.h"
#include "ops/shared/row_share.h"

static assay_status block(void *to, const void *params, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    (void)params;
    (void)scratch;
    (void)err;
    assay_row_share *s = to;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        s->n += weight;
        s->hits += assay_label_set_equal(rows, i) ? weight : 0.0;
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_row_share_size,
                                    .block = block,
                                    .merge = assay_row_share_merge,
                                    .finish = assay_row_share_finish};

static const char *const examples[] = {
    "assay evaluate --task multilabel --predictions predictions.csv --metric exact_match", NULL};

const assay_op assay_op_metric_exact_match = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "exact_match",
    .title = "Exact match (subset accuracy)",
    .summary = "Share of the rows whose predicted set of classes is the true set, class for class.",
    .description =
        "Number of rows for which every class is predicted as it is in the truth, divided "
        "by the number of rows. Range 0 to 1, higher is better. It is strict: one wrong "
        "class of many makes the row wrong; `hamming_loss` counts classes, `jaccard` "
        "averaged over samples the overlap.\n\n"
        "The same as `accuracy_score` of scikit-learn on label indicators and "
        "`multilabel_exact_match` of torchmetrics. It is a proportion of independent rows, "
        "so its interval is exact. Without rows it is undefined.\n\n",
    .citation = "As sklearn.metrics.accuracy_score on multilabel indicators (scikit-learn 1.9).",
    .since = "0.1.0",
    .task = ASSAY_TASK_MULTILABEL,
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
