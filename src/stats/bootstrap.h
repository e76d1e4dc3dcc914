/**
 * @file bootstrap.h
 * Intervals from bootstrap replicates, which are given; the percentile interval is in intervals.h.
 * Ends with alpha 0 are infinite. Replicates must be finite.
 */
#ifndef ASSAY_STATS_BOOTSTRAP_H
#define ASSAY_STATS_BOOTSTRAP_H

#include <stdint.h>

#include "base/error.h"

/** Bias-corrected and accelerated: B. Efron, "Better bootstrap confidence intervals", JASA 82
 *  (1987). `sorted`: n ascending replicates; `jackknife`: the estimate without datum (or cluster) i,
 *  m of them. Replicates equal to the estimate count one half. ASSAY_EUNSUPPORTED when the estimate
 *  lies outside all replicates or an end cannot be read off so few of them. */
ASSAY_NODISCARD assay_status assay_bca_interval(double *low, double *high, const double *sorted,
                                                int64_t n, double estimate, const double *jackknife,
                                                int64_t m, double alpha_low, double alpha_high,
                                                assay_error *err);

/** The bias correction z0 and acceleration a themselves. */
ASSAY_NODISCARD assay_status assay_bca_constants(double *z0, double *a, const double *sorted,
                                                 int64_t n, double estimate,
                                                 const double *jackknife, int64_t m,
                                                 assay_error *err);

/** Basic (reverse percentile): 2 estimate - quantiles. Davison and Hinkley, "Bootstrap methods and
 *  their application" (1997), 5.2.1. */
ASSAY_NODISCARD assay_status assay_basic_interval(double *low, double *high, const double *sorted,
                                                  int64_t n, double estimate, double alpha_low,
                                                  double alpha_high, assay_error *err);

/** The wider ends of the percentile and the basic interval, cut to [0, 1] where the estimate and all replicates
 *  lie in it: for values that are chosen among many, whose replicates are biased by the choice as the
 *  estimate is, so that neither of the two holds by itself. */
ASSAY_NODISCARD assay_status assay_hull_interval(double *low, double *high, const double *sorted,
                                                 int64_t n, double estimate, double alpha_low,
                                                 double alpha_high, assay_error *err);

/** What a statistic measures that is biased upwards because chance alone makes it positive. */
typedef enum assay_distance {
    ASSAY_DISTANCE_NONE = 0,
    ASSAY_DISTANCE_PLAIN,   /* a norm of estimated gaps: calibration errors, largest gaps */
    ASSAY_DISTANCE_SQUARED, /* the square of one */
    ASSAY_DISTANCE_DEBIASED /* one whose square was corrected for chance, and cut off at zero */
} assay_distance;

/**
 * For a norm |g| of gaps g that are estimated with error: E|estimate|^2 = |g|^2 + s^2, and resampling adds
 * the same s^2 once more, so percentiles lie too high by twice the bias. The low end is therefore the
 * basic interval's on the scale of squares, sqrt(max(0, 2 v^2 - q^2)), with q the quantile 1 - alpha_low
 * of the replicates (Davison and Hinkley 1997, 5.2.1 and 5.2.2): it has no bias to first order, and for
 * g = 0 it lies above 0 less often than stated. The high end needs no correction: a norm is convex, so
 * |g| - v is at most a linear function of the errors, whose quantile is that of the replicates' upper
 * half: v + q - median, q the quantile 1 - alpha_high; for a debiased value, which may be cut off at
 * zero, also at least q. The value always lies within. Squares are treated on the scale of their roots.
 */
ASSAY_NODISCARD assay_status assay_distance_interval(double *low, double *high,
                                                     const double *sorted, int64_t n,
                                                     double estimate, assay_distance what,
                                                     double alpha_low, double alpha_high,
                                                     assay_error *err);

/** Studentised (bootstrap-t): estimate - se * quantiles of `pivots`, the ascending (replicate -
 *  estimate) / se of the replicate. Davison and Hinkley (1997), 5.2.1. */
ASSAY_NODISCARD assay_status assay_studentised_interval(double *low, double *high,
                                                        const double *pivots, int64_t n,
                                                        double estimate, double se,
                                                        double alpha_low, double alpha_high,
                                                        assay_error *err);

/** estimate -+ z se (df infinite) or t(df) se. */
ASSAY_NODISCARD assay_status assay_normal_interval(double *low, double *high, double estimate,
                                                   double se, double df, double alpha_low,
                                                   double alpha_high, assay_error *err);

/** Standard deviation (n - 1) of the replicates: the bootstrap standard error. n >= 2. */
ASSAY_NODISCARD assay_status assay_bootstrap_se(double *out, const double *replicates, int64_t n,
                                                assay_error *err);

/** Smallest rank r with P(Bin(n, p) >= r) <= alpha: the r-th smallest of n values is an upper bound
 *  of the p-quantile at confidence 1 - alpha, without assumptions on the distribution (S. S. Wilks,
 *  1941). n + 1 when n values are too few. */
ASSAY_NODISCARD assay_status assay_quantile_upper_rank(int64_t *rank, int64_t n, double p,
                                                       double alpha, assay_error *err);

/** Largest rank r with P(Bin(n, p) < r) <= alpha: a lower bound of the p-quantile; 0 when n values
 *  are too few. */
ASSAY_NODISCARD assay_status assay_quantile_lower_rank(int64_t *rank, int64_t n, double p,
                                                       double alpha, assay_error *err);

#endif
