/*
 * 8-bit alpha in Pillow's arithmetic (RGBA <-> RGBa, LA <-> La): products are divided by 255 with
 * rounding, quotients are truncated and clipped, and pixels with alpha 0 or 255 are left alone on
 * the way back.
 */
#include <string.h>

#include "codec/resize_internal.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

static inline uint8_t times_255(uint32_t a, uint32_t b)
{
    uint32_t t = a * b + 128U;
    return (uint8_t)((t + (t >> 8)) >> 8);
}

static void premultiply_plain(uint8_t *out, const uint8_t *in, size_t pixels, int channels)
{
    const int alpha = channels - 1;
    for (size_t i = 0; i < pixels; i++, in += channels, out += channels) {
        for (int c = 0; c < alpha; c++) {
            out[c] = times_255(in[c], in[alpha]);
        }
        out[alpha] = in[alpha];
    }
}

static inline void unpremultiply_plain(uint8_t *p, int channels)
{
    const int colours = channels - 1;
    const uint32_t alpha = p[colours];
    if (alpha == 0U || alpha == 255U) {
        return;
    }
    for (int c = 0; c < colours; c++) {
        uint32_t value = 255U * p[c] / alpha;
        p[c] = value > 255U ? 255U : (uint8_t)value;
    }
}

#if defined(__SSE2__)

/* Two RGBA pixels in 16-bit lanes; alpha itself is multiplied by 255, which leaves it as it is. */
static inline __m128i premultiply_lanes(__m128i v)
{
    const __m128i alpha_lane = _mm_set_epi16(255, 0, 0, 0, 255, 0, 0, 0);
    __m128i factor = _mm_shufflehi_epi16(_mm_shufflelo_epi16(v, 0xFF), 0xFF);
    factor = _mm_or_si128(factor, alpha_lane);
    const __m128i t = _mm_add_epi16(_mm_mullo_epi16(v, factor), _mm_set1_epi16(128));
    return _mm_srli_epi16(_mm_add_epi16(t, _mm_srli_epi16(t, 8)), 8);
}

static size_t premultiply_rgba(uint8_t *out, const uint8_t *in, size_t pixels)
{
    const __m128i zero = _mm_setzero_si128();
    size_t i = 0;
    for (; i + 4 <= pixels; i += 4) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(in + 4 * i));
        const __m128i low = premultiply_lanes(_mm_unpacklo_epi8(v, zero));
        const __m128i high = premultiply_lanes(_mm_unpackhi_epi8(v, zero));
        _mm_storeu_si128((__m128i *)(out + 4 * i), _mm_packus_epi16(low, high));
    }
    return i;
}

/* Quotients below 256 are at least 1/255 away from the next whole number unless they are one, so
 * that single precision truncates them as integers would. */
static inline void unpremultiply_rgba(uint8_t *p)
{
    if (p[3] == 0 || p[3] == 255) {
        return;
    }
    int32_t bytes;
    memcpy(&bytes, p, sizeof bytes);
    const __m128i zero = _mm_setzero_si128();
    const __m128i v = _mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(bytes), zero), zero);
    const __m128 scaled = _mm_mul_ps(_mm_cvtepi32_ps(v), _mm_set1_ps(255.0F));
    const __m128 quotient = _mm_div_ps(scaled, _mm_set1_ps((float)p[3]));
    __m128i result = _mm_cvttps_epi32(quotient);
    result = _mm_packs_epi32(result, result);
    bytes = _mm_cvtsi128_si32(_mm_packus_epi16(result, result));
    memcpy(p, &bytes, 3);
}

#endif

void assay_alpha_premultiply(assay_image *out, const assay_image *in)
{
    const size_t pixels = (size_t)in->width * (size_t)in->height;
    const uint8_t *from = in->data;
    uint8_t *to = out->data;
    size_t done = 0;
#if defined(__SSE2__)
    if (in->channels == 4) {
        done = premultiply_rgba(to, from, pixels);
    }
#endif
    const size_t skip = done * (size_t)in->channels;
    premultiply_plain(to + skip, from + skip, pixels - done, in->channels);
}

void assay_alpha_unpremultiply(assay_image *image)
{
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *p = image->data;
    for (size_t i = 0; i < pixels; i++, p += image->channels) {
#if defined(__SSE2__)
        if (image->channels == 4) {
            unpremultiply_rgba(p);
            continue;
        }
#endif
        unpremultiply_plain(p, image->channels);
    }
}
