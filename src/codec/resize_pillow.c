/*
 * Pillow's resampling (Image.resize): separable, horizontal pass first, the filter's support grows
 * with the reduction. 8-bit samples use coefficients with 22 fractional bits and are rounded and
 * clipped after each pass; 16-bit and float samples are accumulated in double precision in source
 * order.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/image_formats.h"
#include "codec/resize_internal.h"
#include "codec/resize_kernels.h"

#define PI 3.14159265358979323846

enum { BLOCK = 256 };

typedef assay_resample_axis axis;

typedef double (*kernel_fn)(double x);

static double kernel_box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static double kernel_bilinear(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

/* Pillow writes the two constants in single precision. */
static double kernel_hamming(double x)
{
    x = fabs(x);
    if (x == 0.0) {
        return 1.0;
    }
    if (x >= 1.0) {
        return 0.0;
    }
    x *= PI;
    return sin(x) / x * ((double)0.54F + (double)0.46F * cos(x));
}

/* Keys' cubic with a = -1/2. */
static double kernel_bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0) {
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    }
    if (x < 2.0) {
        return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
    }
    return 0.0;
}

static double sinc(double x)
{
    if (x == 0.0) {
        return 1.0;
    }
    x *= PI;
    return sin(x) / x;
}

static double kernel_lanczos(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

static kernel_fn kernel_of(assay_resize_mode mode, double *support)
{
    switch (mode) {
    case ASSAY_RESIZE_PILLOW_BOX:
        *support = 0.5;
        return kernel_box;
    case ASSAY_RESIZE_PILLOW_BILINEAR:
        *support = 1.0;
        return kernel_bilinear;
    case ASSAY_RESIZE_PILLOW_HAMMING:
        *support = 1.0;
        return kernel_hamming;
    case ASSAY_RESIZE_PILLOW_BICUBIC:
        *support = 2.0;
        return kernel_bicubic;
    default:
        *support = 3.0;
        return kernel_lanczos;
    }
}

static void axis_dispose(axis *a)
{
    assay_free(a->first);
    assay_free(a->count);
    assay_free(a->weight);
    assay_free(a->high);
    assay_free(a->low);
    *a = (axis){0};
}

static void axis_fill(axis *a, int32_t i, double center, double support, double step,
                      int32_t in_size, kernel_fn kernel)
{
    int32_t first = (int32_t)(center - support + 0.5);
    int32_t last = (int32_t)(center + support + 0.5);
    first = first < 0 ? 0 : first;
    last = last > in_size ? in_size : last;
    double *weight = a->weight + (size_t)i * (size_t)a->taps;
    double sum = 0.0;
    const int32_t count = last - first;
    for (int32_t t = 0; t < count; t++) {
        weight[t] = kernel(((double)(t + first) - center + 0.5) * step);
        sum += weight[t];
    }
    for (int32_t t = 0; t < count && sum != 0.0; t++) {
        weight[t] /= sum;
    }
    a->first[i] = first;
    a->count[i] = count > 0 ? count : 0;
}

/* Weights as fixed-point numbers, split in two halves; the real ones are let go. Weights are of the
 * order of 1, so 16 bit hold the upper half. */
static assay_status axis_fix(axis *a, assay_error *err)
{
    const size_t cells = (size_t)a->size * (size_t)a->taps;
    a->high = assay_alloc(cells, sizeof(int16_t));
    a->low = assay_alloc(cells, sizeof(int16_t));
    if (a->high == NULL || a->low == NULL) {
        axis_dispose(a);
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < a->size; i++) {
        const size_t row = (size_t)i * (size_t)a->taps;
        for (size_t k = row; k < row + (size_t)a->count[i]; k++) {
            const double w = a->weight[k] * (1 << ASSAY_RESAMPLE_BITS);
            const int32_t fixed = (int32_t)(w < 0.0 ? w - 0.5 : w + 0.5);
            a->high[k] = (int16_t)(fixed >> ASSAY_RESAMPLE_LOW_BITS);
            a->low[k] = (int16_t)(fixed & ((1 << ASSAY_RESAMPLE_LOW_BITS) - 1));
        }
    }
    assay_free(a->weight);
    a->weight = NULL;
    return ASSAY_OK;
}

static assay_status axis_new(axis *a, int32_t in_size, float from, float to, int32_t size,
                             assay_resize_mode mode, bool fixed, assay_error *err)
{
    double support = 0.0;
    const kernel_fn kernel = kernel_of(mode, &support);
    const double scale = (double)(to - from) / size;
    const double stretch = scale < 1.0 ? 1.0 : scale;
    support *= stretch;
    a->size = size;
    a->taps = ((int32_t)ceil(support) * 2 + 1 + 7) / 8 * 8;
    a->first = assay_alloc((size_t)size, sizeof(int32_t));
    a->count = assay_alloc((size_t)size, sizeof(int32_t));
    a->weight = assay_alloc((size_t)size * (size_t)a->taps, sizeof(double));
    if (a->first == NULL || a->count == NULL || a->weight == NULL) {
        axis_dispose(a);
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < size; i++) {
        axis_fill(a, i, (double)from + (i + 0.5) * scale, support, 1.0 / stretch, in_size, kernel);
    }
    return fixed ? axis_fix(a, err) : ASSAY_OK;
}

/* Up to version 12 Pillow writes the two bytes of a 16-bit sample separately, each of them clipped:
 * an overshoot keeps its low byte. */
static inline uint16_t clip_16(double sum, bool classic)
{
    const int32_t value = (int32_t)(sum >= 0.0 ? sum + 0.5 : sum - 0.5);
    if (value < 0) {
        return 0;
    }
    if (value <= 65535) {
        return (uint16_t)value;
    }
    return (uint16_t)(classic ? 0xFF00 | (value & 255) : 65535);
}

static inline __attribute__((always_inline)) void across_real(float *out, const float *in,
                                                              const axis *a, const int channels)
{
    for (int32_t x = 0; x < a->size; x++) {
        const double *k = a->weight + (size_t)x * (size_t)a->taps;
        const float *p = in + (size_t)a->first[x] * (size_t)channels;
        double sum[4] = {0.0, 0.0, 0.0, 0.0};
        for (int32_t t = 0; t < a->count[x]; t++, p += channels) {
            for (int c = 0; c < channels; c++) {
                sum[c] += (double)p[c] * k[t];
            }
        }
        for (int c = 0; c < channels; c++) {
            *out++ = (float)sum[c];
        }
    }
}

static void across_row_real(float *out, const float *in, const axis *a, int channels)
{
    switch (channels) {
    case 1:
        across_real(out, in, a, 1);
        break;
    case 2:
        across_real(out, in, a, 2);
        break;
    case 3:
        across_real(out, in, a, 3);
        break;
    default:
        across_real(out, in, a, 4);
        break;
    }
}

static void across_row_16(uint16_t *out, const uint16_t *in, const axis *a, bool classic)
{
    for (int32_t x = 0; x < a->size; x++) {
        const double *k = a->weight + (size_t)x * (size_t)a->taps;
        double sum = 0.0;
        for (int32_t t = 0; t < a->count[x]; t++) {
            sum += (double)in[a->first[x] + t] * k[t];
        }
        out[x] = clip_16(sum, classic);
    }
}

/* One output row from `count` rows that lie `stride` bytes apart. Blocks keep the sums in cache. */
static void down_row_16(uint16_t *out, const uint8_t *in, size_t stride, size_t length,
                        const double *k, int32_t count, bool classic)
{
    double sum[BLOCK];
    for (size_t x = 0; x < length; x += BLOCK) {
        const size_t n = length - x < BLOCK ? length - x : BLOCK;
        memset(sum, 0, sizeof sum);
        for (int32_t t = 0; t < count; t++) {
            const uint16_t *p = (const uint16_t *)(const void *)(in + (size_t)t * stride) + x;
            for (size_t i = 0; i < n; i++) {
                sum[i] += (double)p[i] * k[t];
            }
        }
        for (size_t i = 0; i < n; i++) {
            out[x + i] = clip_16(sum[i], classic);
        }
    }
}

static void down_row_real(float *out, const uint8_t *in, size_t stride, size_t length,
                          const double *k, int32_t count)
{
    double sum[BLOCK];
    for (size_t x = 0; x < length; x += BLOCK) {
        const size_t n = length - x < BLOCK ? length - x : BLOCK;
        memset(sum, 0, sizeof sum);
        for (int32_t t = 0; t < count; t++) {
            const float *p = (const float *)(const void *)(in + (size_t)t * stride) + x;
            for (size_t i = 0; i < n; i++) {
                sum[i] += (double)p[i] * k[t];
            }
        }
        for (size_t i = 0; i < n; i++) {
            out[x + i] = (float)sum[i];
        }
    }
}

/* Rows first_row .. first_row + out->height - 1 of `in`. */
static void pass_across(assay_image *out, const assay_image *in, int32_t first_row, const axis *a,
                        bool classic)
{
    const uint8_t *end = assay_image_row(in, in->height);
    for (int32_t y = 0; y < out->height; y++) {
        void *to = assay_image_row_mut(out, y);
        const void *from = assay_image_row(in, first_row + y);
        switch (in->type) {
        case ASSAY_PIXEL_U8:
            assay_resample_across_8(to, from, end, a, in->channels);
            break;
        case ASSAY_PIXEL_U16:
            across_row_16(to, from, a, classic);
            break;
        case ASSAY_PIXEL_F32:
            across_row_real(to, from, a, in->channels);
            break;
        }
    }
}

/* `in` begins at source row first_row. */
static void pass_down(assay_image *out, const assay_image *in, int32_t first_row, const axis *a,
                      bool classic)
{
    const size_t length = (size_t)in->width * (size_t)in->channels;
    for (int32_t y = 0; y < out->height; y++) {
        void *to = assay_image_row_mut(out, y);
        const size_t row = (size_t)y * (size_t)a->taps;
        const int32_t count = a->count[y];
        const uint8_t *from = assay_image_row(in, count > 0 ? a->first[y] - first_row : 0);
        switch (in->type) {
        case ASSAY_PIXEL_U8:
            assay_resample_down_8(to, from, in->stride, length, a, y);
            break;
        case ASSAY_PIXEL_U16:
            down_row_16(to, from, in->stride, length, a->weight + row, count, classic);
            break;
        case ASSAY_PIXEL_F32:
            down_row_real(to, from, in->stride, length, a->weight + row, count);
            break;
        }
    }
}

/* The two passes in either order; a NULL axis means that the pass is not needed. */
static assay_status two_passes(assay_image *out, const assay_image *in, const axis *horizontal,
                               const axis *vertical, bool vertical_first, bool classic,
                               assay_error *err)
{
    const int32_t width = horizontal != NULL ? horizontal->size : in->width;
    const int32_t height = vertical != NULL ? vertical->size : in->height;
    if (vertical == NULL) {
        ASSAY_TRY(assay_image_new_raw(out, width, height, in->channels, in->type, err));
        pass_across(out, in, 0, horizontal, classic);
        return ASSAY_OK;
    }
    if (horizontal == NULL) {
        ASSAY_TRY(assay_image_new_raw(out, width, height, in->channels, in->type, err));
        pass_down(out, in, 0, vertical, classic);
        return ASSAY_OK;
    }
    /* Across touches only the rows that the way down will read. */
    const int32_t first = vertical->first[0];
    const int32_t rows = vertical->first[height - 1] + vertical->count[height - 1] - first;
    assay_image middle = {0};
    ASSAY_TRY(assay_image_new_raw(&middle, vertical_first ? in->width : width,
                                  vertical_first ? height
                                  : rows < 1     ? 1
                                                 : rows,
                                  in->channels, in->type, err));
    const assay_status status =
        assay_image_new_raw(out, width, height, in->channels, in->type, err);
    if (status == ASSAY_OK && vertical_first) {
        pass_down(&middle, in, 0, vertical, classic);
        pass_across(out, &middle, 0, horizontal, classic);
    } else if (status == ASSAY_OK) {
        if (rows > 0) {
            pass_across(&middle, in, first, horizontal, classic);
        }
        pass_down(out, &middle, first, vertical, classic);
    }
    assay_image_dispose(&middle);
    return status;
}

assay_status assay_resize_pillow_filtered(assay_image *out, const assay_image *in,
                                          assay_resize_region box, int32_t width, int32_t height,
                                          assay_resize_mode mode, bool classic, assay_error *err)
{
    assay_status status = ASSAY_OK;
    axis horizontal = {0};
    axis vertical = {0};
    const bool fixed = in->type == ASSAY_PIXEL_U8;
    const bool across = width != in->width || box.x0 != 0.0F || box.x1 != (float)width;
    const bool down = height != in->height || box.y0 != 0.0F || box.y1 != (float)height;
    const bool vertical_first =
        !classic && in->height > height && in->height - height > 2 * ((int64_t)in->width - width);
    if (down) {
        ASSAY_GOTO(axis_new(&vertical, in->height, box.y0, box.y1, height, mode, fixed, err), done);
    }
    if (across) {
        ASSAY_GOTO(axis_new(&horizontal, in->width, box.x0, box.x1, width, mode, fixed, err), done);
    }
    status = two_passes(out, in, across ? &horizontal : NULL, down ? &vertical : NULL,
                        vertical_first, classic, err);
done:
    axis_dispose(&vertical);
    axis_dispose(&horizontal);
    return status;
}

/* The source position of each output sample, -1 outside; true when none is. Positions are accumulated, the rounding
 * errors are part of the result; 16-bit images take another way through Pillow, which multiplies. */
static bool nearest_positions(int32_t *out, int32_t size, float from, float to, int32_t in_size,
                              bool multiply)
{
    const double step = (double)(to - from) / size;
    double position = (double)from + step * 0.5;
    bool inside = true;
    for (int32_t i = 0; i < size; i++, position += step) {
        const double here = multiply ? step * (i + 0.5) + (double)from : position;
        const int32_t at = here < 0.0 ? -1 : (int32_t)here;
        out[i] = at < in_size ? at : -1;
        inside = inside && out[i] >= 0;
    }
    return inside;
}

static inline __attribute__((always_inline)) void
pick(uint8_t *out, const uint8_t *in, const int32_t *xs, int32_t width, const size_t bytes)
{
    for (int32_t x = 0; x < width; x++, out += bytes) {
        if (xs[x] >= 0) {
            memcpy(out, in + (size_t)xs[x] * bytes, bytes);
        }
    }
}

/* Four bytes are moved for each pixel of three; the next pixel covers the fourth. Returns how many
 * pixels are done: positions outside lie at the ends only. */
static int32_t pick_three(uint8_t *restrict out, const uint8_t *restrict in,
                          const int32_t *restrict xs, int32_t width, int32_t in_width)
{
    int32_t n = xs[0] >= 0 ? width - 1 : 0;
    while (n > 0 && (xs[n - 1] < 0 || xs[n - 1] + 1 >= in_width)) {
        n--;
    }
    for (int32_t x = 0; x < n; x++) {
        memcpy(out + 3 * (ptrdiff_t)x, in + 3 * (ptrdiff_t)xs[x], 4);
    }
    return n;
}

void assay_resize_pick(uint8_t *out, const uint8_t *in, const int32_t *xs, int32_t width,
                       int32_t in_width, size_t bytes)
{
    int32_t done = 0;
    switch (bytes) {
    case 1:
        pick(out, in, xs, width, 1);
        break;
    case 2:
        pick(out, in, xs, width, 2);
        break;
    case 3:
        done = pick_three(out, in, xs, width, in_width);
        pick(out + 3 * (ptrdiff_t)done, in, xs + done, width - done, 3);
        break;
    case 4:
        pick(out, in, xs, width, 4);
        break;
    case 8:
        pick(out, in, xs, width, 8);
        break;
    case 12:
        pick(out, in, xs, width, 12);
        break;
    default:
        pick(out, in, xs, width, bytes);
        break;
    }
}

assay_status assay_resize_pillow_nearest(assay_image *out, const assay_image *in,
                                         assay_resize_region box, int32_t width, int32_t height,
                                         assay_error *err)
{
    int32_t *xs = assay_alloc((size_t)width + (size_t)height, sizeof(int32_t));
    if (xs == NULL) {
        return assay_fail_memory(err);
    }
    int32_t *ys = xs + width;
    const bool multiply = in->type == ASSAY_PIXEL_U16;
    const bool full_x = nearest_positions(xs, width, box.x0, box.x1, in->width, multiply);
    const bool full_y = nearest_positions(ys, height, box.y0, box.y1, in->height, multiply);
    const assay_status status =
        full_x && full_y ? assay_image_new_raw(out, width, height, in->channels, in->type, err)
                         : assay_image_new(out, width, height, in->channels, in->type, err);
    if (status == ASSAY_OK) {
        const size_t bytes = (size_t)in->channels * (size_t)in->type;
        for (int32_t y = 0; y < height; y++) {
            if (ys[y] >= 0) {
                assay_resize_pick(assay_image_row_mut(out, y), assay_image_row(in, ys[y]), xs,
                                  width, in->width, bytes);
            }
        }
    }
    assay_free(xs);
    return status;
}
