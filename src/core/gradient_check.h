/**
 * @file gradient_check.h
 * Do a model's gradients describe what the model does? The directional derivative that the gradient
 * gives is compared with differences of the model's own answers.
 */
#ifndef ASSAY_CORE_GRADIENT_CHECK_H
#define ASSAY_CORE_GRADIENT_CHECK_H

#include "core/model.h"

typedef struct assay_gradient_check {
    int64_t n, directions;
    double median_error; /* over data and directions: |measured - predicted|, relative to the larger
                            of both and of the gradient's length in the direction's subspace */
    double worst_error;
    double agreeing; /* share of directions with an error up to 5 % */
    double zero;     /* share of data whose gradient is zero */
    int trusted;     /* median up to 2 %, 90 % agreeing, no more than 10 % zero */
} assay_gradient_check;

/**
 * `tensor` holds n prepared float32 inputs. Looked at: the difference of the two greatest logits of
 * each datum, which does not saturate; `directions` random ones per datum, every other one following
 * the gradient's signs. From point to point along a direction (nine in all) the loss must change by the
 * integral of the slope that the gradient gives: over all points together, which holds across kinks (a
 * Relu that turns on), and over each piece whose slope is alike at both ends, which a model that rounds
 * does not fulfil; the greater error counts. The points lie as close as rounding in float32 allows, but
 * reach 1/1000 of the input's size to either side at least, a quarter of a grey level: a slope that only
 * holds for less is of no use. The logits are those of the gradient pass, whose agreement with the
 * scores is checked (ASSAY_EFORMAT when they differ).
 */
ASSAY_NODISCARD assay_status assay_gradient_check_run(assay_gradient_check *out, assay_model *model,
                                                      const float *tensor, int64_t n,
                                                      int64_t directions, uint64_t seed,
                                                      assay_error *err);

#endif
