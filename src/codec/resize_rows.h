/** @file resize_rows.h  Row kernels of OpenCV's linear and cubic interpolation; see
 *  resize_opencv.c. */
#ifndef ASSAY_CODEC_RESIZE_ROWS_H
#define ASSAY_CODEC_RESIZE_ROWS_H

#include "codec/image.h"

enum { ASSAY_INTERPOLATE_ONE = 2048 };

/** One axis of a linear (2 taps) or cubic (4 taps) interpolation. */
typedef struct assay_interpolate_axis {
    int32_t size;
    int32_t in_size;
    int32_t taps;
    int32_t *at;    /* size: source sample of tap number (taps / 2 - 1), never decreasing; may lie
                       outside, and then the border sample is taken */
    float *real;    /* size x taps */
    int16_t *fixed; /* the same times ASSAY_INTERPOLATE_ONE, rounded to nearest even */
} assay_interpolate_axis;

/** Row y of `in` across. `out` has room for axis->size pixels and 16 samples more, of 4 bytes each
 *  (8-bit linear leaves int16_t there, 8-bit cubic int32_t, float images float). */
void assay_interpolate_across(void *out, const assay_image *in, int32_t y,
                              const assay_interpolate_axis *axis);

/** Row y of `out` from `taps` rows of interpolated samples. */
void assay_interpolate_down(assay_image *out, int32_t y, void *const rows[4],
                            const assay_interpolate_axis *axis);

#endif
