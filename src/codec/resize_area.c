/*
 * OpenCV's INTER_AREA for reductions: means of whole blocks when both scales are whole numbers,
 * else weighted means in single precision, summed in source order.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/resize_internal.h"

/* Source samples and weights of every output sample of one axis, one after another. */
typedef struct cells {
    int32_t size;
    int32_t *start; /* size + 1: where each output's entries begin in from/weight */
    int32_t *from;
    float *weight;
} cells;

static void cells_dispose(cells *a)
{
    assay_free(a->start);
    assay_free(a->from);
    assay_free(a->weight);
    *a = (cells){0};
}

static int32_t cells_put(cells *a, int32_t k, int32_t from, double weight)
{
    a->from[k] = from;
    a->weight[k] = (float)weight;
    return k + 1;
}

static assay_status cells_new(cells *a, int32_t in_size, int32_t size, double scale,
                              assay_error *err)
{
    const size_t most = (size_t)in_size * 2U + (size_t)size * 2U;
    a->size = size;
    a->start = assay_alloc((size_t)size + 1U, sizeof(int32_t));
    a->from = assay_alloc(most, sizeof(int32_t));
    a->weight = assay_alloc(most, sizeof(float));
    if (a->start == NULL || a->from == NULL || a->weight == NULL) {
        cells_dispose(a);
        return assay_fail_memory(err);
    }
    int32_t k = 0;
    for (int32_t i = 0; i < size; i++) {
        const double left = i * scale;
        const double right = left + scale;
        const double extent = fmin(scale, in_size - left);
        int32_t last = (int32_t)floor(right);
        last = last < in_size - 1 ? last : in_size - 1;
        int32_t first = (int32_t)ceil(left);
        first = first < last ? first : last;
        a->start[i] = k;
        if (first - left > 1e-3) {
            k = cells_put(a, k, first - 1, (first - left) / extent);
        }
        for (int32_t at = first; at < last; at++) {
            k = cells_put(a, k, at, 1.0 / extent);
        }
        if (right - last > 1e-3) {
            k = cells_put(a, k, last, fmin(fmin(right - last, 1.0), extent) / extent);
        }
    }
    a->start[size] = k;
    return ASSAY_OK;
}

#define DEFINE_ACROSS(name, sample)                                                                \
    static inline __attribute__((always_inline)) void name(float *out, const sample *in,           \
                                                           const cells *a, const int channels)     \
    {                                                                                              \
        for (int32_t x = 0; x < a->size; x++) {                                                    \
            float sum[4] = {0.0F, 0.0F, 0.0F, 0.0F};                                               \
            for (int32_t k = a->start[x]; k < a->start[x + 1]; k++) {                              \
                const sample *p = in + (ptrdiff_t)a->from[k] * channels;                           \
                for (int c = 0; c < channels; c++) {                                               \
                    sum[c] += (float)p[c] * a->weight[k];                                          \
                }                                                                                  \
            }                                                                                      \
            for (int c = 0; c < channels; c++) {                                                   \
                *out++ = sum[c];                                                                   \
            }                                                                                      \
        }                                                                                          \
    }

DEFINE_ACROSS(area_across_8, uint8_t)
DEFINE_ACROSS(area_across_f, float)

static void row_across(float *out, const assay_image *in, int32_t y, const cells *a)
{
    const void *p = assay_image_row(in, y);
    const int wide = in->type == ASSAY_PIXEL_F32;
    switch (in->channels) {
    case 1:
        wide ? area_across_f(out, p, a, 1) : area_across_8(out, p, a, 1);
        break;
    case 2:
        wide ? area_across_f(out, p, a, 2) : area_across_8(out, p, a, 2);
        break;
    case 3:
        wide ? area_across_f(out, p, a, 3) : area_across_8(out, p, a, 3);
        break;
    default:
        wide ? area_across_f(out, p, a, 4) : area_across_8(out, p, a, 4);
        break;
    }
}

static inline uint8_t round_8(float value)
{
    const float shifted = value + 12582912.0F; /* leaves no fraction: ties go to even */
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits -= 0x4B400000;
    return (uint8_t)(bits < 0 ? 0 : bits > 255 ? 255 : bits);
}

static void store_row(assay_image *out, int32_t y, const float *restrict sum, size_t n)
{
    if (out->type == ASSAY_PIXEL_F32) {
        memcpy(assay_image_row_mut(out, y), sum, n * sizeof(float));
        return;
    }
    uint8_t *restrict to = assay_image_row_mut(out, y);
    for (size_t i = 0; i < n; i++) {
        to[i] = round_8(sum[i]);
    }
}

static void area_rows(assay_image *out, const assay_image *in, const cells *horizontal,
                      const cells *vertical, float *restrict row, float *restrict sum, size_t n)
{
    for (int32_t y = 0; y < out->height; y++) {
        memset(sum, 0, n * sizeof(float));
        for (int32_t k = vertical->start[y]; k < vertical->start[y + 1]; k++) {
            const float weight = vertical->weight[k];
            row_across(row, in, vertical->from[k], horizontal);
            for (size_t i = 0; i < n; i++) {
                sum[i] += row[i] * weight;
            }
        }
        store_row(out, y, sum, n);
    }
}

/* ---- whole blocks -------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void halve_8(uint8_t *restrict out,
                                                          const uint8_t *restrict r0,
                                                          const uint8_t *restrict r1, int32_t width,
                                                          const int channels)
{
    for (int32_t x = 0; x < width; x++, r0 += 2 * channels, r1 += 2 * channels) {
        for (int c = 0; c < channels; c++) {
            *out++ = (uint8_t)((r0[c] + r0[c + channels] + r1[c] + r1[c + channels] + 2) >> 2);
        }
    }
}

/* Two channels have no rounding of their own in OpenCV and take the general way: ties to even. */
static int halve_rows_8(assay_image *out, const assay_image *in)
{
    if (in->channels == 2) {
        return 0;
    }
    for (int32_t y = 0; y < out->height; y++) {
        uint8_t *to = assay_image_row_mut(out, y);
        const uint8_t *r0 = assay_image_row(in, 2 * y);
        const uint8_t *r1 = assay_image_row(in, 2 * y + 1);
        switch (in->channels) {
        case 1:
            halve_8(to, r0, r1, out->width, 1);
            break;
        case 3:
            halve_8(to, r0, r1, out->width, 3);
            break;
        default:
            halve_8(to, r0, r1, out->width, 4);
            break;
        }
    }
    return 1;
}

static void blocks_8(assay_image *out, const assay_image *in, int32_t kx, int32_t ky)
{
    const int32_t channels = in->channels;
    const float unit = 1.0F / (float)(kx * ky);
    for (int32_t y = 0; y < out->height; y++) {
        uint8_t *to = assay_image_row_mut(out, y);
        const uint8_t *from = assay_image_row(in, y * ky);
        for (int32_t x = 0; x < out->width; x++) {
            for (int32_t c = 0; c < channels; c++) {
                int32_t sum = 0;
                for (int32_t j = 0; j < ky; j++) {
                    const uint8_t *p =
                        from + (size_t)j * in->stride + (size_t)x * (size_t)(kx * channels);
                    for (int32_t i = 0; i < kx; i++) {
                        sum += p[i * channels + c];
                    }
                }
                *to++ = round_8((float)sum * unit);
            }
        }
    }
}

static inline float block_at(const assay_image *in, const uint8_t *corner, int32_t kx, int32_t k)
{
    const uint8_t *row = corner + (size_t)(k / kx) * in->stride;
    return ((const float *)(const void *)row)[(k % kx) * in->channels];
}

/* Samples of a block are added four at a time. */
static float block_f(const assay_image *in, const uint8_t *corner, int32_t kx, int32_t ky)
{
    const int32_t area = kx * ky;
    float sum = 0.0F;
    int32_t k = 0;
    for (; k <= area - 4; k += 4) {
        sum += block_at(in, corner, kx, k) + block_at(in, corner, kx, k + 1) +
               block_at(in, corner, kx, k + 2) + block_at(in, corner, kx, k + 3);
    }
    for (; k < area; k++) {
        sum += block_at(in, corner, kx, k);
    }
    return sum;
}

static void blocks_f(assay_image *out, const assay_image *in, int32_t kx, int32_t ky)
{
    const int32_t n = out->width * out->channels;
    const float unit = 1.0F / (float)(kx * ky);
    /* OpenCV's vector code adds the rows of a 2 x 2 block before the columns' sums. */
    const int paired = kx == 2 && ky == 2 && (in->channels == 1 || in->channels == 4);
    const int32_t vector = paired ? n - n % 4 : 0;
    for (int32_t y = 0; y < out->height; y++) {
        float *to = (float *)(void *)assay_image_row_mut(out, y);
        for (int32_t i = 0; i < n; i++) {
            const int32_t x = i / in->channels;
            const int32_t at = x * kx * in->channels + i % in->channels;
            const uint8_t *corner = assay_image_row(in, y * ky) + (size_t)at * sizeof(float);
            if (i < vector) {
                to[i] = ((block_at(in, corner, 2, 0) + block_at(in, corner, 2, 1)) +
                         (block_at(in, corner, 2, 2) + block_at(in, corner, 2, 3))) *
                        0.25F;
            } else {
                to[i] = block_f(in, corner, kx, ky) * unit;
            }
        }
    }
}

void assay_resize_opencv_blocks(assay_image *out, const assay_image *in, int32_t kx, int32_t ky)
{
    if (in->type == ASSAY_PIXEL_F32) {
        blocks_f(out, in, kx, ky);
    } else if (!(kx == 2 && ky == 2 && halve_rows_8(out, in))) {
        blocks_8(out, in, kx, ky);
    }
}

assay_status assay_resize_opencv_area(assay_image *out, const assay_image *in, double scale_x,
                                      double scale_y, assay_error *err)
{
    const int32_t kx = (int32_t)lrint(scale_x);
    const int32_t ky = (int32_t)lrint(scale_y);
    if (fabs(scale_x - kx) < DBL_EPSILON && fabs(scale_y - ky) < DBL_EPSILON) {
        assay_resize_opencv_blocks(out, in, kx, ky);
        return ASSAY_OK;
    }
    assay_status status = ASSAY_OK;
    cells horizontal = {0};
    cells vertical = {0};
    const size_t n = (size_t)out->width * (size_t)out->channels;
    float *rows = assay_alloc_raw(2U * n, sizeof(float));
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(cells_new(&horizontal, in->width, out->width, scale_x, err), done);
    ASSAY_GOTO(cells_new(&vertical, in->height, out->height, scale_y, err), done);
    area_rows(out, in, &horizontal, &vertical, rows, rows + n, n);
done:
    assay_free(rows);
    cells_dispose(&horizontal);
    cells_dispose(&vertical);
    return status;
}
