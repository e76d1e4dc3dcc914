/** @file border.h  Which pixel stands for one outside the image. */
#ifndef ASSAY_OPS_SHARED_BORDER_H
#define ASSAY_OPS_SHARED_BORDER_H

#include <stdint.h>

/** Names after scipy.ndimage's `mode`. */
typedef enum assay_border {
    ASSAY_BORDER_NEAREST = 0, /* a a | a b c d | d d */
    ASSAY_BORDER_REFLECT,     /* b a | a b c d | d c */
    ASSAY_BORDER_MIRROR       /* c b | a b c d | c b ; OpenCV's reflect-101 */
} assay_border;

/** The index in 0..n-1 that stands for i; n >= 1. Reflections repeat as often as needed. */
static inline int32_t assay_border_index(assay_border border, int32_t i, int32_t n)
{
    if (i >= 0 && i < n) {
        return i;
    }
    if (border == ASSAY_BORDER_NEAREST || n == 1) {
        return i < 0 ? 0 : n - 1;
    }
    int64_t shift = border == ASSAY_BORDER_REFLECT ? 1 : 0;
    int64_t period = 2 * ((int64_t)n - 1 + shift);
    int64_t k = (int64_t)i % period;
    k += k < 0 ? period : 0;
    return (int32_t)(k < n ? k : period - shift - k);
}

#endif
