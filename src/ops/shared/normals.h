/** @file normals.h  Normal numbers in bulk, as exact as images need. */
#ifndef ASSAY_OPS_SHARED_NORMALS_H
#define ASSAY_OPS_SHARED_NORMALS_H

#include <stddef.h>

#include "base/rng.h"

/**
 * n standard normals, one 32-bit word u of the stream each: the inverse normal distribution
 * function at (u + 1/2) / 2^32, so within 6.34 of 0. Relative error below 1e-6. Wichura, "Algorithm
 * AS 241: The percentage points of the normal distribution", Applied Statistics 37 (1988), 477-484,
 * routine PPND7. The numbers do not depend on how n is divided over calls.
 */
void assay_normals(float *out, size_t n, assay_rng *rng);

#endif
