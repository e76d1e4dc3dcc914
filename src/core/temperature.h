/**
 * @file temperature.h
 * Temperature scaling as a diagnostic: how much of a model's miscalibration one number would remove.
 * Nothing is changed: the model is not recalibrated by this.
 */
#ifndef ASSAY_CORE_TEMPERATURE_H
#define ASSAY_CORE_TEMPERATURE_H

#include "core/evaluate.h"

typedef struct assay_temperature {
    const char *reason; /* why there is none; NULL = there is one */
    double value;       /* T: above 1 the model is overconfident, below 1 underconfident */
    double low, high;   /* at `level` */
    double level;
    int64_t n;
    assay_result before;  /* log_loss, expected_calibration_error as they are */
    assay_result after;   /* of the rows rescaled by the temperature that the other half gives */
    double fold_value[2]; /* those temperatures */
} assay_temperature;

/**
 * With z the logits, or the logarithms of the probabilities (of which 0 counts as 2^-52), the
 * temperature T minimises the log loss of softmax(z / T) over the rows with mask[i] != 0 (NULL =
 * all): C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks",
 * ICML (2017). The loss is convex in 1 / T, so there is one minimum; it is sought between 0.01 and
 * 100. Interval: normal for ln T with the sandwich variance of an M-estimator (P. J. Huber, 1967),
 * which holds though the model be wrong.
 *
 * `after` is cross-fitted: rows fall into halves by the seed, and each half is rescaled by the
 * temperature of the other, so that no row is judged by what was fitted to it. Rows without
 * scores, weighted rows and fewer than 20 rows have no temperature: `reason`. Everything lives in
 * `arena`.
 */
ASSAY_NODISCARD assay_status assay_temperature_fit(
    assay_temperature *out, assay_arena *arena, const assay_predictions *predictions,
    const uint8_t *mask, const assay_args *const *metrics, size_t n_metrics,
    const assay_evaluate_options *options, assay_error *err);

#endif
