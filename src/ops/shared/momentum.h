/** @file momentum.h  The iterative attacks with momentum: one engine, several ways to a gradient. */
#ifndef ASSAY_OPS_SHARED_MOMENTUM_H
#define ASSAY_OPS_SHARED_MOMENTUM_H

#include "core/attack.h"

typedef struct assay_momentum {
    int64_t steps;
    double rel_step; /* of eps */
    double decay;
    bool look_ahead; /* Nesterov: the gradient ahead of the point */
    double resize,
        probability; /* diverse inputs: smallest share of the side, how often; 0 = never */
    int64_t kernel;  /* translation invariance: side of the Gaussian; 0 = none */
    double sigmas;
} assay_momentum;

/** Linf. Every row goes through all steps; only the last point is judged. */
ASSAY_NODISCARD assay_status assay_momentum_run(assay_attack_block *block,
                                                const assay_momentum *settings, assay_error *err);

/** Bilinear resizing (half-pixel centres, clamped) of a side of `n` to `m` as weights: out[i] =
 *  (1 - share[i]) in[from[i]] + share[i] in[min(from[i] + 1, n - 1)]. */
void assay_momentum_weights(int32_t *from, float *share, int64_t n, int64_t m);

#endif
