#include "codec/image.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/checked_int.h"
#include "codec/image_formats.h"

static assay_status image_prepare(size_t *bytes, size_t *stride, int32_t width, int32_t height,
                                  int32_t channels, assay_pixel type, assay_error *err)
{
    bool known = type == ASSAY_PIXEL_U8 || type == ASSAY_PIXEL_U16 || type == ASSAY_PIXEL_F32;

    if (width < 1 || height < 1 || channels < 1 || channels > 4 || !known) {
        return assay_fail(err, ASSAY_EINVAL,
                          "an image of %d x %d pixels, %d channels, %d bytes per sample cannot be "
                          "made: sides must be at least 1, channels 1 to 4, bytes 1, 2 or 4",
                          width, height, channels, (int)type);
    }
    if (!assay_size_mul(stride, (size_t)width, (size_t)channels * (size_t)type) ||
        !assay_size_mul(bytes, *stride, (size_t)height)) {
        return assay_fail(err, ASSAY_ELIMIT, "an image of %d x %d pixels is too large for memory",
                          width, height);
    }
    return ASSAY_OK;
}

static assay_status image_make(assay_image *image, int32_t width, int32_t height, int32_t channels,
                               assay_pixel type, bool zeroed, assay_error *err)
{
    size_t bytes = 0;
    size_t stride = 0;
    void *data = NULL;

    *image = (assay_image){0};
    ASSAY_TRY(image_prepare(&bytes, &stride, width, height, channels, type, err));
    data = zeroed ? assay_alloc(bytes, 1) : assay_alloc_raw(bytes, 1);
    if (data == NULL) {
        return assay_fail_memory(err);
    }
    *image = (assay_image){.width = width,
                           .height = height,
                           .channels = channels,
                           .type = type,
                           .stride = stride,
                           .data = data};
    return ASSAY_OK;
}

assay_status assay_image_new(assay_image *image, int32_t width, int32_t height, int32_t channels,
                             assay_pixel type, assay_error *err)
{
    return image_make(image, width, height, channels, type, true, err);
}

assay_status assay_image_new_raw(assay_image *image, int32_t width, int32_t height,
                                 int32_t channels, assay_pixel type, assay_error *err)
{
    return image_make(image, width, height, channels, type, false, err);
}

void assay_image_dispose(assay_image *image)
{
    if (image != NULL) {
        assay_free(image->data);
        *image = (assay_image){0};
    }
}

assay_status assay_image_copy(assay_image *out, const assay_image *in, assay_error *err)
{
    ASSAY_TRY(assay_image_new_raw(out, in->width, in->height, in->channels, in->type, err));
    memcpy(out->data, in->data, in->stride * (size_t)in->height);
    return ASSAY_OK;
}

static size_t image_pixels(const assay_image *image)
{
    return (size_t)image->width * (size_t)image->height;
}

static uint8_t u8_from_unit(float value)
{
    double x = (double)value;

    if (!(x > 0.0)) { /* NaN too */
        return 0;
    }
    return x >= 1.0 ? 255 : (uint8_t)floor(x * 255.0 + 0.5);
}

assay_status assay_image_to_u8(assay_image *out, const assay_image *in, assay_error *err)
{
    size_t n = image_pixels(in) * (size_t)in->channels;

    if (in->type == ASSAY_PIXEL_U8) {
        return assay_image_copy(out, in, err);
    }
    ASSAY_TRY(assay_image_new_raw(out, in->width, in->height, in->channels, ASSAY_PIXEL_U8, err));
    uint8_t *to = out->data;
    if (in->type == ASSAY_PIXEL_U16) {
        const uint16_t *from = in->data;
        for (size_t i = 0; i < n; i++) {
            to[i] = (uint8_t)(((uint32_t)from[i] + 128) / 257);
        }
    } else {
        const float *from = in->data;
        for (size_t i = 0; i < n; i++) {
            to[i] = u8_from_unit(from[i]);
        }
    }
    return ASSAY_OK;
}

/* Pillow's L24 weights: 0.299, 0.587, 0.114 in 16-bit fixed point. */
enum { LUMA_R = 19595, LUMA_G = 38470, LUMA_B = 7471 };

static void grey_u8(uint8_t *to, const uint8_t *from, size_t pixels, size_t step)
{
    for (size_t i = 0; i < pixels; i++, from += step) {
        to[i] = (uint8_t)((from[0] * (uint32_t)LUMA_R + from[1] * (uint32_t)LUMA_G +
                           from[2] * (uint32_t)LUMA_B + 0x8000u) >>
                          16);
    }
}

/* The largest sum, 65535 * 65536 + 0x8000, still fits 32 bits. */
static void grey_u16(uint16_t *to, const uint16_t *from, size_t pixels, size_t step)
{
    for (size_t i = 0; i < pixels; i++, from += step) {
        to[i] = (uint16_t)((from[0] * (uint32_t)LUMA_R + from[1] * (uint32_t)LUMA_G +
                            from[2] * (uint32_t)LUMA_B + 0x8000u) >>
                           16);
    }
}

static void grey_f32(float *to, const float *from, size_t pixels, size_t step)
{
    for (size_t i = 0; i < pixels; i++, from += step) {
        to[i] = (float)(((double)from[0] * LUMA_R + (double)from[1] * LUMA_G +
                         (double)from[2] * LUMA_B) /
                        65536.0);
    }
}

/* Copy `keep` of every `step` samples; a single grey sample is repeated when repeat > 1. */
static void samples_pick(uint8_t *to, const uint8_t *from, size_t pixels, size_t step, size_t keep,
                         size_t repeat, size_t sample)
{
    for (size_t i = 0; i < pixels; i++, from += step * sample) {
        for (size_t r = 0; r < repeat; r++, to += keep * sample) {
            memcpy(to, from, keep * sample);
        }
    }
}

assay_status assay_image_to_grey(assay_image *out, const assay_image *in, assay_error *err)
{
    size_t pixels = image_pixels(in);
    size_t step = (size_t)in->channels;

    ASSAY_TRY(assay_image_new_raw(out, in->width, in->height, 1, in->type, err));
    if (in->channels < 3) {
        samples_pick(out->data, in->data, pixels, step, 1, 1, (size_t)in->type);
    } else if (in->type == ASSAY_PIXEL_U8) {
        grey_u8(out->data, in->data, pixels, step);
    } else if (in->type == ASSAY_PIXEL_U16) {
        grey_u16(out->data, in->data, pixels, step);
    } else {
        grey_f32(out->data, in->data, pixels, step);
    }
    return ASSAY_OK;
}

assay_status assay_image_to_rgb(assay_image *out, const assay_image *in, assay_error *err)
{
    bool grey = in->channels < 3;

    ASSAY_TRY(assay_image_new_raw(out, in->width, in->height, 3, in->type, err));
    samples_pick(out->data, in->data, image_pixels(in), (size_t)in->channels, grey ? 1 : 3,
                 grey ? 3 : 1, (size_t)in->type);
    return ASSAY_OK;
}
