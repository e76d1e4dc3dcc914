/**
 * @file finite.h
 * A sample of n without replacement from a finite population of N: statements about these N (a
 * benchmark, a stock of images), not about the world they came from.
 */
#ifndef ASSAY_STATS_FINITE_H
#define ASSAY_STATS_FINITE_H

#include <stdint.h>

#include "base/error.h"

/** Exact bounds on the number of successes among the N after x successes in the sample: all numbers
 *  K that neither one-sided hypergeometric test rejects. J. P. Buonaccorsi, Biometrics 43 (1987).
 *  Divide by N for a proportion. alpha as in intervals.h; 0 gives what is logically possible. */
ASSAY_NODISCARD assay_status assay_hypergeometric_interval(int64_t *low, int64_t *high, int64_t x,
                                                           int64_t n, int64_t N, double alpha_low,
                                                           double alpha_high, assay_error *err);

/** sqrt((N - n) / (N - 1)), the factor of a standard error: Cochran (1977), 2.6. */
ASSAY_NODISCARD assay_status assay_finite_correction(double *out, int64_t n, int64_t N,
                                                     assay_error *err);

/** Wilson's score interval with z^2 times (N - n) / (N - 1), the variance of a sample without
 *  replacement. n = 0 gives [0, 1]. */
ASSAY_NODISCARD assay_status assay_wilson_finite(double *low, double *high, int64_t x, int64_t n,
                                                 int64_t N, double alpha_low, double alpha_high,
                                                 assay_error *err);

#endif
