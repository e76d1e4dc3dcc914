/** @file resize_sse2.h  Small SSE2 pieces that the resampling kernels share; include it under
 *  `#if defined(__SSE2__)`. */
#ifndef ASSAY_CODEC_RESIZE_SSE2_H
#define ASSAY_CODEC_RESIZE_SSE2_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

static inline __m128i sse_load_4(const void *p)
{
    int32_t value;
    memcpy(&value, p, sizeof value);
    return _mm_cvtsi32_si128(value);
}

static inline __m128i sse_load_8(const void *p)
{
    return _mm_loadl_epi64((const __m128i *)p);
}

/** The low eight bytes as 16-bit lanes. */
static inline __m128i sse_widen(__m128i bytes)
{
    return _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
}

/** Four bytes as floats. */
static inline __m128 sse_load_4_as_floats(const void *p)
{
    return _mm_cvtepi32_ps(_mm_unpacklo_epi16(sse_widen(sse_load_4(p)), _mm_setzero_si128()));
}

/** The two 16-bit weights at `weights` in every 32-bit lane. */
static inline __m128i sse_weight_pair(const int16_t *weights)
{
    return _mm_shuffle_epi32(sse_load_4(weights), 0);
}

/** Two neighbouring pixels of 3 or 4 channels: a0 a1 b0 b1 c0 c1 (d0 d1) in 16-bit lanes. */
static inline __m128i sse_pixel_pair(__m128i bytes, const int channels)
{
    const __m128i next = channels == 3 ? _mm_srli_si128(bytes, 3) : _mm_srli_si128(bytes, 4);
    return sse_widen(_mm_unpacklo_epi8(bytes, next));
}

/** Pixels of 2 channels, a0 b0 a1 b1 in 16-bit lanes, to a0 a1 b0 b1; the upper half likewise. */
static inline __m128i sse_deal_pairs(__m128i lanes)
{
    return _mm_shufflehi_epi16(_mm_shufflelo_epi16(lanes, 0xD8), 0xD8);
}

#endif
