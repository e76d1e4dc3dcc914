#include <math.h>

#include "ops/shared/confusion.h"

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    const assay_class_counts *counts = state;
    assay_measure *measure = NULL;
    (void)params;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    double both = 0.0;
    double truth = 0.0;
    double predicted = 0.0;
    double hits = 0.0;
    for (int32_t c = 0; c < shape->classes; c++) {
        double t = counts[c].truth;
        double p = counts[c].predicted;
        measure->weight += counts[c].truth;
        hits += counts[c].hits;
        both += t * p;
        truth += t * t;
        predicted += p * p;
    }
    double rows = measure->weight;
    if (measure->weight == 0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (truth == rows * rows) {
        assay_measure_undefine(measure, "all rows belong to one class");
    } else if (predicted == rows * rows) {
        assay_measure_undefine(measure, "all rows were predicted as one class");
    } else {
        double spread = sqrt(rows * rows - predicted) * sqrt(rows * rows - truth);
        measure->value = (hits * rows - both) / spread;
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_class_counts_size,
                                    .block = assay_class_counts_block,
                                    .merge = assay_class_counts_merge,
                                    .finish = finish,
                                    .cells = ASSAY_CELLS_CONFUSION};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric matthews_correlation",
    "metrics: [matthews_correlation]", NULL};

const assay_op assay_op_metric_matthews_correlation = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "matthews_correlation",
    .title = "Matthews correlation coefficient",
    .summary = "Correlation between the true and the predicted classes, robust to classes of very "
               "different size.",
    .description =
        "With s rows of which c are correct, t_k rows of class k in the truth and p_k among the "
        "predictions: (c s - sum t_k p_k) / sqrt((s^2 - sum p_k^2) (s^2 - sum t_k^2)). For two "
        "classes this is (tp tn - fp fn) / sqrt((tp+fp)(tp+fn)(tn+fp)(tn+fn)). Range -1 to 1, "
        "higher is better; guessing gives 0.\n\n"
        "When all rows belong to one class, or all were predicted as one class, it is 0/0 and "
        "undefined here. scikit-learn returns 0 there; torchmetrics returns 1, -1 or 0 in the "
        "binary form, depending on the errors.",
    .citation =
        "Matthews (1975), Biochimica et Biophysica Acta 405; Gorodkin (2004), Computational "
        "Biology and Chemistry 28; as sklearn.metrics.matthews_corrcoef (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
