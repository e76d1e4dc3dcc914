#include <math.h>

#include "ops/shared/confusion.h"

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    const assay_class_counts *counts = state;
    double rows = 0.0;
    for (int32_t c = 0; c < shape->classes; c++) {
        rows += counts[c].truth;
    }
    for (int32_t c = 0; c < shape->classes; c++) {
        double others = assay_class_rest(rows, counts[c].truth);
        double alarms = assay_class_rest(counts[c].predicted, counts[c].hits);
        assay_measure *measure = NULL;
        ASSAY_TRY(assay_result_new_measure(&measure, out, err));
        measure->class_name = shape->class_names[c];
        measure->weight = rows;
        double share = counts[c].hits / counts[c].truth;
        double other = alarms / others;
        if (rows == 0.0) {
            assay_measure_undefine(measure, "there are no rows");
        } else if (!(counts[c].truth > 0.0)) {
            assay_measure_undefine(measure, "the class does not occur in the truth");
        } else if (!(others > 0.0)) {
            assay_measure_undefine(measure, "every row belongs to the class");
        } else if (!(other > 0.0)) {
            assay_measure_undefine(measure, "there is no false alarm, so the ratio has no bound");
        } else {
            measure->value = share / other;
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
    "assay evaluate --predictions predictions.csv --metric positive_likelihood_ratio", NULL};

const assay_op assay_op_metric_positive_likelihood_ratio = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "positive_likelihood_ratio",
    .title = "Positive likelihood ratio",
    .summary = "How many times more often a row of the class is predicted as it than a row of "
               "another class.",
    .description =
        "True positive rate / false positive rate of each class against the rest: what a "
        "prediction of the class does to the odds that it is there. 1 is chance, higher is "
        "better, without an upper bound. It does not depend on how frequent the class is.\n\n"
        "There is no average over classes. Without a row of the class, without a row of "
        "another class, and with a denominator of zero it is undefined and says why; "
        "scikit-learn returns NaN there unless told otherwise. The interval comes from the "
        "bootstrap, whose replicates without a value are left out and counted.",
    .citation = "Altman, Bland (2004), Diagnostic tests 4: likelihood ratios, BMJ 329; as "
                "sklearn.metrics.class_likelihood_ratios (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
