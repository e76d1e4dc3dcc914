/**
 * @file fab.h
 * Fast adaptive boundary attack. F. Croce, M. Hein, "Minimally distorted adversarial examples with a
 * fast adaptive boundary attack", ICML 2020. Constants as in the authors' code of 2023-01.
 */
#ifndef ASSAY_OPS_SHARED_FAB_H
#define ASSAY_OPS_SHARED_FAB_H

#include "core/attack.h"

typedef struct assay_fab {
    int64_t steps, restarts;
    int64_t targets; /* 0: towards the nearest class of all; else one of the best wrong classes at a
                        time, so many of them */
    double alpha_max, eta, beta;
} assay_fab;

ASSAY_NODISCARD assay_status assay_fab_run(assay_attack_block *block, const assay_fab *settings,
                                           assay_error *err);

/**
 * d = shortest change in the norm such that w . (x + d) = b and 0 <= x + d <= 1; where the box does
 * not reach the plane, the change that comes nearest to it. Exact: Linf and L2 by adding saturated
 * coordinates until the multiplier stands, L1 by |w| descending. `order` holds n values (L1 only).
 */
void assay_fab_project(assay_norm norm, float *d, const float *x, const float *w, double b,
                       int32_t *order, int64_t n);

#endif
