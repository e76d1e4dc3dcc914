/**
 * @file intervals.h
 * Intervals for a proportion (x successes in n independent trials) and from bootstrap replicates.
 *
 * alpha_low and alpha_high are the error probabilities of the two ends: 0.025 each for a two-sided
 * 95 % interval; (0.05, 0) for a 95 % lower bound. An end with alpha 0 is the end of the range: 0
 * or 1 for a proportion, minus or plus infinity for replicates. Each alpha is in [0, 0.5].
 * Impossible arguments are ASSAY_EINVAL.
 */
#ifndef ASSAY_STATS_INTERVALS_H
#define ASSAY_STATS_INTERVALS_H

#include <stdint.h>

#include "base/error.h"

/** Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
 *  binomial", Biometrika 26 (1934): never less than the nominal coverage. n = 0 gives [0, 1]. */
ASSAY_NODISCARD assay_status assay_clopper_pearson(double *low, double *high, int64_t x, int64_t n,
                                                   double alpha_low, double alpha_high,
                                                   assay_error *err);

/** Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927),
 *  the score interval without continuity correction. n = 0 gives [0, 1]. */
ASSAY_NODISCARD assay_status assay_wilson(double *low, double *high, int64_t x, int64_t n,
                                          double alpha_low, double alpha_high, assay_error *err);

/** Equal-tailed posterior interval under the prior Beta(1/2, 1/2), with low = 0 at x = 0 and
 *  high = 1 at x = n (Brown, Cai, DasGupta, Statistical Science 16 (2001)). n = 0 gives [0, 1]. */
ASSAY_NODISCARD assay_status assay_jeffreys(double *low, double *high, int64_t x, int64_t n,
                                            double alpha_low, double alpha_high, assay_error *err);

/** Quantiles of n ascending finite values with linear interpolation (Hyndman and Fan 1996, type 7).
 *  An alpha below 1/n cannot be read off n values: ASSAY_EUNSUPPORTED says how many it takes. */
ASSAY_NODISCARD assay_status assay_percentile_interval(double *low, double *high,
                                                       const double *values, int64_t n,
                                                       double alpha_low, double alpha_high,
                                                       assay_error *err);

/** Quantile p in [0, 1] of n >= 1 ascending values, type 7. */
double assay_quantile_sorted(const double *values, int64_t n, double p);

#endif
