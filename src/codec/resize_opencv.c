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
#include "codec/resize_rows.h"

typedef assay_interpolate_axis axis;

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
        a->fixed[k] = (int16_t)lrintf(a->real[k] * ASSAY_INTERPOLATE_ONE);
    }
    return ASSAY_OK;
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
                assay_interpolate_across(rows[t], in, row, horizontal);
                held[slot] = row;
            }
        }
        assay_interpolate_down(out, y, rows, vertical);
    }
}

static assay_status resize_separable(assay_image *out, const assay_image *in, int32_t width,
                                     int32_t height, assay_resize_mode mode, assay_error *err)
{
    assay_status status = ASSAY_OK;
    axis horizontal = {0};
    axis vertical = {0};
    uint8_t *slots = NULL;
    const size_t slot_samples = ((size_t)width * (size_t)in->channels + 31U) / 16U * 16U;
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
