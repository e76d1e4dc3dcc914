#include "codec/resize_kernels.h"

#include <string.h>

#if defined(__SSE2__)
#include "codec/resize_sse2.h"
#endif

enum { HALF = 1 << (ASSAY_RESAMPLE_BITS - 1), BLOCK = 256 };

/* Sums are kept unsigned, where wrapping is defined, and read as signed. */
static inline uint8_t clip_8(uint32_t sum)
{
    const int32_t value = (int32_t)sum >> ASSAY_RESAMPLE_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static inline uint32_t weight_of(const int16_t *high, const int16_t *low, int32_t t)
{
    return ((uint32_t)high[t] << ASSAY_RESAMPLE_LOW_BITS) + (uint32_t)low[t];
}

/* Pixels [from, to) in plain C: all of them elsewhere, the last ones of an image on x86. */
static void across_plain(uint8_t *out, const uint8_t *in, const assay_resample_axis *axis,
                         int channels, int32_t from, int32_t to)
{
    for (int32_t x = from; x < to; x++) {
        const int16_t *high = axis->high + (size_t)x * (size_t)axis->taps;
        const int16_t *low = axis->low + (size_t)x * (size_t)axis->taps;
        const uint8_t *p = in + (ptrdiff_t)axis->first[x] * channels;
        for (int c = 0; c < channels; c++) {
            uint32_t sum = HALF;
            for (int32_t t = 0; t < axis->count[x]; t++) {
                sum += p[t * channels + c] * weight_of(high, low, t);
            }
            out[x * channels + c] = clip_8(sum);
        }
    }
}

static void down_plain(uint8_t *out, const uint8_t *in, size_t stride, size_t length,
                       const int16_t *high, const int16_t *low, int32_t count)
{
    uint32_t sum[BLOCK];
    for (size_t x = 0; x < length; x += BLOCK) {
        const size_t n = length - x < BLOCK ? length - x : BLOCK;
        for (size_t i = 0; i < n; i++) {
            sum[i] = HALF;
        }
        for (int32_t t = 0; t < count; t++) {
            const uint8_t *p = in + (size_t)t * stride + x;
            const uint32_t weight = weight_of(high, low, t);
            for (size_t i = 0; i < n; i++) {
                sum[i] += p[i] * weight;
            }
        }
        for (size_t i = 0; i < n; i++) {
            out[x + i] = clip_8(sum[i]);
        }
    }
}

#if defined(__SSE2__)

/*
 * Samples are widened to 16 bit and multiplied two at a time by the halves of their weights
 * (pmaddwd: a0 b0 + a1 b1 in 32 bit). The sums of the two halves are joined at the end.
 */
typedef struct sums {
    __m128i high;
    __m128i low;
} sums;

static inline void sums_add(sums *s, __m128i samples, __m128i high, __m128i low)
{
    s->high = _mm_add_epi32(s->high, _mm_madd_epi16(samples, high));
    s->low = _mm_add_epi32(s->low, _mm_madd_epi16(samples, low));
}

static inline __m128i sums_join(sums s)
{
    return _mm_add_epi32(_mm_slli_epi32(s.high, ASSAY_RESAMPLE_LOW_BITS), s.low);
}

/* Four rounded, clipped samples in the low bytes. */
static inline __m128i finish(__m128i sum)
{
    sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(HALF)), ASSAY_RESAMPLE_BITS);
    sum = _mm_packs_epi32(sum, sum);
    return _mm_packus_epi16(sum, sum);
}

static inline __m128i one_channel(const uint8_t *p, const int16_t *high, const int16_t *low,
                                  int32_t count)
{
    sums s = {_mm_setzero_si128(), _mm_setzero_si128()};
    for (int32_t t = 0; t < count; t += 8) {
        sums_add(&s, sse_widen(sse_load_8(p + t)), _mm_load_si128((const __m128i *)(high + t)),
                 _mm_load_si128((const __m128i *)(low + t)));
    }
    return sums_join(s);
}

/* Four output samples at a time: their lanes are added crosswise. */
static int32_t across_1(uint8_t *out, const uint8_t *in, const uint8_t *end,
                        const assay_resample_axis *a)
{
    const size_t taps = (size_t)a->taps;
    int32_t x = 0;
    for (; x + 4 <= a->size && end - in >= a->first[x + 3] + a->taps; x += 4) {
        __m128i r[4];
        for (int i = 0; i < 4; i++) {
            const size_t row = (size_t)(x + i) * taps;
            r[i] = one_channel(in + a->first[x + i], a->high + row, a->low + row, a->count[x + i]);
        }
        const __m128i r01 =
            _mm_add_epi32(_mm_unpacklo_epi32(r[0], r[1]), _mm_unpackhi_epi32(r[0], r[1]));
        const __m128i r23 =
            _mm_add_epi32(_mm_unpacklo_epi32(r[2], r[3]), _mm_unpackhi_epi32(r[2], r[3]));
        const __m128i all =
            _mm_add_epi32(_mm_unpacklo_epi64(r01, r23), _mm_unpackhi_epi64(r01, r23));
        const int32_t four = _mm_cvtsi128_si32(finish(all));
        memcpy(out + x, &four, sizeof four);
    }
    return x;
}

static int32_t across_2(uint8_t *out, const uint8_t *in, const uint8_t *end,
                        const assay_resample_axis *a)
{
    int32_t x = 0;
    for (; x < a->size && end - in >= ((ptrdiff_t)a->first[x] + a->taps) * 2; x++) {
        const uint8_t *p = in + (ptrdiff_t)a->first[x] * 2;
        const int16_t *high = a->high + (size_t)x * (size_t)a->taps;
        const int16_t *low = a->low + (size_t)x * (size_t)a->taps;
        sums s = {_mm_setzero_si128(), _mm_setzero_si128()};
        for (int32_t t = 0; t < a->count[x]; t += 4) {
            /* a0 b0 a1 b1 a2 b2 a3 b3 -> a0 a1 b0 b1 a2 a3 b2 b3 */
            const __m128i v = sse_deal_pairs(sse_widen(sse_load_8(p + 2 * (ptrdiff_t)t)));
            const __m128i h = sse_load_8(high + t);
            const __m128i l = sse_load_8(low + t);
            sums_add(&s, v, _mm_unpacklo_epi32(h, h), _mm_unpacklo_epi32(l, l));
        }
        const __m128i sum = sums_join(s);
        const int32_t two =
            _mm_cvtsi128_si32(finish(_mm_add_epi32(sum, _mm_unpackhi_epi64(sum, sum))));
        memcpy(out + 2 * (ptrdiff_t)x, &two, 2);
    }
    return x;
}

static inline __attribute__((always_inline)) int32_t across_wide(uint8_t *out, const uint8_t *in,
                                                                 const uint8_t *end,
                                                                 const assay_resample_axis *a,
                                                                 const int channels)
{
    int32_t x = 0;
    /* The last pixel of a row is left to plain C: four bytes are written for each. */
    for (; x + 1 < a->size && end - in >= ((ptrdiff_t)a->first[x] + a->taps + 3) * channels; x++) {
        const uint8_t *p = in + (ptrdiff_t)a->first[x] * channels;
        const int16_t *high = a->high + (size_t)x * (size_t)a->taps;
        const int16_t *low = a->low + (size_t)x * (size_t)a->taps;
        sums s = {_mm_setzero_si128(), _mm_setzero_si128()};
        for (int32_t t = 0; t < a->count[x]; t += 4, p += 4 * channels) {
            const __m128i h = sse_load_8(high + t);
            const __m128i l = sse_load_8(low + t);
            const __m128i v = _mm_loadu_si128((const __m128i *)p);
            const __m128i w = channels == 3 ? _mm_srli_si128(v, 6) : _mm_srli_si128(v, 8);
            sums_add(&s, sse_pixel_pair(v, channels), _mm_shuffle_epi32(h, 0x00),
                     _mm_shuffle_epi32(l, 0x00));
            sums_add(&s, sse_pixel_pair(w, channels), _mm_shuffle_epi32(h, 0x55),
                     _mm_shuffle_epi32(l, 0x55));
        }
        const int32_t four = _mm_cvtsi128_si32(finish(sums_join(s)));
        memcpy(out + (ptrdiff_t)x * channels, &four, sizeof four);
    }
    return x;
}

static inline void down_16(uint8_t *out, const uint8_t *in, size_t stride, const int16_t *high,
                           const int16_t *low, int32_t count)
{
    sums s[4];
    for (int i = 0; i < 4; i++) {
        s[i] = (sums){_mm_setzero_si128(), _mm_setzero_si128()};
    }
    for (int32_t t = 0; t < count; t += 2) {
        const uint8_t *p = in + (size_t)t * stride;
        const uint8_t *q = t + 1 < count ? p + stride : p; /* its weight is 0 then */
        const __m128i h = sse_weight_pair(high + t);
        const __m128i l = sse_weight_pair(low + t);
        const __m128i v0 = _mm_loadu_si128((const __m128i *)p);
        const __m128i v1 = _mm_loadu_si128((const __m128i *)q);
        const __m128i left = _mm_unpacklo_epi8(v0, v1);
        const __m128i right = _mm_unpackhi_epi8(v0, v1);
        const __m128i zero = _mm_setzero_si128();
        sums_add(&s[0], _mm_unpacklo_epi8(left, zero), h, l);
        sums_add(&s[1], _mm_unpackhi_epi8(left, zero), h, l);
        sums_add(&s[2], _mm_unpacklo_epi8(right, zero), h, l);
        sums_add(&s[3], _mm_unpackhi_epi8(right, zero), h, l);
    }
    __m128i r[4];
    for (int i = 0; i < 4; i++) {
        r[i] = _mm_srai_epi32(_mm_add_epi32(sums_join(s[i]), _mm_set1_epi32(HALF)),
                              ASSAY_RESAMPLE_BITS);
    }
    const __m128i bytes =
        _mm_packus_epi16(_mm_packs_epi32(r[0], r[1]), _mm_packs_epi32(r[2], r[3]));
    _mm_storeu_si128((__m128i *)out, bytes);
}

void assay_resample_across_8(uint8_t *out, const uint8_t *in, const uint8_t *end,
                             const assay_resample_axis *axis, int channels)
{
    int32_t done = 0;
    switch (channels) {
    case 1:
        done = across_1(out, in, end, axis);
        break;
    case 2:
        done = across_2(out, in, end, axis);
        break;
    case 3:
        done = across_wide(out, in, end, axis, 3);
        break;
    default:
        done = across_wide(out, in, end, axis, 4);
        break;
    }
    across_plain(out, in, axis, channels, done, axis->size);
}

void assay_resample_down_8(uint8_t *out, const uint8_t *in, size_t stride, size_t length,
                           const assay_resample_axis *axis, int32_t y)
{
    const int16_t *high = axis->high + (size_t)y * (size_t)axis->taps;
    const int16_t *low = axis->low + (size_t)y * (size_t)axis->taps;
    const int32_t count = axis->count[y];
    if (length < 16) {
        down_plain(out, in, stride, length, high, low, count);
        return;
    }
    size_t x = 0;
    for (; x + 16 <= length; x += 16) {
        down_16(out + x, in + x, stride, high, low, count);
    }
    if (x < length) { /* the last 16 again, overlapping */
        x = length - 16;
        down_16(out + x, in + x, stride, high, low, count);
    }
}

#else

void assay_resample_across_8(uint8_t *out, const uint8_t *in, const uint8_t *end,
                             const assay_resample_axis *axis, int channels)
{
    (void)end;
    across_plain(out, in, axis, channels, 0, axis->size);
}

void assay_resample_down_8(uint8_t *out, const uint8_t *in, size_t stride, size_t length,
                           const assay_resample_axis *axis, int32_t y)
{
    down_plain(out, in, stride, length, axis->high + (size_t)y * (size_t)axis->taps,
               axis->low + (size_t)y * (size_t)axis->taps, axis->count[y]);
}

#endif
