/** @file effect.h  How large a difference is, beside whether there is one. NaN outside the domain. */
#ifndef ASSAY_STATS_EFFECT_H
#define ASSAY_STATS_EFFECT_H

#include <stdint.h>

#include "base/error.h"

/** 2 asin sqrt(p1) - 2 asin sqrt(p2): J. Cohen, "Statistical power analysis" (1988), 6.2. */
double assay_cohen_h(double p1, double p2);
/** max(b, c) / (b + c) - 1/2 of paired flips: Cohen (1988), 5.2; NaN without flips. */
double assay_cohen_g(int64_t b, int64_t c);
/** Mean over standard deviation of n paired differences (Cohen's d_z); NaN without spread. */
ASSAY_NODISCARD assay_status assay_cohen_dz(double *out, const double *differences, int64_t n,
                                            assay_error *err);
/** P(X > Y) - P(X < Y) over all pairs, in O(n log n): N. Cliff, Psychological Bulletin 114 (1993). */
ASSAY_NODISCARD assay_status assay_cliff_delta(double *out, const double *x, int64_t nx,
                                               const double *y, int64_t ny, assay_error *err);

#endif
