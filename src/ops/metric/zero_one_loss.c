#include "ops/shared/confusion.h"

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    const assay_class_counts *counts = state;
    assay_measure *measure = NULL;
    (void)params;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    double hits = 0.0;
    for (int32_t c = 0; c < shape->classes; c++) {
        measure->weight += counts[c].truth;
        hits += counts[c].hits;
    }
    if (measure->weight == 0) {
        assay_measure_undefine(measure, "there are no rows");
    } else {
        measure->hits = assay_class_rest(measure->weight, hits);
        measure->value = measure->hits / measure->weight;
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = assay_class_counts_block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric zero_one_loss",
    "metrics: [zero_one_loss]", NULL};

const assay_op assay_op_metric_zero_one_loss = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "zero_one_loss",
    .title = "Zero-one loss",
    .summary = "Share of the rows whose predicted class is not the true class.",
    .description =
        "Number of rows with `label != target`, divided by the number of rows; 1 minus "
        "`accuracy`. Range 0 to 1, lower is better.\n\n"
        "It is a proportion of independent rows, so its interval is exact. Without rows it is "
        "undefined.",
    .citation =
        "Hastie, Tibshirani, Friedman (2009), The Elements of Statistical Learning, 2nd ed., "
        "ch. 2.4; as sklearn.metrics.zero_one_loss (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
