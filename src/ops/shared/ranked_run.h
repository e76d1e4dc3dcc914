/** @file ranked_run.h  Several rows of a ranking at once, where no scores are equal. */
#ifndef ASSAY_OPS_SHARED_RANKED_RUN_H
#define ASSAY_OPS_SHARED_RANKED_RUN_H

#include "core/metric.h"

enum { ASSAY_RANKED_RUN = 8 };

/** Whether none of the ASSAY_RANKED_RUN rows from place `at` on has the score of the one after it: packed
 *  words without copies, and at + ASSAY_RANKED_RUN < n. Bit i of *mine: row at + i is of the class. */
__attribute__((always_inline)) static inline bool
assay_ranked_run(uint32_t *mine, const assay_ranking *ranking, int64_t at, bool mirrored)
{
    const uint64_t *words = ranking->packed + (mirrored ? ranking->n - 1 - at : at);
    int64_t step = mirrored ? -1 : 1;
    uint64_t first = UINT64_C(1) << ranking->target_bits; /* of those that differ in the key */
    uint64_t target = (uint64_t)ranking->class_index;
    bool distinct = true;
    uint32_t bits = 0;
    for (int i = 0; i < ASSAY_RANKED_RUN; i++) {
        uint64_t word = words[i * step];
        distinct &= (word ^ words[(i + 1) * step]) >= first;
        bits |= (uint32_t)((word & (first - 1)) == target) << i;
    }
    *mine = bits;
    return distinct;
}

#endif
