#include "ops/shared/pixels.h"

double assay_pixels_white(assay_pixel type)
{
    switch (type) {
    case ASSAY_PIXEL_U8:
        return 255.0;
    case ASSAY_PIXEL_U16:
        return 65535.0;
    case ASSAY_PIXEL_F32:
        break;
    }
    return 1.0;
}

static inline double clip(double value, double white)
{
    /* NaN fails both comparisons and stays. */
    return value < 0.0 ? 0.0 : value > white ? white : value;
}

static inline float clip_float(float value, float white)
{
    return value < 0.0F ? 0.0F : value > white ? white : value;
}

/* One loop per sample type; `step` samples of each pixel, of which the first `keep` are colours.
 * The plain case, in which all are, is a loop of its own that the compiler vectorises. */
#define LOAD(name, sample, number)                                                                 \
    static void name(number *out, const sample *from, size_t pixels, size_t keep, size_t step)     \
    {                                                                                              \
        if (keep == step) {                                                                        \
            for (size_t i = 0; i < pixels * keep; i++) {                                           \
                out[i] = (number)from[i];                                                          \
            }                                                                                      \
            return;                                                                                \
        }                                                                                          \
        for (size_t i = 0; i < pixels; i++) {                                                      \
            for (size_t c = 0; c < keep; c++) {                                                    \
                out[i * keep + c] = (number)from[i * step + c];                                    \
            }                                                                                      \
        }                                                                                          \
    }

LOAD(load_u8, uint8_t, double)
LOAD(load_u16, uint16_t, double)
LOAD(load_f32, float, double)
LOAD(load_float_u8, uint8_t, float)
LOAD(load_float_u16, uint16_t, float)
LOAD(load_float_f32, float, float)

#define STORE(name, sample, number, convert)                                                       \
    static void name(sample *to, const number *values, size_t pixels, size_t keep, size_t step)    \
    {                                                                                              \
        if (keep == step) {                                                                        \
            for (size_t i = 0; i < pixels * keep; i++) {                                           \
                to[i] = convert(values[i]);                                                        \
            }                                                                                      \
            return;                                                                                \
        }                                                                                          \
        for (size_t i = 0; i < pixels; i++) {                                                      \
            for (size_t c = 0; c < keep; c++) {                                                    \
                to[i * step + c] = convert(values[i * keep + c]);                                  \
            }                                                                                      \
        }                                                                                          \
    }

/* max(0, x) written so that NaN gives 0; through int32_t because that conversion vectorises. */
static inline uint8_t to_u8(double value)
{
    double low = value > 0.0 ? value : 0.0;
    return (uint8_t)(int32_t)((low < 255.0 ? low : 255.0) + 0.5);
}

static inline uint16_t to_u16(double value)
{
    double low = value > 0.0 ? value : 0.0;
    return (uint16_t)(int32_t)((low < 65535.0 ? low : 65535.0) + 0.5);
}

static inline float to_f32(double value)
{
    return (float)clip(value, 1.0);
}

static inline uint8_t float_to_u8(float value)
{
    return (uint8_t)(int32_t)(clip_float(value, 255.0F) + 0.5F);
}

static inline uint16_t float_to_u16(float value)
{
    /* 65535 + 0.5 is exact in single precision */
    return (uint16_t)(int32_t)(clip_float(value, 65535.0F) + 0.5F);
}

static inline float same(float value)
{
    return value;
}

STORE(store_u8, uint8_t, double, to_u8)
STORE(store_u16, uint16_t, double, to_u16)
STORE(store_f32, float, double, to_f32)
STORE(store_float_u8, uint8_t, float, float_to_u8)
STORE(store_float_u16, uint16_t, float, float_to_u16)
STORE(store_float_f32, float, float, same)

void assay_pixels_load(double *out, const assay_image *image, int32_t y)
{
    const void *row = assay_image_row(image, y);
    size_t pixels = (size_t)image->width;
    size_t keep = (size_t)assay_pixels_colours(image);
    size_t step = (size_t)image->channels;

    switch (image->type) {
    case ASSAY_PIXEL_U8:
        load_u8(out, row, pixels, keep, step);
        break;
    case ASSAY_PIXEL_U16:
        load_u16(out, row, pixels, keep, step);
        break;
    case ASSAY_PIXEL_F32:
        load_f32(out, row, pixels, keep, step);
        break;
    }
}

void assay_pixels_load_float(float *out, const assay_image *image, int32_t y)
{
    const void *row = assay_image_row(image, y);
    size_t pixels = (size_t)image->width;
    size_t keep = (size_t)assay_pixels_colours(image);
    size_t step = (size_t)image->channels;

    switch (image->type) {
    case ASSAY_PIXEL_U8:
        load_float_u8(out, row, pixels, keep, step);
        break;
    case ASSAY_PIXEL_U16:
        load_float_u16(out, row, pixels, keep, step);
        break;
    case ASSAY_PIXEL_F32:
        load_float_f32(out, row, pixels, keep, step);
        break;
    }
}

void assay_pixels_store(assay_image *image, int32_t y, const double *values)
{
    void *row = assay_image_row_mut(image, y);
    size_t pixels = (size_t)image->width;
    size_t keep = (size_t)assay_pixels_colours(image);
    size_t step = (size_t)image->channels;

    switch (image->type) {
    case ASSAY_PIXEL_U8:
        store_u8(row, values, pixels, keep, step);
        break;
    case ASSAY_PIXEL_U16:
        store_u16(row, values, pixels, keep, step);
        break;
    case ASSAY_PIXEL_F32:
        store_f32(row, values, pixels, keep, step);
        break;
    }
}

void assay_pixels_store_float(assay_image *image, int32_t y, const float *values)
{
    void *row = assay_image_row_mut(image, y);
    size_t pixels = (size_t)image->width;
    size_t keep = (size_t)assay_pixels_colours(image);
    size_t step = (size_t)image->channels;

    switch (image->type) {
    case ASSAY_PIXEL_U8:
        store_float_u8(row, values, pixels, keep, step);
        break;
    case ASSAY_PIXEL_U16:
        store_float_u16(row, values, pixels, keep, step);
        break;
    case ASSAY_PIXEL_F32:
        store_float_f32(row, values, pixels, keep, step);
        break;
    }
}
