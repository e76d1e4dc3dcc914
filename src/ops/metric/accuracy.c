#include "ops/shared/confusion.h"
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
        s->hits += rows->target[i] == rows->label[i] ? weight : 0.0;
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_row_share_size,
                                    .block = block,
                                    .merge = assay_row_share_merge,
                                    .finish = assay_row_share_finish,
                                    .cells = ASSAY_CELLS_CONFUSION,
                                    .right_rows = 1};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric accuracy", "metrics: [accuracy]", NULL};

const assay_op assay_op_metric_accuracy = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "accuracy",
    .title = "Accuracy",
    .summary = "Share of the rows whose predicted class is the true class.",
    .description =
        "Number of rows with `label == target`, divided by the number of rows. Range 0 to 1, "
        "higher is better.\n\n"
        "Every row counts the same, so frequent classes dominate; see `balanced_accuracy` for the "
        "average over classes. The same number is called micro-averaged accuracy, precision, "
        "recall or F1 elsewhere. Some libraries average over classes under the name of accuracy "
        "(`torchmetrics.functional.classification.multiclass_accuracy` does by default): that is "
        "`balanced_accuracy` here.\n\n"
        "It is a proportion of independent rows, so its interval is exact. Without rows it is "
        "undefined.",
    .citation =
        "Metz, C. E. (1978), Basic principles of ROC analysis, Seminars in Nuclear Medicine "
        "8(4); as sklearn.metrics.accuracy_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
