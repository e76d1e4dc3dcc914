#include "ops/shared/confusion.h"

/* Of sets of classes: right when every class is. */
static assay_class_ratio exact(const assay_class_counts *counts, double rows, const void *params)
{
    (void)rows;
    (void)params;
    bool right = counts->truth == counts->hits && counts->predicted == counts->hits;
    return (assay_class_ratio){.numerator = (double)right, .denominator = 1.0};
}

static const assay_class_ratio_kind kind = {.of = exact};

static assay_status block(void *state, const void *params, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    (void)scratch;
    (void)err;
    return assay_class_ratios_block(state, &kind, ASSAY_ZERO_DIVISION_UNDEFINED, params, rows);
}

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
    if (shape->multilabel) {
        double wrong = 0.0;
        for (int32_t c = 0; c < shape->classes; c++) {
            wrong += assay_class_rest(counts[c].truth + counts[c].predicted, 2.0 * counts[c].hits);
        }
        measure->weight = counts[shape->classes].truth;
        measure->value = wrong / measure->weight / (double)shape->classes;
        if (measure->weight == 0.0) {
            assay_measure_undefine(measure, "there are no rows");
        }
        return ASSAY_OK;
    }
    if (measure->weight == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else {
        measure->hits = assay_class_rest(measure->weight, hits);
        measure->value = measure->hits / measure->weight;
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric hamming_loss", "metrics: [hamming_loss]",
    NULL};

const assay_op assay_op_metric_hamming_loss = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "hamming_loss",
    .title = "Hamming loss",
    .summary = "Share of labels that are wrong.",
    .description =
        "Number of rows with `label != target`, divided by the number of rows; with one label "
        "per row the same as `zero_one_loss`. Range 0 to 1, lower is better.\n\n"
        "For sets of classes (`--task multilabel`): the share of wrong decisions among all of "
        "classes and rows, with a bootstrap interval over rows.\n\n"
        "It is a proportion of independent rows, so its interval is exact. Without rows it is "
        "undefined.",
    .citation = "Hamming (1950), Error detecting and error correcting codes, Bell System Technical "
                "Journal 29; as sklearn.metrics.hamming_loss (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .multilabel = true,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
