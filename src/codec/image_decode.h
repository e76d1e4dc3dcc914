/**
 * @file image_decode.h
 * Bytes to pixels: JPEG, PNG, WebP, TIFF, PNM (P1..P6), BMP, told apart by their first bytes. Every
 * input is hostile: sizes are checked against limits before allocation, a truncated or corrupt file
 * is an error (never a half-filled image), trailing bytes are allowed.
 */
#ifndef ASSAY_CODEC_IMAGE_DECODE_H
#define ASSAY_CODEC_IMAGE_DECODE_H

#include "codec/image.h"

typedef enum assay_image_format {
    ASSAY_IMAGE_UNKNOWN = 0,
    ASSAY_IMAGE_JPEG,
    ASSAY_IMAGE_PNG,
    ASSAY_IMAGE_WEBP,
    ASSAY_IMAGE_TIFF,
    ASSAY_IMAGE_PNM,
    ASSAY_IMAGE_BMP
} assay_image_format;

/** "jpeg", "png", "webp", "tiff", "pnm", "bmp" or "unknown". Static text. */
const char *assay_image_format_name(assay_image_format format);

/** By magic bytes only. */
assay_image_format assay_image_sniff(const uint8_t *bytes, size_t size);

/** Size without decoding the pixels (after EXIF orientation). */
ASSAY_NODISCARD assay_status assay_image_probe(int32_t *width, int32_t *height,
                                               assay_image_format *format, const uint8_t *bytes,
                                               size_t size, const assay_image_limits *limits,
                                               assay_error *err);

/**
 * Decode the first image of the file. `out` is {0} before.
 * Results are what Pillow's Image.open gives for the same libjpeg-turbo/libpng: JPEG islow IDCT and
 * fancy upsampling, CMYK/YCCK (Adobe inverted) to RGB by Pillow's integer rule; EXIF orientation
 * 1..8 is applied (ImageOps.exif_transpose); PNG 1/2/4 bit grey is scaled to 8 bit, palettes are
 * expanded (with tRNS to RGBA), 16 bit stays 16 bit; TIFF 8/16 bit grey/RGB/palette, strips and
 * tiles, either byte order; anything else is ASSAY_EUNSUPPORTED and says what was found.
 *
 * In detail:
 * - PNG: a tRNS colour key of a grey or RGB image is not applied. Every checksum is verified, and a
 *   pixel beyond the palette is an error (in BMP too).
 * - JPEG: damage that libjpeg calls a warning and paints grey is an error; only bytes between
 *   segments and odd version numbers pass.
 * - WebP: still images; an animation is ASSAY_EUNSUPPORTED.
 * - TIFF: none, LZW, deflate or PackBits, BigTIFF too; grey of 1/2/4 bit is scaled to 8, MinIsWhite
 *   is inverted up to 8 bit but not at 16 (as Pillow); unspecified extra samples are dropped,
 *   premultiplied alpha is divided out; the Orientation tag is applied.
 * - PNM: samples are scaled from the file's largest value to 255, or to 65535 when it is above 255;
 *   PBM gives 0 (black) and 255.
 * - BMP: a full grey ramp as palette gives one channel, alpha only where bit fields name it.
 * - EXIF is read from JPEG APP1, PNG eXIf and WebP EXIF; a damaged one counts as none. The
 *   orientation that XMP repeats is not looked at.
 */
ASSAY_NODISCARD assay_status assay_image_decode(assay_image *out, assay_image_format *format,
                                                const uint8_t *bytes, size_t size,
                                                const assay_image_limits *limits, assay_error *err);

#endif
