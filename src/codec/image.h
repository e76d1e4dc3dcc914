/**
 * @file image.h
 * The image as a value: interleaved rows, top row first, channels R,G,B(,A) or grey(,A).
 *
 * 8-bit and 16-bit images keep the file's values (0..255, 0..65535); float images hold the file's
 * or array's own values. Alpha is straight (not premultiplied).
 */
#ifndef ASSAY_CODEC_IMAGE_H
#define ASSAY_CODEC_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef enum assay_pixel {
    ASSAY_PIXEL_U8 = 1,
    ASSAY_PIXEL_U16 = 2,
    ASSAY_PIXEL_F32 = 4
} assay_pixel;

typedef struct assay_image {
    int32_t width;    /* pixels, >= 1 */
    int32_t height;   /* pixels, >= 1 */
    int32_t channels; /* 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA */
    assay_pixel type; /* its value is the bytes per sample */
    size_t stride;    /* bytes from row to row = width * channels * type: rows are packed */
    void *data;       /* owned; 64-byte aligned */
} assay_image;

/** Limits that are checked before anything is allocated. Zero fields take the defaults. */
typedef struct assay_image_limits {
    int64_t max_pixels; /* width * height; default 268435456 (2^28) */
    int32_t max_side;   /* default 65535 */
} assay_image_limits;

/** Allocate zeroed pixels. `image` must be empty ({0}); it is left empty on failure. */
ASSAY_NODISCARD assay_status assay_image_new(assay_image *image, int32_t width, int32_t height,
                                             int32_t channels, assay_pixel type, assay_error *err);
ASSAY_NODISCARD assay_status assay_image_copy(assay_image *out, const assay_image *in,
                                              assay_error *err);
/** Frees the pixels and empties the struct; NULL and empty are allowed. */
void assay_image_dispose(assay_image *image);

static inline const uint8_t *assay_image_row(const assay_image *image, int32_t y)
{
    return (const uint8_t *)image->data + (size_t)y * image->stride;
}

static inline uint8_t *assay_image_row_mut(assay_image *image, int32_t y)
{
    return (uint8_t *)image->data + (size_t)y * image->stride;
}

/* Conversions. Each makes a new image in `out` ({0} before). Conventions: Pillow's `convert`. */

/** Any type to 8 bit: 16-bit by value / 257 rounded to nearest; float by clipping [0, 1] * 255
 *  rounded half up. Channels unchanged. */
ASSAY_NODISCARD assay_status assay_image_to_u8(assay_image *out, const assay_image *in,
                                               assay_error *err);
/** Grey by ITU-R 601-2 luma in Pillow's integer form (R*19595 + G*38470 + B*7471 + 0x8000) >> 16
 *  for 8 and 16 bit; the same weights / 65536 for float. The type stays; alpha is dropped. */
ASSAY_NODISCARD assay_status assay_image_to_grey(assay_image *out, const assay_image *in,
                                                 assay_error *err);
/** Three channels: grey is repeated, alpha is dropped (as Pillow's RGBA->RGB does). */
ASSAY_NODISCARD assay_status assay_image_to_rgb(assay_image *out, const assay_image *in,
                                                assay_error *err);

#endif
