/**
 * @file image_formats.h
 * What the image decoders share; private to codec. Each format offers one assay_image_codec;
 * image_decode.c sniffs, dispatches and applies the orientation.
 */
#ifndef ASSAY_CODEC_IMAGE_FORMATS_H
#define ASSAY_CODEC_IMAGE_FORMATS_H

#include <stdbool.h>

#include "codec/image_decode.h"

/** The file in memory; borrowed. The limits have their defaults filled in. */
typedef struct assay_image_source {
    const uint8_t *bytes;
    size_t size;
    assay_image_limits limits;
} assay_image_source;

/** As stored in the file, before the orientation (EXIF's 1..8) is applied. */
typedef struct assay_image_shape {
    int32_t width;
    int32_t height;
    int orientation;
} assay_image_shape;

typedef struct assay_image_codec {
    assay_image_format format;
    /** Header only; checks the limits. */
    assay_status (*probe)(assay_image_shape *shape, const assay_image_source *source,
                          assay_error *err);
    /** Pixels as stored and the orientation to apply; `out` is {0} before and after a failure. */
    assay_status (*decode)(assay_image *out, int *orientation, const assay_image_source *source,
                           assay_error *err);
} assay_image_codec;

extern const assay_image_codec assay_image_codec_jpeg;
extern const assay_image_codec assay_image_codec_png;
extern const assay_image_codec assay_image_codec_webp;
extern const assay_image_codec assay_image_codec_tiff;
extern const assay_image_codec assay_image_codec_pnm;
extern const assay_image_codec assay_image_codec_bmp;

/** A PNG file's samples as they are stored: palette indices, grey values of 1 to 16 bits unscaled. */
ASSAY_NODISCARD assay_status assay_png_samples(assay_image *out, const assay_image_source *source,
                                               assay_error *err);
/** Sizes from a header against the limits; `name` ("PNG") begins the message. */
ASSAY_NODISCARD assay_status assay_image_size_check(const char *name, int64_t width, int64_t height,
                                                    const assay_image_limits *limits,
                                                    assay_error *err);

/** As assay_image_new, but the pixels are not zeroed: for decoders that write every one. */
ASSAY_NODISCARD assay_status assay_image_new_raw(assay_image *image, int32_t width, int32_t height,
                                                 int32_t channels, assay_pixel type,
                                                 assay_error *err);

/** "NAME: the file is truncated ..." */
assay_status assay_image_fail_truncated(const char *name, size_t size, assay_error *err);

/**
 * Orientation 1..8 of an EXIF block (a TIFF structure, with or without "Exif\0\0" before it).
 * 1 when there is none, when it is damaged (EXIF decides no pixel, so it fails nothing) or NULL.
 */
int assay_exif_orientation(const uint8_t *bytes, size_t size);

/** Flip and turn as orientation 1..8 asks. */
ASSAY_NODISCARD assay_status assay_image_orient(assay_image *image, int orientation,
                                                assay_error *err);

static inline uint32_t assay_be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t assay_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t assay_le16(const uint8_t *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t assay_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

#endif
