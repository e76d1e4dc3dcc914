/** @file filter.h  Convolution of the colour samples of an image, in single precision. */
#ifndef ASSAY_OPS_SHARED_FILTER_H
#define ASSAY_OPS_SHARED_FILTER_H

#include "base/arena.h"
#include "codec/image.h"
#include "ops/shared/border.h"

/** Samples exp(-k^2 / (2 sigma^2)) at k = -radius..radius, scaled to sum 1; sigma > 0. `weights`
 *  has radius + 1 elements: the centre first, then one side, as the other side is the same. */
void assay_filter_gaussian(double *weights, int32_t radius, double sigma);

/**
 * Correlate rows and columns with one symmetric kernel (`weights` as above). Results of 8 and 16
 * bit are rounded to the nearest. `out` is {0} before, and after a failure; alpha is copied.
 * Memory: 2 radius + 3 rows.
 */
ASSAY_NODISCARD assay_status assay_filter_separable(assay_image *out, const assay_image *in,
                                                    const double *weights, int32_t radius,
                                                    assay_border border, assay_arena *scratch,
                                                    assay_error *err);

/** Correlate with a kernel that is symmetric left to right and top to bottom. `quarter` has
 *  (radius + 1)^2 weights: the centre first, then to the right, then the rows below. Weights of 0 cost
 *  nothing. Otherwise as above; memory: 3 radius + 3 rows with borders. */
ASSAY_NODISCARD assay_status assay_filter_quarter(assay_image *out, const assay_image *in,
                                                  const double *quarter, int32_t radius,
                                                  assay_border border, assay_arena *scratch,
                                                  assay_error *err);

/** One term of a sum over displaced images: the pixel at (x + dx, y + dy) times the weight. */
typedef struct assay_filter_tap {
    int32_t dx, dy;
    float weight;
} assay_filter_tap;

/** Sum of n taps, none further than `reach` in either direction. Otherwise as assay_filter_separable;
 *  memory: 2 reach + 2 rows with borders. */
ASSAY_NODISCARD assay_status assay_filter_taps(assay_image *out, const assay_image *in,
                                               const assay_filter_tap *taps, size_t n,
                                               int32_t reach, assay_border border,
                                               assay_arena *scratch, assay_error *err);

#endif
