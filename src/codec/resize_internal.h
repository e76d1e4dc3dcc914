/**
 * @file resize_internal.h
 * The two engines behind resize.h. Callers have checked the images, the size and the box; `out` is
 * allocated by the engine.
 */
#ifndef ASSAY_CODEC_RESIZE_INTERNAL_H
#define ASSAY_CODEC_RESIZE_INTERNAL_H

#include <stdbool.h>

#include "codec/resize.h"

/** Box in source pixels, single precision as in Pillow: x0, y0, x1, y1. */
typedef struct assay_resize_region {
    float x0;
    float y0;
    float x1;
    float y1;
} assay_resize_region;

/** Nearest at the centres of the output pixels, positions accumulated in double precision. */
assay_status assay_resize_pillow_nearest(assay_image *out, const assay_image *in,
                                         assay_resize_region box, int32_t width, int32_t height,
                                         assay_error *err);

/** Antialiased resampling; 8-bit alpha must already be premultiplied. `mode` is a pillow_* mode;
 *  `classic` asks for the pass order and 16-bit clipping of Pillow 12 and before. */
assay_status assay_resize_pillow_filtered(assay_image *out, const assay_image *in,
                                          assay_resize_region box, int32_t width, int32_t height,
                                          assay_resize_mode mode, bool classic, assay_error *err);

/** Pixel x of `out` gets pixel xs[x] of `in`; xs never decreases. A negative one leaves the pixel as
 *  it is. `in_width` pixels may be read. */
void assay_resize_pick(uint8_t *out, const uint8_t *in, const int32_t *xs, int32_t width,
                       int32_t in_width, size_t bytes);

/** Every opencv_* mode; 8-bit and float. */
assay_status assay_resize_opencv(assay_image *out, const assay_image *in, int32_t width,
                                 int32_t height, assay_resize_mode mode, assay_error *err);

/** INTER_AREA when neither axis is enlarged; scales are source / destination as OpenCV rounds
 *  them. `out` is allocated. */
assay_status assay_resize_opencv_area(assay_image *out, const assay_image *in, double scale_x,
                                      double scale_y, assay_error *err);

/** Straight to premultiplied 8-bit alpha and back, for 2 or 4 channels. `out` has the size of `in`. */
void assay_alpha_premultiply(assay_image *out, const assay_image *in);
void assay_alpha_unpremultiply(assay_image *image);

#endif
