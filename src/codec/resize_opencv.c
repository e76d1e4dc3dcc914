/*
 * cv2.resize for 8-bit and float images. Separable: a row is interpolated across once, kept while
 * output rows need it, and the kept rows are combined. 8-bit weights have 11 fractional bits.
 * Float expressions are written in the order in which OpenCV's vector code adds them (its last few
 * samples of a row are added in another order, and so are they here).
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/image_formats.h"
#include "codec/resize_internal.h"

enum { WEIGHT_ONE = 2048, LANES_8 = 8, LANES_F = 4 };

/* One axis of a linear (2 taps) or cubic (4 taps) interpolation. */
typedef struct axis {
    int32_t size;
    int32_t in_size;
    int32_t taps;
    int32_t *at;    /* size: source sample of tap number (taps / 2 - 1); may lie outside */
    float *real;    /* size x taps */
    int16_t *fixed; /* the same times WEIGHT_ONE, rounded to nearest even */
} axis;

static inline int32_t clamp(int32_t value, int32_t size)
{
    return value < 0 ? 0 : value >= size ? size - 1 : value;
}

static inline int32_t floor_int(double value)
{
    return (int32_t)floor(value);
}

static void axis_dispose(axis *a)
{
    assay_free(a->at);
    assay_free(a->real);
    assay_free(a->fixed);
    *a = (axis){0};
}

/* Keys' cubic with a = -3/4; the last weight is what is left of 1. */
static void cubic_weights(float out[4], float x)
{
    const float a = -0.75F;
    const float y = 1.0F - x;
    out[0] = ((a * (x + 1.0F) - 5.0F * a) * (x + 1.0F) + 8.0F * a) * (x + 1.0F) - 4.0F * a;
    out[1] = ((a + 2.0F) * x - (a + 3.0F)) * x * x + 1.0F;
    out[2] = ((a + 2.0F) * y - (a + 3.0F)) * y * y + 1.0F;
    out[3] = 1.0F - out[0] - out[1] - out[2];
}

static void axis_fill(axis *a, int32_t i, double scale, double inverse, assay_resize_mode mode,
                      int clip)
{
    float *w = a->real + (size_t)i * (size_t)a->taps;
    float fraction;
    int32_t at;
    if (mode == ASSAY_RESIZE_OPENCV_AREA) {
        at = floor_int(i * scale);
        fraction = (float)((i + 1) - (at + 1) * inverse);
        fraction = fraction <= 0.0F ? 0.0F : fraction - floorf(fraction);
    } else {
        fraction = (float)((i + 0.5) * scale - 0.5);
        at = floor_int(fraction);
        fraction -= (float)at;
    }
    if (clip && (at < 0 || at >= a->in_size - 1)) {
        at = clamp(at, a->in_size);
        fraction = 0.0F;
    }
    a->at[i] = at;
    if (mode == ASSAY_RESIZE_OPENCV_CUBIC) {
        cubic_weights(w, fraction);
    } else {
        w[0] = 1.0F - fraction;
        w[1] = fraction;
    }
}

/* `clip`: positions outside are moved to the border sample (OpenCV does so across, not down). */
static assay_status axis_new(axis *a, int32_t in_size, int32_t size, assay_resize_mode mode,
                             int clip, assay_error *err)
{
    const double inverse = (double)size / in_size;
    a->size = size;
    a->in_size = in_size;
    a->taps = mode == ASSAY_RESIZE_OPENCV_CUBIC ? 4 : 2;
    const size_t cells = (size_t)size * (size_t)a->taps;
    a->at = assay_alloc((size_t)size, sizeof(int32_t));
    a->real = assay_alloc(cells, sizeof(float));
    a->fixed = assay_alloc(cells, sizeof(int16_t));
    if (a->at == NULL || a->real == NULL || a->fixed == NULL) {
        axis_dispose(a);
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < size; i++) {
        axis_fill(a, i, 1.0 / inverse, inverse, mode, clip && a->taps == 2);
    }
    for (size_t k = 0; k < cells; k++) {
        a->fixed[k] = (int16_t)lrintf(a->real[k] * WEIGHT_ONE);
    }
    return ASSAY_OK;
}

/* ---- linear -------------------------------------------------------------------------------- */

/* The lowest four bits are dropped here, before the second multiplication, as OpenCV does. */
static inline __attribute__((always_inline)) void linear_across_8(int16_t *out, const uint8_t *in,
                                                                  const axis *a, const int channels)
{
    for (int32_t x = 0; x < a->size; x++) {
        const int32_t w0 = a->fixed[2 * x];
        const int32_t w1 = a->fixed[2 * x + 1];
        const uint8_t *p = in + (ptrdiff_t)a->at[x] * channels;
        const uint8_t *q = a->at[x] + 1 < a->in_size ? p + channels : p;
        for (int c = 0; c < channels; c++) {
            *out++ = (int16_t)((p[c] * w0 + q[c] * w1) >> 4);
        }
    }
}

static inline __attribute__((always_inline)) void linear_across_f(float *out, const float *in,
                                                                  const axis *a, const int channels)
{
    for (int32_t x = 0; x < a->size; x++) {
        const float w0 = a->real[2 * x];
        const float w1 = a->real[2 * x + 1];
        const float *p = in + (ptrdiff_t)a->at[x] * channels;
        const float *q = a->at[x] + 1 < a->in_size ? p + channels : p;
        for (int c = 0; c < channels; c++) {
            *out++ = p[c] * w0 + q[c] * w1;
        }
    }
}

static void linear_down_8(uint8_t *restrict out, const int16_t *restrict r0,
                          const int16_t *restrict r1, const int16_t *w, size_t n)
{
    const int16_t w0 = w[0];
    const int16_t w1 = w[1];
    for (size_t i = 0; i < n; i++) {
        const int16_t upper = (int16_t)((r0[i] * w0) >> 16);
        const int16_t lower = (int16_t)((r1[i] * w1) >> 16);
        out[i] = (uint8_t)((int16_t)(upper + lower + 2) >> 2);
    }
}

static void linear_down_f(float *restrict out, const float *restrict r0, const float *restrict r1,
                          const float *w, size_t n)
{
    const float w0 = w[0];
    const float w1 = w[1];
    for (size_t i = 0; i < n; i++) {
        out[i] = r0[i] * w0 + r1[i] * w1;
    }
}

/* ---- cubic --------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void cubic_across_8(int32_t *out, const uint8_t *in,
                                                                 const axis *a, const int channels)
{
    for (int32_t x = 0; x < a->size; x++) {
        const int16_t *w = a->fixed + 4 * (size_t)x;
        const uint8_t *p[4];
        for (int t = 0; t < 4; t++) {
            p[t] = in + (ptrdiff_t)clamp(a->at[x] - 1 + t, a->in_size) * channels;
        }
        for (int c = 0; c < channels; c++) {
            *out++ = p[0][c] * w[0] + p[1][c] * w[1] + p[2][c] * w[2] + p[3][c] * w[3];
        }
    }
}

static inline __attribute__((always_inline)) void cubic_across_f(float *out, const float *in,
                                                                 const axis *a, const int channels)
{
    for (int32_t x = 0; x < a->size; x++) {
        const float *w = a->real + 4 * (size_t)x;
        const float *p[4];
        for (int t = 0; t < 4; t++) {
            p[t] = in + (ptrdiff_t)clamp(a->at[x] - 1 + t, a->in_size) * channels;
        }
        for (int c = 0; c < channels; c++) {
            *out++ = p[0][c] * w[0] + p[1][c] * w[1] + p[2][c] * w[2] + p[3][c] * w[3];
        }
    }
}

/* Round to nearest even: adding 3 * 2^22 leaves no fractional bits. For |value| < 2^22. */
static inline int32_t round_even(float value)
{
    const float shifted = value + 12582912.0F;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return bits - 0x4B400000;
}

static inline uint8_t clip_8(int32_t value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void cubic_down_8(uint8_t *restrict out, int32_t *const rows[4], const int16_t *w, size_t n)
{
    const float unit = 1.0F / (WEIGHT_ONE * WEIGHT_ONE);
    const float f0 = (float)w[0] * unit;
    const float f1 = (float)w[1] * unit;
    const float f2 = (float)w[2] * unit;
    const float f3 = (float)w[3] * unit;
    const int32_t *restrict r0 = rows[0];
    const int32_t *restrict r1 = rows[1];
    const int32_t *restrict r2 = rows[2];
    const int32_t *restrict r3 = rows[3];
    const size_t vector = n - n % LANES_8;
    for (size_t i = 0; i < vector; i++) {
        const float sum =
            (float)r0[i] * f0 + ((float)r1[i] * f1 + ((float)r2[i] * f2 + (float)r3[i] * f3));
        out[i] = clip_8(round_even(sum));
    }
    for (size_t i = vector; i < n; i++) {
        const int32_t sum = r0[i] * w[0] + r1[i] * w[1] + r2[i] * w[2] + r3[i] * w[3];
        out[i] = clip_8((sum + (1 << 21)) >> 22);
    }
}

static void cubic_down_f(float *restrict out, float *const rows[4], const float *w, size_t n)
{
    const float w0 = w[0];
    const float w1 = w[1];
    const float w2 = w[2];
    const float w3 = w[3];
    const float *restrict r0 = rows[0];
    const float *restrict r1 = rows[1];
    const float *restrict r2 = rows[2];
    const float *restrict r3 = rows[3];
    const size_t vector = n - n % LANES_F;
    for (size_t i = 0; i < vector; i++) {
        out[i] = r0[i] * w0 + (r1[i] * w1 + (r2[i] * w2 + r3[i] * w3));
    }
    for (size_t i = vector; i < n; i++) {
        out[i] = ((r0[i] * w0 + r1[i] * w1) + r2[i] * w2) + r3[i] * w3;
    }
}

/* ---- the two passes ------------------------------------------------------------------------ */

#define BY_CHANNELS(function, out, in, a, channels)                                                \
    do {                                                                                           \
        switch (channels) {                                                                        \
        case 1:                                                                                    \
            function(out, in, a, 1);                                                               \
            break;                                                                                 \
        case 2:                                                                                    \
            function(out, in, a, 2);                                                               \
            break;                                                                                 \
        case 3:                                                                                    \
            function(out, in, a, 3);                                                               \
            break;                                                                                 \
        default:                                                                                   \
            function(out, in, a, 4);                                                               \
            break;                                                                                 \
        }                                                                                          \
    } while (0)

static void row_across(void *out, const assay_image *in, int32_t y, const axis *a)
{
    const void *from = assay_image_row(in, y);
    if (in->type == ASSAY_PIXEL_U8 && a->taps == 2) {
        BY_CHANNELS(linear_across_8, out, from, a, in->channels);
    } else if (in->type == ASSAY_PIXEL_U8) {
        BY_CHANNELS(cubic_across_8, out, from, a, in->channels);
    } else if (a->taps == 2) {
        BY_CHANNELS(linear_across_f, out, from, a, in->channels);
    } else {
        BY_CHANNELS(cubic_across_f, out, from, a, in->channels);
    }
}

static void row_down(assay_image *out, int32_t y, void *const rows[4], const axis *a)
{
    void *to = assay_image_row_mut(out, y);
    const size_t n = (size_t)out->width * (size_t)out->channels;
    const int16_t *fixed = a->fixed + (size_t)y * (size_t)a->taps;
    const float *real = a->real + (size_t)y * (size_t)a->taps;
    if (out->type == ASSAY_PIXEL_U8 && a->taps == 2) {
        linear_down_8(to, rows[0], rows[1], fixed, n);
    } else if (out->type == ASSAY_PIXEL_U8) {
        int32_t *const r[4] = {rows[0], rows[1], rows[2], rows[3]};
        cubic_down_8(to, r, fixed, n);
    } else if (a->taps == 2) {
        linear_down_f(to, rows[0], rows[1], real, n);
    } else {
        float *const r[4] = {rows[0], rows[1], rows[2], rows[3]};
        cubic_down_f(to, r, real, n);
    }
}

/* Interpolated rows live in slot (row number mod taps): the rows of one output row are consecutive,
 * so they never share a slot. */
static void interpolate_rows(assay_image *out, const assay_image *in, const axis *horizontal,
                             const axis *vertical, uint8_t *slots, size_t slot_bytes)
{
    int32_t held[4] = {-1, -1, -1, -1};
    const int32_t taps = vertical->taps;
    for (int32_t y = 0; y < out->height; y++) {
        void *rows[4] = {NULL, NULL, NULL, NULL};
        for (int32_t t = 0; t < taps; t++) {
            const int32_t row = clamp(vertical->at[y] - taps / 2 + 1 + t, in->height);
            const int32_t slot = row % taps;
            rows[t] = slots + (size_t)slot * slot_bytes;
            if (held[slot] != row) {
                row_across(rows[t], in, row, horizontal);
                held[slot] = row;
            }
        }
        row_down(out, y, rows, vertical);
    }
}

static assay_status resize_separable(assay_image *out, const assay_image *in, int32_t width,
                                     int32_t height, assay_resize_mode mode, assay_error *err)
{
    assay_status status = ASSAY_OK;
    axis horizontal = {0};
    axis vertical = {0};
    uint8_t *slots = NULL;
    const size_t slot_samples = ((size_t)width * (size_t)in->channels + 15U) / 16U * 16U;
    ASSAY_GOTO(axis_new(&horizontal, in->width, width, mode, 1, err), done);
    ASSAY_GOTO(axis_new(&vertical, in->height, height, mode, 0, err), done);
    slots = assay_alloc_raw(slot_samples * (size_t)vertical.taps, sizeof(int32_t));
    if (slots == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_image_new_raw(out, width, height, in->channels, in->type, err), done);
    interpolate_rows(out, in, &horizontal, &vertical, slots, slot_samples * sizeof(int32_t));
done:
    assay_free(slots);
    axis_dispose(&horizontal);
    axis_dispose(&vertical);
    return status;
}

/* ---- nearest ------------------------------------------------------------------------------- */

static assay_status resize_nearest(assay_image *out, const assay_image *in, int32_t width,
                                   int32_t height, assay_error *err)
{
    int32_t *xs = assay_alloc((size_t)width, sizeof(int32_t));
    if (xs == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_image_new_raw(out, width, height, in->channels, in->type, err);
    if (status == ASSAY_OK) {
        const double step_x = 1.0 / ((double)width / in->width);
        const double step_y = 1.0 / ((double)height / in->height);
        const size_t bytes = (size_t)in->channels * (size_t)in->type;
        for (int32_t x = 0; x < width; x++) {
            xs[x] = clamp(floor_int(x * step_x), in->width);
        }
        for (int32_t y = 0; y < height; y++) {
            const int32_t row = clamp(floor_int(y * step_y), in->height);
            assay_resize_pick(assay_image_row_mut(out, y), assay_image_row(in, row), xs, width,
                              in->width, bytes);
        }
    }
    assay_free(xs);
    return status;
}

assay_status assay_resize_opencv(assay_image *out, const assay_image *in, int32_t width,
                                 int32_t height, assay_resize_mode mode, assay_error *err)
{
    if (mode == ASSAY_RESIZE_OPENCV_NEAREST) {
        return resize_nearest(out, in, width, height, err);
    }
    const double scale_x = 1.0 / ((double)width / in->width);
    const double scale_y = 1.0 / ((double)height / in->height);
    /* Linear at exactly one half on both axes is the mean of 2 x 2 samples in OpenCV. */
    const int halves = in->width == 2 * width && in->height == 2 * height;
    if ((mode == ASSAY_RESIZE_OPENCV_AREA && scale_x >= 1.0 && scale_y >= 1.0) ||
        (mode == ASSAY_RESIZE_OPENCV_LINEAR && halves)) {
        ASSAY_TRY(assay_image_new_raw(out, width, height, in->channels, in->type, err));
        const assay_status status = assay_resize_opencv_area(out, in, scale_x, scale_y, err);
        if (status != ASSAY_OK) {
            assay_image_dispose(out);
        }
        return status;
    }
    return resize_separable(out, in, width, height, mode, err);
}
