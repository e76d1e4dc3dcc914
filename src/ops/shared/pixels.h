/**
 * @file pixels.h
 * What perturbations of pixel values share: rows of colour samples as numbers and back.
 *
 * "Sample units" are the image's own: 0..255, 0..65535, or the float itself, which is taken to lie
 * in [0, 1]. Strengths are given as fractions of the range, so one parameter value means the same
 * for every type: sample = fraction * assay_pixels_white(type). Alpha is never loaded.
 */
#ifndef ASSAY_OPS_SHARED_PIXELS_H
#define ASSAY_OPS_SHARED_PIXELS_H

#include <stdint.h>

#include "codec/image.h"

/** 255, 65535 or 1. */
double assay_pixels_white(assay_pixel type);

/** Channels without alpha: 1 for grey and grey+alpha, 3 for RGB and RGBA. */
static inline int32_t assay_pixels_colours(const assay_image *image)
{
    return image->channels < 3 ? 1 : 3;
}

/** Colour samples in a row: width * colours. */
static inline size_t assay_pixels_row_size(const assay_image *image)
{
    return (size_t)image->width * (size_t)assay_pixels_colours(image);
}

/** The colour samples of row y, interleaved, in sample units. */
void assay_pixels_load(double *out, const assay_image *image, int32_t y);
void assay_pixels_load_float(float *out, const assay_image *image, int32_t y);

/** Write a row's colour samples, clipped to 0..white; integers are rounded to the nearest, halves
 *  up. NaN becomes 0 in integer images and stays in float images. Alpha is left alone. */
void assay_pixels_store(assay_image *image, int32_t y, const double *values);
/** As assay_pixels_store, but float images are not clipped: for filters, which cannot leave the
 *  range of their input by more than rounding. */
void assay_pixels_store_float(assay_image *image, int32_t y, const float *values);

#endif
