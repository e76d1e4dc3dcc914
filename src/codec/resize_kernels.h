/**
 * @file resize_kernels.h
 * The inner loops of 8-bit resampling, for SSE2 (which every x86-64 has) and in plain C. Both give
 * the same bits: all sums are integers modulo 2^32.
 */
#ifndef ASSAY_CODEC_RESIZE_KERNELS_H
#define ASSAY_CODEC_RESIZE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum { ASSAY_RESAMPLE_BITS = 32 - 8 - 2, ASSAY_RESAMPLE_LOW_BITS = 15 };

/** For every output sample of one axis: which source samples it takes, with which weights. */
typedef struct assay_resample_axis {
    int32_t size;   /* output samples */
    int32_t taps;   /* length of a row of weights, a multiple of 8; unused ones are 0 */
    int32_t *first; /* first source sample, never decreasing */
    int32_t *count; /* number of source samples */
    double *weight; /* size x taps; NULL for 8-bit images */
    int16_t *high;  /* size x taps: weight = (high * 2^15 + low) / 2^22, 0 <= low < 2^15 */
    int16_t *low;
} assay_resample_axis;

/** One row across: `out` gets axis->size pixels. `end` is the end of the memory that may be read:
 *  bytes behind the row are read, but have no influence. */
void assay_resample_across_8(uint8_t *out, const uint8_t *in, const uint8_t *end,
                             const assay_resample_axis *axis, int channels);

/** Output row `y`: `in` is the first of axis->count[y] rows of `length` samples, `stride` bytes
 *  apart. */
void assay_resample_down_8(uint8_t *out, const uint8_t *in, size_t stride, size_t length,
                           const assay_resample_axis *axis, int32_t y);

#endif
