/**
 * @file slope.h
 * The gradient of what the attacker wants, estimated from scores alone by pairs of points on both
 * sides of x: sum over u of (f(x + r u) - f(x - r u)) u / (2 r count).
 */
#ifndef ASSAY_OPS_SHARED_SLOPE_H
#define ASSAY_OPS_SHARED_SLOPE_H

#include "ops/shared/asking.h"

typedef enum assay_slope_directions {
    ASSAY_SLOPE_NORMAL = 0, /* u standard normal: natural evolution strategies */
    ASSAY_SLOPE_SIGNS       /* u of random signs: simultaneous perturbation */
} assay_slope_directions;

typedef struct assay_slope {
    assay_asking *asking;
    double (*wanted)(const assay_attack_block *block, int64_t row, const float *logits);
    assay_slope_directions directions;
    double radius;
    float *u;    /* ASSAY_ASKING_BATCH / 2 x size */
    double *sum; /* size */
} assay_slope;

/** `wanted`, `directions` and `radius` are the caller's; space comes from the block's arena. */
ASSAY_NODISCARD assay_status assay_slope_new(assay_slope *slope, assay_asking *asking,
                                             assay_error *err);

/** From `pairs` pairs: 2 * pairs forwards, which the row must have left. Points are cut to [0, 1]. */
ASSAY_NODISCARD assay_status assay_slope_estimate(float *g, assay_slope *slope, const float *x,
                                                  int64_t pairs, assay_error *err);

#endif
