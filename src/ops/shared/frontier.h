/**
 * @file frontier.h
 * For attacks that see labels only: a first adversarial point, and the place where the model's
 * answer changes between it and the original.
 */
#ifndef ASSAY_OPS_SHARED_FRONTIER_H
#define ASSAY_OPS_SHARED_FRONTIER_H

#include "ops/shared/asking.h"

/**
 * x = an adversarial point: images of the class to reach (the block's donors), then images of uniform
 * noise, black, white, and the negative of the original are tried, `tries` in all at most. *found false: there was none, or no query was left.
 */
ASSAY_NODISCARD assay_status assay_frontier_start(float *x, bool *found, assay_asking *asking,
                                                  int64_t tries, assay_error *err);

/** Whether x is adversarial; asks once. False too when nothing is left. */
ASSAY_NODISCARD assay_status assay_frontier_wrong(bool *out, assay_asking *asking, const float *x,
                                                  assay_error *err);

/**
 * Bring the adversarial x towards the original until the model would be right again, by bisection of
 * the share of the way (L2, L1) or of the largest change (Linf: values are cut to x0 +- it), to
 * `precision` of the way. x stays adversarial: its last wrong place.
 */
ASSAY_NODISCARD assay_status assay_frontier_approach(float *x, assay_asking *asking,
                                                     double precision, assay_error *err);

#endif
