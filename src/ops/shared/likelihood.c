#include "ops/shared/likelihood.h"

#include "ops/shared/confusion.h"

assay_status assay_likelihood_ratio_finish(assay_result *out, const void *state, bool negative,
                                           const assay_rows *shape, assay_error *err)
{
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
        double hits = counts[c].hits;
        double share =
            (negative ? assay_class_rest(counts[c].truth, hits) : hits) / counts[c].truth;
        double other = (negative ? assay_class_rest(others, alarms) : alarms) / others;
        if (rows == 0.0) {
            assay_measure_undefine(measure, "there are no rows");
        } else if (!(counts[c].truth > 0.0)) {
            assay_measure_undefine(measure, "the class does not occur in the truth");
        } else if (!(others > 0.0)) {
            assay_measure_undefine(measure, "every row belongs to the class");
        } else if (!(other > 0.0)) {
            assay_measure_undefine(
                measure,
                negative ? "every row of another class is taken for it, so the ratio has no bound"
                         : "there is no false alarm, so the ratio has no bound");
        } else {
            measure->value = share / other;
        }
    }
    return ASSAY_OK;
}
