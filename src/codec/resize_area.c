/*
 * OpenCV's INTER_AREA for reductions: means of whole blocks when both scales are whole numbers,
 * else weighted means in single precision, summed in source order.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/resize_internal.h"

#if defined(__SSE2__)
#include "codec/resize_sse2.h"
#endif

enum { MANY = 64 };

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
    static inline __attribute__((always_inline)) void name(                                        \
        float *out, const sample *in, const cells *a, const int channels, int32_t from)            \
    {                                                                                              \
        out += (ptrdiff_t)from * channels;                                                         \
        for (int32_t x = from; x < a->size; x++) {                                                 \
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

#if defined(__SSE2__)

static inline __m128 four_samples(const void *p, const int wide)
{
    return wide ? _mm_loadu_ps(p) : sse_load_4_as_floats(p);
}

/* Three or four channels in the lanes of one register; four samples are read at `end` minus four at
 * the latest, and four are written, so that the last pixel is left over. */
static inline __attribute__((always_inline)) int32_t
area_across_wide(float *out, const uint8_t *in, const uint8_t *end, const cells *a,
                 const int channels, const int wide)
{
    const ptrdiff_t bytes = wide ? 4 : 1;
    int32_t x = 0;
    for (; x + 1 < a->size; x++) {
        const int32_t last = a->start[x + 1];
        if (end - in < ((ptrdiff_t)a->from[last - 1] * channels + 4) * bytes) {
            break;
        }
        __m128 sum = _mm_setzero_ps();
        for (int32_t k = a->start[x]; k < last; k++) {
            const __m128 v = four_samples(in + (ptrdiff_t)a->from[k] * channels * bytes, wide);
            sum = _mm_add_ps(sum, _mm_mul_ps(v, _mm_set1_ps(a->weight[k])));
        }
        _mm_storeu_ps(out + (ptrdiff_t)x * channels, sum);
    }
    return x;
}

#endif

static int32_t row_across_wide(float *out, const assay_image *in, int32_t y, const cells *a)
{
#if defined(__SSE2__)
    const uint8_t *p = assay_image_row(in, y);
    const uint8_t *end = assay_image_row(in, in->height);
    const int wide = in->type == ASSAY_PIXEL_F32;
    if (in->channels == 3) {
        return wide ? area_across_wide(out, p, end, a, 3, 1)
                    : area_across_wide(out, p, end, a, 3, 0);
    }
    if (in->channels == 4) {
        return wide ? area_across_wide(out, p, end, a, 4, 1)
                    : area_across_wide(out, p, end, a, 4, 0);
    }
#else
    (void)out;
    (void)in;
    (void)y;
    (void)a;
#endif
    return 0;
}

static void row_across(float *out, const assay_image *in, int32_t y, const cells *a)
{
    const void *p = assay_image_row(in, y);
    const int wide = in->type == ASSAY_PIXEL_F32;
    const int32_t done = row_across_wide(out, in, y, a);
    switch (in->channels) {
    case 1:
        wide ? area_across_f(out, p, a, 1, done) : area_across_8(out, p, a, 1, done);
        break;
    case 2:
        wide ? area_across_f(out, p, a, 2, done) : area_across_8(out, p, a, 2, done);
        break;
    case 3:
        wide ? area_across_f(out, p, a, 3, done) : area_across_8(out, p, a, 3, done);
        break;
    default:
        wide ? area_across_f(out, p, a, 4, done) : area_across_8(out, p, a, 4, done);
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
                                                          const uint8_t *restrict r1, int32_t from,
                                                          int32_t width, const int channels)
{
    out += (ptrdiff_t)from * channels;
    r0 += 2 * (ptrdiff_t)from * channels;
    r1 += 2 * (ptrdiff_t)from * channels;
    for (int32_t x = from; x < width; x++, r0 += 2 * channels, r1 += 2 * channels) {
        for (int c = 0; c < channels; c++) {
            *out++ = (uint8_t)((r0[c] + r0[c + channels] + r1[c] + r1[c + channels] + 2) >> 2);
        }
    }
}

#if defined(__SSE2__)

/* Two output pixels of 3 or 4 channels at a time; returns how many are done. The last pixels of a
 * row are left over, where 16 bytes would be too many. */
static inline __attribute__((always_inline)) int32_t
halve_wide(uint8_t *out, const uint8_t *r0, const uint8_t *r1, int32_t width, const int channels)
{
    const __m128i zero = _mm_setzero_si128();
    int32_t x = 0;
    for (; x + 4 <= width; x += 2, r0 += 4 * channels, r1 += 4 * channels) {
        const __m128i v0 = _mm_loadu_si128((const __m128i *)r0);
        const __m128i v1 = _mm_loadu_si128((const __m128i *)r1);
        const __m128i u0 = channels == 3 ? _mm_srli_si128(v0, 6) : _mm_srli_si128(v0, 8);
        const __m128i u1 = channels == 3 ? _mm_srli_si128(v1, 6) : _mm_srli_si128(v1, 8);
        __m128i a = _mm_add_epi16(_mm_unpacklo_epi8(v0, zero), _mm_unpacklo_epi8(v1, zero));
        __m128i b = _mm_add_epi16(_mm_unpacklo_epi8(u0, zero), _mm_unpacklo_epi8(u1, zero));
        a = _mm_add_epi16(a, channels == 3 ? _mm_srli_si128(a, 6) : _mm_srli_si128(a, 8));
        b = _mm_add_epi16(b, channels == 3 ? _mm_srli_si128(b, 6) : _mm_srli_si128(b, 8));
        const __m128i sum = _mm_add_epi16(_mm_unpacklo_epi64(a, b), _mm_set1_epi16(2));
        const __m128i bytes = _mm_packus_epi16(_mm_srli_epi16(sum, 2), zero);
        const int32_t first = _mm_cvtsi128_si32(bytes);
        const int32_t second = _mm_cvtsi128_si32(_mm_srli_si128(bytes, 4));
        memcpy(out + (ptrdiff_t)x * channels, &first, sizeof first);
        memcpy(out + ((ptrdiff_t)x + 1) * channels, &second, sizeof second);
    }
    return x;
}

#endif

static void halve_row_8(uint8_t *out, const uint8_t *r0, const uint8_t *r1, int32_t width,
                        int channels)
{
    int32_t done = 0;
#if defined(__SSE2__)
    if (channels == 3) {
        done = halve_wide(out, r0, r1, width, 3);
    } else if (channels == 4) {
        done = halve_wide(out, r0, r1, width, 4);
    }
#endif
    switch (channels) {
    case 1:
        halve_8(out, r0, r1, 0, width, 1);
        break;
    case 3:
        halve_8(out, r0, r1, done, width, 3);
        break;
    default:
        halve_8(out, r0, r1, done, width, 4);
        break;
    }
}

/* Two channels have no rounding of their own in OpenCV and take the general way: ties to even. */
static int halve_rows_8(assay_image *out, const assay_image *in)
{
    if (in->channels == 2) {
        return 0;
    }
    for (int32_t y = 0; y < out->height; y++) {
        halve_row_8(assay_image_row_mut(out, y), assay_image_row(in, 2 * y),
                    assay_image_row(in, 2 * y + 1), out->width, in->channels);
    }
    return 1;
}

/* Sums are whole numbers, so their order is free: first down the columns, then across. */
static void blocks_8(assay_image *out, const assay_image *in, int32_t kx, int32_t ky,
                     uint32_t *restrict columns)
{
    const int32_t channels = in->channels;
    const size_t n = (size_t)(out->width * kx) * (size_t)channels;
    const float unit = 1.0F / (float)(kx * ky);
    for (int32_t y = 0; y < out->height; y++) {
        memset(columns, 0, n * sizeof columns[0]);
        for (int32_t j = 0; j < ky; j++) {
            const uint8_t *restrict row = assay_image_row(in, y * ky + j);
            for (size_t i = 0; i < n; i++) {
                columns[i] += row[i];
            }
        }
        uint8_t *to = assay_image_row_mut(out, y);
        const uint32_t *from = columns;
        for (int32_t x = 0; x < out->width; x++, from += (size_t)kx * (size_t)channels) {
            for (int32_t c = 0; c < channels; c++) {
                uint32_t sum = 0;
                for (int32_t i = 0; i < kx; i++) {
                    sum += from[i * channels + c];
                }
                *to++ = round_8((float)(int32_t)sum * unit);
            }
        }
    }
}

/* OpenCV adds the samples of a block row by row, four at a time; what is left singly. */
static inline __attribute__((always_inline)) void block_f(float *out, const uint8_t *corner,
                                                          size_t stride, int32_t kx, int32_t ky,
                                                          const int channels, float unit)
{
    float sum[4] = {0.0F, 0.0F, 0.0F, 0.0F};
    float group[4] = {0.0F, 0.0F, 0.0F, 0.0F};
    int32_t left = kx * ky;
    int held = 0;
    for (int32_t j = 0; j < ky; j++, corner += stride) {
        const float *p = (const float *)(const void *)corner;
        for (int32_t i = 0; i < kx; i++, p += channels) {
            const int single = left + held < 4;
            for (int c = 0; c < channels; c++) {
                group[c] = held == 0 ? p[c] : group[c] + p[c];
                if (single || held == 3) {
                    sum[c] += group[c];
                }
            }
            held = single || held == 3 ? 0 : held + 1;
            left--;
        }
    }
    for (int c = 0; c < channels; c++) {
        out[c] = sum[c] * unit;
    }
}

/* The same for blocks of up to MANY samples: `at` holds the places of the samples. */
static inline __attribute__((always_inline)) void small_block_f(float *out, const float *p,
                                                                const int32_t *at, int32_t area,
                                                                const int channels, float unit)
{
    float sum[4] = {0.0F, 0.0F, 0.0F, 0.0F};
    int32_t k = 0;
    for (; k + 4 <= area; k += 4) {
        for (int c = 0; c < channels; c++) {
            sum[c] += p[at[k] + c] + p[at[k + 1] + c] + p[at[k + 2] + c] + p[at[k + 3] + c];
        }
    }
    for (; k < area; k++) {
        for (int c = 0; c < channels; c++) {
            sum[c] += p[at[k] + c];
        }
    }
    for (int c = 0; c < channels; c++) {
        out[c] = sum[c] * unit;
    }
}

/* Halving takes the sums of the rows first for one and four channels, but for the samples behind the
 * last whole vector of a row. Four channels always fill one. */
static inline __attribute__((always_inline)) void halve_f(float *restrict out,
                                                          const float *restrict r0,
                                                          const float *restrict r1, int32_t width,
                                                          const int channels)
{
    for (int32_t x = 0; x < width; x++, r0 += 2 * channels, r1 += 2 * channels) {
        for (int c = 0; c < channels; c++) {
            *out++ = ((r0[c] + r0[c + channels]) + (r1[c] + r1[c + channels])) * 0.25F;
        }
    }
}

static inline __attribute__((always_inline)) void blocks_row_f(float *to, const uint8_t *from,
                                                               size_t stride, int32_t width,
                                                               int32_t kx, int32_t ky,
                                                               const int channels)
{
    const float unit = 1.0F / (float)(kx * ky);
    int32_t x = 0;
    if (kx == 2 && ky == 2 && (channels == 1 || channels == 4)) {
        x = channels == 1 ? width - width % 4 : width;
        halve_f(to, (const float *)(const void *)from, (const float *)(const void *)(from + stride),
                x, channels);
    }
    const size_t step = (size_t)(kx * channels) * sizeof(float);
    if (kx <= MANY && ky <= MANY && kx * ky <= MANY) {
        int32_t at[MANY];
        for (int32_t k = 0; k < kx * ky; k++) {
            at[k] = (k / kx) * (int32_t)(stride / sizeof(float)) + k % kx * channels;
        }
        for (; x < width; x++) {
            const void *p = from + (size_t)x * step;
            small_block_f(to + (ptrdiff_t)x * channels, p, at, kx * ky, channels, unit);
        }
    }
    for (; x < width; x++) {
        block_f(to + (ptrdiff_t)x * channels, from + (size_t)x * step, stride, kx, ky, channels,
                unit);
    }
}

static void blocks_f(assay_image *out, const assay_image *in, int32_t kx, int32_t ky)
{
    for (int32_t y = 0; y < out->height; y++) {
        float *to = (float *)(void *)assay_image_row_mut(out, y);
        const uint8_t *from = assay_image_row(in, y * ky);
        switch (in->channels) {
        case 1:
            blocks_row_f(to, from, in->stride, out->width, kx, ky, 1);
            break;
        case 2:
            blocks_row_f(to, from, in->stride, out->width, kx, ky, 2);
            break;
        case 3:
            blocks_row_f(to, from, in->stride, out->width, kx, ky, 3);
            break;
        default:
            blocks_row_f(to, from, in->stride, out->width, kx, ky, 4);
            break;
        }
    }
}

/* The case of whole-numbered scales, kx x ky source pixels per output pixel. */
static assay_status whole_blocks(assay_image *out, const assay_image *in, int32_t kx, int32_t ky,
                                 assay_error *err)
{
    if (in->type == ASSAY_PIXEL_F32) {
        blocks_f(out, in, kx, ky);
        return ASSAY_OK;
    }
    if (kx == 2 && ky == 2 && halve_rows_8(out, in)) {
        return ASSAY_OK;
    }
    uint32_t *columns =
        assay_alloc_raw((size_t)in->width * (size_t)in->channels, sizeof columns[0]);
    if (columns == NULL) {
        return assay_fail_memory(err);
    }
    blocks_8(out, in, kx, ky, columns);
    assay_free(columns);
    return ASSAY_OK;
}

assay_status assay_resize_opencv_area(assay_image *out, const assay_image *in, double scale_x,
                                      double scale_y, assay_error *err)
{
    const int32_t kx = (int32_t)lrint(scale_x);
    const int32_t ky = (int32_t)lrint(scale_y);
    if (fabs(scale_x - kx) < DBL_EPSILON && fabs(scale_y - ky) < DBL_EPSILON) {
        return whole_blocks(out, in, kx, ky, err);
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
