/*
 * 8-bit alpha in Pillow's arithmetic (RGBA <-> RGBa, LA <-> La): products are divided by 255 with
 * rounding, quotients are truncated and clipped, and pixels with alpha 0 or 255 are left alone on
 * the way back.
 */
#include "codec/resize_internal.h"

static inline uint8_t times_255(uint32_t a, uint32_t b)
{
    uint32_t t = a * b + 128U;
    return (uint8_t)((t + (t >> 8)) >> 8);
}

void assay_alpha_premultiply(assay_image *image)
{
    const int colours = image->channels - 1;
    for (int32_t y = 0; y < image->height; y++) {
        uint8_t *p = assay_image_row_mut(image, y);
        for (int32_t x = 0; x < image->width; x++, p += colours + 1) {
            for (int c = 0; c < colours; c++) {
                p[c] = times_255(p[c], p[colours]);
            }
        }
    }
}

void assay_alpha_unpremultiply(assay_image *image)
{
    const int colours = image->channels - 1;
    for (int32_t y = 0; y < image->height; y++) {
        uint8_t *p = assay_image_row_mut(image, y);
        for (int32_t x = 0; x < image->width; x++, p += colours + 1) {
            const uint32_t alpha = p[colours];
            if (alpha == 0U || alpha == 255U) {
                continue;
            }
            for (int c = 0; c < colours; c++) {
                uint32_t value = 255U * p[c] / alpha;
                p[c] = value > 255U ? 255U : (uint8_t)value;
            }
        }
    }
}
