/*
 * Pillow's resampling (Image.resize): separable, horizontal pass first, the filter's support grows
 * with the reduction. 8-bit samples use coefficients with 22 fractional bits and are rounded and
 * clipped after each pass; 16-bit and float samples are accumulated in double precision in source
 * order.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/resize_internal.h"

#define PI 3.14159265358979323846

enum { FRACTION_BITS = 32 - 8 - 2, BLOCK = 256 };

/* For every output sample: which source samples it takes, with which weights. */
typedef struct axis {
    int32_t size;   /* output samples */
    int32_t taps;   /* length of a row of weights */
    int32_t *first; /* first source sample */
    int32_t *count; /* number of source samples */
    double *weight; /* size x taps */
    int32_t *fixed; /* the same with FRACTION_BITS */
} axis;

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
    assay_free(a->fixed);
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

static assay_status axis_new(axis *a, int32_t in_size, float from, float to, int32_t size,
                             assay_resize_mode mode, bool fixed, assay_error *err)
{
    double support = 0.0;
    const kernel_fn kernel = kernel_of(mode, &support);
    const double scale = (double)(to - from) / size;
    const double stretch = scale < 1.0 ? 1.0 : scale;
    support *= stretch;
    a->size = size;
    a->taps = (int32_t)ceil(support) * 2 + 1;
    const size_t cells = (size_t)size * (size_t)a->taps;
    a->first = assay_alloc((size_t)size, sizeof(int32_t));
    a->count = assay_alloc((size_t)size, sizeof(int32_t));
    a->weight = assay_alloc(cells, sizeof(double));
    if (a->first == NULL || a->count == NULL || a->weight == NULL) {
        axis_dispose(a);
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < size; i++) {
        axis_fill(a, i, (double)from + (i + 0.5) * scale, support, 1.0 / stretch, in_size, kernel);
    }
    if (!fixed) {
        return ASSAY_OK;
    }
    a->fixed = assay_alloc(cells, sizeof(int32_t));
    if (a->fixed == NULL) {
        axis_dispose(a);
        return assay_fail_memory(err);
    }
    for (size_t k = 0; k < cells; k++) {
        const double w = a->weight[k] * (1 << FRACTION_BITS);
        a->fixed[k] = (int32_t)(w < 0.0 ? w - 0.5 : w + 0.5);
    }
    return ASSAY_OK;
}

/* Sums are kept unsigned, where wrapping is defined, and read as signed. */
static inline uint8_t clip_8(uint32_t sum)
{
    const int32_t value = (int32_t)sum >> FRACTION_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
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

static inline __attribute__((always_inline)) void across_8(uint8_t *out, const uint8_t *in,
                                                           const axis *a, const int channels)
{
    for (int32_t x = 0; x < a->size; x++) {
        const int32_t *k = a->fixed + (size_t)x * (size_t)a->taps;
        const uint8_t *p = in + (size_t)a->first[x] * (size_t)channels;
        uint32_t sum[4] = {1U << (FRACTION_BITS - 1), 1U << (FRACTION_BITS - 1),
                           1U << (FRACTION_BITS - 1), 1U << (FRACTION_BITS - 1)};
        for (int32_t t = 0; t < a->count[x]; t++, p += channels) {
            for (int c = 0; c < channels; c++) {
                sum[c] += (uint32_t)p[c] * (uint32_t)k[t];
            }
        }
        for (int c = 0; c < channels; c++) {
            *out++ = clip_8(sum[c]);
        }
    }
}

static void across_row_8(uint8_t *out, const uint8_t *in, const axis *a, int channels)
{
    switch (channels) {
    case 1:
        across_8(out, in, a, 1);
        break;
    case 2:
        across_8(out, in, a, 2);
        break;
    case 3:
        across_8(out, in, a, 3);
        break;
    default:
        across_8(out, in, a, 4);
        break;
    }
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
static void down_row_8(uint8_t *out, const uint8_t *in, size_t stride, size_t length,
                       const int32_t *k, int32_t count)
{
    uint32_t sum[BLOCK];
    for (size_t x = 0; x < length; x += BLOCK) {
        const size_t n = length - x < BLOCK ? length - x : BLOCK;
        for (size_t i = 0; i < n; i++) {
            sum[i] = 1U << (FRACTION_BITS - 1);
        }
        for (int32_t t = 0; t < count; t++) {
            const uint8_t *p = in + (size_t)t * stride + x;
            const uint32_t weight = (uint32_t)k[t];
            for (size_t i = 0; i < n; i++) {
                sum[i] += (uint32_t)p[i] * weight;
            }
        }
        for (size_t i = 0; i < n; i++) {
            out[x + i] = clip_8(sum[i]);
        }
    }
}

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
    for (int32_t y = 0; y < out->height; y++) {
        void *to = assay_image_row_mut(out, y);
        const void *from = assay_image_row(in, first_row + y);
        switch (in->type) {
        case ASSAY_PIXEL_U8:
            across_row_8(to, from, a, in->channels);
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
            down_row_8(to, from, in->stride, length, a->fixed + row, count);
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
        ASSAY_TRY(assay_image_new(out, width, height, in->channels, in->type, err));
        pass_across(out, in, 0, horizontal, classic);
        return ASSAY_OK;
    }
    if (horizontal == NULL) {
        ASSAY_TRY(assay_image_new(out, width, height, in->channels, in->type, err));
        pass_down(out, in, 0, vertical, classic);
        return ASSAY_OK;
    }
    /* Across touches only the rows that the way down will read. */
    const int32_t first = vertical->first[0];
    const int32_t rows = vertical->first[height - 1] + vertical->count[height - 1] - first;
    assay_image middle = {0};
    ASSAY_TRY(assay_image_new(&middle, vertical_first ? in->width : width,
                              vertical_first ? height
                              : rows < 1     ? 1
                                             : rows,
                              in->channels, in->type, err));
    const assay_status status = assay_image_new(out, width, height, in->channels, in->type, err);
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

/* The source position of each output sample, -1 outside. Positions are accumulated, the rounding
 * errors are part of the result; 16-bit images take another way through Pillow, which multiplies. */
static void nearest_positions(int32_t *out, int32_t size, float from, float to, int32_t in_size,
                              bool multiply)
{
    const double step = (double)(to - from) / size;
    double position = (double)from + step * 0.5;
    for (int32_t i = 0; i < size; i++, position += step) {
        const double here = multiply ? step * (i + 0.5) + (double)from : position;
        const int32_t at = here < 0.0 ? -1 : (int32_t)here;
        out[i] = at < in_size ? at : -1;
    }
}

static inline __attribute__((always_inline)) void
pick_row(uint8_t *out, const uint8_t *in, const int32_t *xs, int32_t width, const size_t bytes)
{
    for (int32_t x = 0; x < width; x++, out += bytes) {
        if (xs[x] >= 0) {
            memcpy(out, in + (size_t)xs[x] * bytes, bytes);
        }
    }
}

static void nearest_row(uint8_t *out, const uint8_t *in, const int32_t *xs, int32_t width,
                        size_t bytes)
{
    switch (bytes) {
    case 1:
        pick_row(out, in, xs, width, 1);
        break;
    case 2:
        pick_row(out, in, xs, width, 2);
        break;
    case 3:
        pick_row(out, in, xs, width, 3);
        break;
    case 4:
        pick_row(out, in, xs, width, 4);
        break;
    default:
        pick_row(out, in, xs, width, bytes);
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
    assay_status status = assay_image_new(out, width, height, in->channels, in->type, err);
    if (status == ASSAY_OK) {
        const size_t bytes = (size_t)in->channels * (size_t)in->type;
        const bool multiply = in->type == ASSAY_PIXEL_U16;
        nearest_positions(xs, width, box.x0, box.x1, in->width, multiply);
        nearest_positions(ys, height, box.y0, box.y1, in->height, multiply);
        for (int32_t y = 0; y < height; y++) {
            if (ys[y] >= 0) {
                nearest_row(assay_image_row_mut(out, y), assay_image_row(in, ys[y]), xs, width,
                            bytes);
            }
        }
    }
    assay_free(xs);
    return status;
}
