/**
 * @file geometry.h
 * Cutting, padding, moving and turning images, and where their foreground lies.
 *
 * Coordinates: pixel (0, 0) covers [0, 1) x [0, 1); its centre is (0.5, 0.5), as in Pillow.
 * `fill` is one value per channel in sample units (0..255, 0..65535, or the float itself), rounded
 * and clipped to the sample type; NULL means zeros. Every `out` is {0} before and after a failure.
 */
#ifndef ASSAY_CODEC_GEOMETRY_H
#define ASSAY_CODEC_GEOMETRY_H

#include "codec/image.h"

typedef enum assay_interpolation {
    ASSAY_INTERPOLATION_NEAREST = 0,
    ASSAY_INTERPOLATION_BILINEAR,
    ASSAY_INTERPOLATION_BICUBIC
} assay_interpolation;

/** The part of width x height pixels whose upper left pixel is (x, y). Any type. ASSAY_EINVAL when
 *  it does not lie inside the image. */
ASSAY_NODISCARD assay_status assay_image_crop(assay_image *out, const assay_image *in, int32_t x,
                                              int32_t y, int32_t width, int32_t height,
                                              assay_error *err);

/** Add borders of constant value; none may be negative. Any type. ASSAY_ELIMIT above 65535 pixels
 *  per side or 2^28 pixels. */
ASSAY_NODISCARD assay_status assay_image_pad(assay_image *out, const assay_image *in, int32_t left,
                                             int32_t top, int32_t right, int32_t bottom,
                                             const double *fill, assay_error *err);

/**
 * Pillow's Image.transform(size, AFFINE, matrix, resample, fillcolor=fill), to the pixel: output
 * pixel (x, y) takes the source at
 *     (m[0] (x + 1/2) + m[1] (y + 1/2) + m[2],  m[3] (x + 1/2) + m[4] (y + 1/2) + m[5]),
 * and `fill` where that lies outside. So the matrix leads from the output to the input. As in
 * Pillow, nearest goes in 16.16 fixed point, 8-bit bilinear and bicubic (a = -1) results are cut,
 * not rounded, and images of 2 or 4 channels of 8 bit are interpolated with premultiplied alpha,
 * where `fill` counts as premultiplied. 16-bit images are treated as Pillow treats mode I, clipped.
 * ASSAY_EINVAL: a matrix entry that is not finite or a side below 1; ASSAY_ELIMIT as above.
 */
ASSAY_NODISCARD assay_status assay_image_affine(assay_image *out, const assay_image *in,
                                                const double matrix[6], int32_t width,
                                                int32_t height, assay_interpolation interpolation,
                                                const double *fill, assay_error *err);

/** Pillow's Image.rotate(degrees, resample, expand=False, fillcolor=fill): counter-clockwise about
 *  the image's centre, the size is kept. Multiples of 180 degrees, and of 90 for square images, move
 *  pixels without resampling. */
ASSAY_NODISCARD assay_status assay_image_rotate(assay_image *out, const assay_image *in,
                                                double degrees, assay_interpolation interpolation,
                                                const double *fill, assay_error *err);

/** The pixels above a threshold. */
typedef struct assay_image_mass {
    int64_t count; /* pixels above the threshold; 0: the box is empty and the centre the image's */
    double weight; /* sum of their values */
    double x; /* intensity-weighted centre, at pixel centres: one pixel (0, 0) gives 0.5, 0.5 */
    double y;
    int32_t left; /* bounding box; right and bottom are exclusive */
    int32_t top;
    int32_t right;
    int32_t bottom;
} assay_image_mass;

/** One-channel images of any type; values are compared and weighed in sample units. When the weight
 *  is not positive the centre is the box's. ASSAY_EINVAL for several channels. */
ASSAY_NODISCARD assay_status assay_image_mass_of(assay_image_mass *out, const assay_image *in,
                                                 double threshold, assay_error *err);

#endif
