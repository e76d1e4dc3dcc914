#include "ops/shared/confusion.h"

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    const assay_class_counts *counts = state;
    double rows = 0.0;
    for (int32_t c = 0; c < shape->classes; c++) {
        rows += counts[c].truth;
    }
    for (int32_t c = 0; c < shape->classes; c++) {
        assay_measure *measure = NULL;
        ASSAY_TRY(assay_result_new_measure(&measure, out, err));
        measure->class_name = shape->class_names[c];
        measure->weight = rows;
        if (rows == 0.0) {
            assay_measure_undefine(measure, "there are no rows");
        } else {
            measure->hits = counts[c].predicted;
            measure->value = counts[c].predicted / rows;
        }
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = assay_class_counts_block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric selection_rate",
    "metrics: [selection_rate]", NULL};

const assay_op assay_op_metric_selection_rate = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "selection_rate",
    .title = "Selection rate",
    .summary = "The share of rows that are predicted as a class, right or wrong.",
    .description =
        "For each class: rows predicted as it, (tp + fp) / rows. Range 0 to 1; neither high nor "
        "low is better by itself. Compared between groups it is demographic parity "
        "(`demographic_parity_difference`). n is the number of all rows, the truth plays no "
        "part.\n\n"
        "It is a proportion of independent rows, so its interval is exact. Without rows it is "
        "undefined.",
    .citation =
        "Barocas, Hardt, Narayanan (2023), Fairness and machine learning, ch. 3, MIT Press; "
        "as fairlearn.metrics.selection_rate (fairlearn 0.15).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_NO_DIRECTION,
    .examples = examples,
    .metric = &metric};
