#include "codec/resize_rows.h"

#include <string.h>

#if defined(__SSE2__)
#include "codec/resize_sse2.h"
#endif

/* The width of OpenCV's vectors in samples: behind the last whole vector of a row it computes
 * otherwise, and so do we. */
enum { LANES_8 = 8, LANES_F = 4 };

typedef assay_interpolate_axis axis;

static inline int32_t clamp(int32_t value, int32_t size)
{
    return value < 0 ? 0 : value >= size ? size - 1 : value;
}

/* Output pixels [from, to) whose taps all lie inside; positions never decrease. */
static void find_inner(const axis *a, int32_t *from, int32_t *to)
{
    const int32_t before = a->taps / 2 - 1;
    const int32_t after = a->taps / 2;
    int32_t low = 0;
    int32_t high = a->size;
    while (low < high && a->at[low] - before < 0) {
        low++;
    }
    while (high > low && a->at[high - 1] + after >= a->in_size) {
        high--;
    }
    *from = low;
    *to = high;
}

/* ---- across, plain C: the borders, and everything where there is no SSE2 --------------------- */

/* The lowest four bits are dropped here, before the second multiplication, as OpenCV does. */
static void linear_plain_8(int16_t *out, const uint8_t *in, const axis *a, int channels,
                           int32_t from, int32_t to)
{
    for (int32_t x = from; x < to; x++) {
        const int16_t *w = a->fixed + 2 * (size_t)x;
        const uint8_t *p = in + (ptrdiff_t)clamp(a->at[x], a->in_size) * channels;
        const uint8_t *q = in + (ptrdiff_t)clamp(a->at[x] + 1, a->in_size) * channels;
        for (int c = 0; c < channels; c++) {
            out[x * channels + c] = (int16_t)((p[c] * w[0] + q[c] * w[1]) >> 4);
        }
    }
}

static void cubic_plain_8(int32_t *out, const uint8_t *in, const axis *a, int channels,
                          int32_t from, int32_t to)
{
    for (int32_t x = from; x < to; x++) {
        const int16_t *w = a->fixed + 4 * (size_t)x;
        for (int c = 0; c < channels; c++) {
            int32_t sum = 0;
            for (int t = 0; t < 4; t++) {
                sum += in[clamp(a->at[x] - 1 + t, a->in_size) * channels + c] * w[t];
            }
            out[x * channels + c] = sum;
        }
    }
}

static inline __attribute__((always_inline)) void linear_real(float *out, const float *in,
                                                              const axis *a, const int channels,
                                                              int32_t from, int32_t to)
{
    out += (ptrdiff_t)from * channels;
    for (int32_t x = from; x < to; x++) {
        const float w0 = a->real[2 * (size_t)x];
        const float w1 = a->real[2 * (size_t)x + 1];
        const float *p = in + (ptrdiff_t)clamp(a->at[x], a->in_size) * channels;
        const float *q = in + (ptrdiff_t)clamp(a->at[x] + 1, a->in_size) * channels;
        for (int c = 0; c < channels; c++) {
            *out++ = p[c] * w0 + q[c] * w1;
        }
    }
}

static inline __attribute__((always_inline)) void
cubic_real(float *out, const float *in, const axis *a, const int channels, int32_t from, int32_t to)
{
    out += (ptrdiff_t)from * channels;
    for (int32_t x = from; x < to; x++) {
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

/* ---- across, SSE2 --------------------------------------------------------------------------- */

#if defined(__SSE2__)

/* Each takes pixels from `x` on while all that it reads lies before `to` and `end`, and returns the
 * first pixel that it has not done. */

static inline int load_2(const uint8_t *p)
{
    uint16_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static int32_t linear_1(int16_t *restrict out, const uint8_t *restrict in, const axis *a, int32_t x,
                        int32_t to)
{
    const __m128i zero = _mm_setzero_si128();
    const int32_t *restrict at = a->at;
    const int16_t *restrict fixed = a->fixed;
    for (; x + 8 <= to; x += 8) {
        /* Two registers, so that the insertions do not all wait for each other. */
        __m128i v = _mm_cvtsi32_si128(load_2(in + at[x]));
        __m128i u = _mm_cvtsi32_si128(load_2(in + at[x + 4]));
        v = _mm_insert_epi16(v, load_2(in + at[x + 1]), 1);
        u = _mm_insert_epi16(u, load_2(in + at[x + 5]), 1);
        v = _mm_insert_epi16(v, load_2(in + at[x + 2]), 2);
        u = _mm_insert_epi16(u, load_2(in + at[x + 6]), 2);
        v = _mm_insert_epi16(v, load_2(in + at[x + 3]), 3);
        u = _mm_insert_epi16(u, load_2(in + at[x + 7]), 3);
        const __m128i *w = (const __m128i *)(fixed + 2 * (size_t)x);
        const __m128i low = _mm_madd_epi16(_mm_unpacklo_epi8(v, zero), _mm_loadu_si128(w));
        const __m128i high = _mm_madd_epi16(_mm_unpacklo_epi8(u, zero), _mm_loadu_si128(w + 1));
        _mm_storeu_si128((__m128i *)(out + x),
                         _mm_packs_epi32(_mm_srai_epi32(low, 4), _mm_srai_epi32(high, 4)));
    }
    return x;
}

static int32_t linear_2(int16_t *out, const uint8_t *in, const axis *a, int32_t x, int32_t to)
{
    for (; x + 2 <= to; x += 2) {
        const __m128i v = _mm_unpacklo_epi32(sse_load_4(in + 2 * (ptrdiff_t)a->at[x]),
                                             sse_load_4(in + 2 * (ptrdiff_t)a->at[x + 1]));
        const __m128i w = sse_load_8(a->fixed + 2 * (size_t)x);
        const __m128i sum = _mm_madd_epi16(sse_deal_pairs(sse_widen(v)), _mm_unpacklo_epi32(w, w));
        _mm_storel_epi64((__m128i *)(out + 2 * (ptrdiff_t)x),
                         _mm_packs_epi32(_mm_srai_epi32(sum, 4), sum));
    }
    return x;
}

static inline __attribute__((always_inline)) int32_t linear_wide(int16_t *out, const uint8_t *in,
                                                                 const uint8_t *end, const axis *a,
                                                                 const int channels, int32_t x,
                                                                 int32_t to)
{
    for (; x < to && end - in >= (ptrdiff_t)a->at[x] * channels + 8; x++) {
        const __m128i v = sse_pixel_pair(sse_load_8(in + (ptrdiff_t)a->at[x] * channels), channels);
        const __m128i sum =
            _mm_srai_epi32(_mm_madd_epi16(v, sse_weight_pair(a->fixed + 2 * (size_t)x)), 4);
        _mm_storel_epi64((__m128i *)(out + (ptrdiff_t)x * channels), _mm_packs_epi32(sum, sum));
    }
    return x;
}

static int32_t cubic_1(int32_t *out, const uint8_t *in, const axis *a, int32_t x, int32_t to)
{
    for (; x + 4 <= to; x += 4) {
        const int32_t *at = a->at + x;
        const __m128i v0 =
            _mm_unpacklo_epi32(sse_load_4(in + at[0] - 1), sse_load_4(in + at[1] - 1));
        const __m128i v1 =
            _mm_unpacklo_epi32(sse_load_4(in + at[2] - 1), sse_load_4(in + at[3] - 1));
        const __m128i *w = (const __m128i *)(a->fixed + 4 * (size_t)x);
        const __m128 m0 = _mm_castsi128_ps(_mm_madd_epi16(sse_widen(v0), _mm_loadu_si128(w)));
        const __m128 m1 = _mm_castsi128_ps(_mm_madd_epi16(sse_widen(v1), _mm_loadu_si128(w + 1)));
        const __m128i even = _mm_castps_si128(_mm_shuffle_ps(m0, m1, 0x88));
        const __m128i odd = _mm_castps_si128(_mm_shuffle_ps(m0, m1, 0xDD));
        _mm_storeu_si128((__m128i *)(out + x), _mm_add_epi32(even, odd));
    }
    return x;
}

static int32_t cubic_2(int32_t *out, const uint8_t *in, const axis *a, int32_t x, int32_t to)
{
    for (; x < to; x++) {
        const __m128i v = sse_deal_pairs(sse_widen(sse_load_8(in + 2 * (ptrdiff_t)(a->at[x] - 1))));
        const __m128i w = sse_load_8(a->fixed + 4 * (size_t)x);
        const __m128i sum = _mm_madd_epi16(v, _mm_unpacklo_epi32(w, w));
        _mm_storel_epi64((__m128i *)(out + 2 * (ptrdiff_t)x),
                         _mm_add_epi32(sum, _mm_unpackhi_epi64(sum, sum)));
    }
    return x;
}

static inline __attribute__((always_inline)) int32_t cubic_wide(int32_t *out, const uint8_t *in,
                                                                const uint8_t *end, const axis *a,
                                                                const int channels, int32_t x,
                                                                int32_t to)
{
    for (; x < to && end - in >= (ptrdiff_t)(a->at[x] - 1) * channels + 16; x++) {
        const __m128i v =
            _mm_loadu_si128((const __m128i *)(in + (ptrdiff_t)(a->at[x] - 1) * channels));
        const __m128i next = channels == 3 ? _mm_srli_si128(v, 6) : _mm_srli_si128(v, 8);
        const __m128i w = sse_load_8(a->fixed + 4 * (size_t)x);
        const __m128i sum = _mm_add_epi32(
            _mm_madd_epi16(sse_pixel_pair(v, channels), _mm_shuffle_epi32(w, 0x00)),
            _mm_madd_epi16(sse_pixel_pair(next, channels), _mm_shuffle_epi32(w, 0x55)));
        _mm_storeu_si128((__m128i *)(out + (ptrdiff_t)x * channels), sum);
    }
    return x;
}

static inline __m128 load_2_floats_twice(const float *low, const float *high)
{
    return _mm_loadh_pi(_mm_loadl_pi(_mm_setzero_ps(), (const __m64 *)(const void *)low),
                        (const __m64 *)(const void *)high);
}

/* Four output samples of one channel at a time: taps and weights are turned from rows to columns. */
static int32_t linear_1_f(float *restrict out, const float *restrict in, const axis *a, int32_t x,
                          int32_t to)
{
    const int32_t *restrict at = a->at;
    for (; x + 4 <= to; x += 4) {
        const float *w = a->real + 2 * (size_t)x;
        const __m128 s01 = load_2_floats_twice(in + at[x], in + at[x + 1]);
        const __m128 s23 = load_2_floats_twice(in + at[x + 2], in + at[x + 3]);
        const __m128 w01 = _mm_loadu_ps(w);
        const __m128 w23 = _mm_loadu_ps(w + 4);
        const __m128 left =
            _mm_mul_ps(_mm_shuffle_ps(s01, s23, 0x88), _mm_shuffle_ps(w01, w23, 0x88));
        const __m128 right =
            _mm_mul_ps(_mm_shuffle_ps(s01, s23, 0xDD), _mm_shuffle_ps(w01, w23, 0xDD));
        _mm_storeu_ps(out + x, _mm_add_ps(left, right));
    }
    return x;
}

static int32_t cubic_1_f(float *restrict out, const float *restrict in, const axis *a, int32_t x,
                         int32_t to)
{
    const int32_t *restrict at = a->at;
    for (; x + 4 <= to; x += 4) {
        const float *w = a->real + 4 * (size_t)x;
        __m128 r0 = _mm_mul_ps(_mm_loadu_ps(in + at[x] - 1), _mm_loadu_ps(w));
        __m128 r1 = _mm_mul_ps(_mm_loadu_ps(in + at[x + 1] - 1), _mm_loadu_ps(w + 4));
        __m128 r2 = _mm_mul_ps(_mm_loadu_ps(in + at[x + 2] - 1), _mm_loadu_ps(w + 8));
        __m128 r3 = _mm_mul_ps(_mm_loadu_ps(in + at[x + 3] - 1), _mm_loadu_ps(w + 12));
        _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
        _mm_storeu_ps(out + x, _mm_add_ps(_mm_add_ps(_mm_add_ps(r0, r1), r2), r3));
    }
    return x;
}

static inline __attribute__((always_inline)) int32_t real_wide(float *out, const float *in,
                                                               const float *end, const axis *a,
                                                               const int channels, const int taps,
                                                               int32_t x, int32_t to)
{
    const ptrdiff_t reach = (ptrdiff_t)(taps - 1) * channels + 4;
    const int32_t before = taps / 2 - 1;
    for (; x < to && end - in >= (ptrdiff_t)(a->at[x] - before) * channels + reach; x++) {
        const float *p = in + (ptrdiff_t)(a->at[x] - before) * channels;
        const float *w = a->real + (size_t)taps * (size_t)x;
        __m128 sum = _mm_mul_ps(_mm_loadu_ps(p), _mm_set1_ps(w[0]));
        for (int t = 1; t < taps; t++) {
            sum = _mm_add_ps(sum, _mm_mul_ps(_mm_loadu_ps(p + t * channels), _mm_set1_ps(w[t])));
        }
        _mm_storeu_ps(out + (ptrdiff_t)x * channels, sum);
    }
    return x;
}

#endif

static void linear_across_8(int16_t *out, const uint8_t *in, const uint8_t *end, const axis *a,
                            int channels)
{
    int32_t from = 0;
    int32_t to = 0;
    find_inner(a, &from, &to);
    linear_plain_8(out, in, a, channels, 0, from);
    int32_t done = from; /* NOLINT(clang-analyzer-deadcode.DeadStores): what holds without SSE2 */
#if defined(__SSE2__)
    switch (channels) {
    case 1:
        done = linear_1(out, in, a, from, to);
        break;
    case 2:
        done = linear_2(out, in, a, from, to);
        break;
    case 3:
        done = linear_wide(out, in, end, a, 3, from, to);
        break;
    default:
        done = linear_wide(out, in, end, a, 4, from, to);
        break;
    }
#else
    (void)end;
#endif
    linear_plain_8(out, in, a, channels, done, a->size);
}

static void cubic_across_8(int32_t *out, const uint8_t *in, const uint8_t *end, const axis *a,
                           int channels)
{
    int32_t from = 0;
    int32_t to = 0;
    find_inner(a, &from, &to);
    cubic_plain_8(out, in, a, channels, 0, from);
    int32_t done = from; /* NOLINT(clang-analyzer-deadcode.DeadStores): what holds without SSE2 */
#if defined(__SSE2__)
    switch (channels) {
    case 1:
        done = cubic_1(out, in, a, from, to);
        break;
    case 2:
        done = cubic_2(out, in, a, from, to);
        break;
    case 3:
        done = cubic_wide(out, in, end, a, 3, from, to);
        break;
    default:
        done = cubic_wide(out, in, end, a, 4, from, to);
        break;
    }
#else
    (void)end;
#endif
    cubic_plain_8(out, in, a, channels, done, a->size);
}

static inline __attribute__((always_inline)) void real_across(float *out, const float *in,
                                                              const float *end, const axis *a,
                                                              const int channels, const int taps)
{
    int32_t from = 0;
    int32_t to = 0;
    find_inner(a, &from, &to);
    int32_t done = from;
    if (taps == 2) {
        linear_real(out, in, a, channels, 0, from);
    } else {
        cubic_real(out, in, a, channels, 0, from);
    }
#if defined(__SSE2__)
    if (channels == 1) {
        done = taps == 2 ? linear_1_f(out, in, a, from, to) : cubic_1_f(out, in, a, from, to);
    } else if (channels > 2) {
        done = real_wide(out, in, end, a, channels, taps, from, to);
    }
#else
    (void)end;
#endif
    if (taps == 2) {
        linear_real(out, in, a, channels, done, a->size);
    } else {
        cubic_real(out, in, a, channels, done, a->size);
    }
}

static void across_f(float *out, const float *in, const float *end, const axis *a, int channels)
{
    const int linear = a->taps == 2;
    switch (channels) {
    case 1:
        linear ? real_across(out, in, end, a, 1, 2) : real_across(out, in, end, a, 1, 4);
        break;
    case 2:
        linear ? real_across(out, in, end, a, 2, 2) : real_across(out, in, end, a, 2, 4);
        break;
    case 3:
        linear ? real_across(out, in, end, a, 3, 2) : real_across(out, in, end, a, 3, 4);
        break;
    default:
        linear ? real_across(out, in, end, a, 4, 2) : real_across(out, in, end, a, 4, 4);
        break;
    }
}

void assay_interpolate_across(void *out, const assay_image *in, int32_t y, const axis *a)
{
    const void *row = assay_image_row(in, y);
    const void *end = assay_image_row(in, in->height);
    if (in->type == ASSAY_PIXEL_F32) {
        across_f(out, row, end, a, in->channels);
    } else if (a->taps == 2) {
        linear_across_8(out, row, end, a, in->channels);
    } else {
        cubic_across_8(out, row, end, a, in->channels);
    }
}

/* ---- down ------------------------------------------------------------------------------------ */

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

static inline uint8_t clip_8(int32_t value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

#if defined(__SSE2__)

/* `n` is a multiple of LANES_8. */
static void cubic_down_vector_8(uint8_t *restrict out, const int32_t *restrict r0,
                                const int32_t *restrict r1, const int32_t *restrict r2,
                                const int32_t *restrict r3, const float f[4], size_t n)
{
    const __m128 f0 = _mm_set1_ps(f[0]);
    const __m128 f1 = _mm_set1_ps(f[1]);
    const __m128 f2 = _mm_set1_ps(f[2]);
    const __m128 f3 = _mm_set1_ps(f[3]);
    for (size_t i = 0; i < n; i += LANES_8) {
        __m128i half[2];
        for (size_t k = 0; k < 2; k++) {
            const size_t at = i + 4 * k;
            __m128 sum = _mm_mul_ps(_mm_cvtepi32_ps(_mm_loadu_si128((const void *)(r3 + at))), f3);
            sum = _mm_add_ps(
                _mm_mul_ps(_mm_cvtepi32_ps(_mm_loadu_si128((const void *)(r2 + at))), f2), sum);
            sum = _mm_add_ps(
                _mm_mul_ps(_mm_cvtepi32_ps(_mm_loadu_si128((const void *)(r1 + at))), f1), sum);
            sum = _mm_add_ps(
                _mm_mul_ps(_mm_cvtepi32_ps(_mm_loadu_si128((const void *)(r0 + at))), f0), sum);
            const __m128 shifted = _mm_add_ps(sum, _mm_set1_ps(12582912.0F));
            half[k] = _mm_sub_epi32(_mm_castps_si128(shifted), _mm_set1_epi32(0x4B400000));
        }
        const __m128i words = _mm_packs_epi32(half[0], half[1]);
        _mm_storel_epi64((__m128i *)(out + i), _mm_packus_epi16(words, words));
    }
}

#else

/* Round to nearest even: adding 3 * 2^22 leaves no fractional bits. For |value| < 2^22. */
static inline int32_t round_even(float value)
{
    const float shifted = value + 12582912.0F;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return bits - 0x4B400000;
}

static void cubic_down_vector_8(uint8_t *restrict out, const int32_t *restrict r0,
                                const int32_t *restrict r1, const int32_t *restrict r2,
                                const int32_t *restrict r3, const float f[4], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float sum = (float)r0[i] * f[0] +
                          ((float)r1[i] * f[1] + ((float)r2[i] * f[2] + (float)r3[i] * f[3]));
        out[i] = clip_8(round_even(sum));
    }
}

#endif

static void cubic_down_8(uint8_t *out, int32_t *const r[4], const int16_t *w, size_t n)
{
    const float unit = 1.0F / (ASSAY_INTERPOLATE_ONE * ASSAY_INTERPOLATE_ONE);
    const float f[4] = {(float)w[0] * unit, (float)w[1] * unit, (float)w[2] * unit,
                        (float)w[3] * unit};
    const size_t vector = n - n % LANES_8;
    cubic_down_vector_8(out, r[0], r[1], r[2], r[3], f, vector);
    for (size_t i = vector; i < n; i++) {
        const int32_t sum = r[0][i] * w[0] + r[1][i] * w[1] + r[2][i] * w[2] + r[3][i] * w[3];
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

void assay_interpolate_down(assay_image *out, int32_t y, void *const rows[4], const axis *a)
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
