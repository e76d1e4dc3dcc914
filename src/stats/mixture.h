/**
 * @file mixture.h
 * Anytime-valid statements from closed-form mixtures: they hold at every sample size at once, so one
 * may look after each datum and stop when one likes (J. Ville, 1939).
 */
#ifndef ASSAY_STATS_MIXTURE_H
#define ASSAY_STATS_MIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/** Confidence sequence of a success probability after x successes in n trials: all p whose
 *  likelihood ratio against a Beta(a, b) mixture is below 1 / alpha. H. Robbins, Annals of
 *  Mathematical Statistics 41 (1970); a = b = 1 is D. A. Darling and H. Robbins' (n + 1) C(n, x)
 *  p^x q^(n-x) <= alpha. Two-sided at 1 - alpha. */
ASSAY_NODISCARD assay_status assay_bernoulli_sequence(double *low, double *high, int64_t x,
                                                      int64_t n, double a, double b, double alpha,
                                                      assay_error *err);

/** ln of the e-value of that mixture against p = p0. Reject when it reaches ln(1 / alpha). */
ASSAY_NODISCARD assay_status assay_bernoulli_e(double *log_e, int64_t x, int64_t n, double p0,
                                               double a, double b, assay_error *err);

/** ln of the one-sided e-value against p <= p0 (`above`) or p >= p0: the Beta(a, b) mixture restricted
 *  to the alternative, over the likelihood of p0. Valid for the whole hypothesis, since its worst case
 *  is p0. 1 / e is an anytime-valid p-value. */
ASSAY_NODISCARD assay_status assay_bernoulli_one_sided_e(double *log_e, int64_t x, int64_t n,
                                                         double p0, bool above, double a, double b,
                                                         assay_error *err);

/** One-sided confidence sequence from that e-value: (low, 1] with above, else [0, high); `end`. */
ASSAY_NODISCARD assay_status assay_bernoulli_bound(double *end, int64_t x, int64_t n, bool above,
                                                   double a, double b, double alpha,
                                                   assay_error *err);

/** ln of the simple likelihood ratio of p1 against p0, both in (0, 1): with p1 beyond p0 it is an
 *  e-value against everything up to p0. */
ASSAY_NODISCARD assay_status assay_bernoulli_ratio_e(double *log_e, int64_t x, int64_t n, double p0,
                                                     double p1, assay_error *err);

/** Sampling without replacement from N: all numbers K of successes in the population whose
 *  prior/posterior ratio under a beta-binomial(a, b) prior is below 1 / alpha. I. Waudby-Smith and A.
 *  Ramdas, "Confidence sequences for sampling without replacement", NeurIPS 2020 (arXiv 2006.04347).
 *  low <= K <= high at every sample size at once. */
ASSAY_NODISCARD assay_status assay_pool_sequence(int64_t *low, int64_t *high, int64_t x, int64_t n,
                                                 int64_t N, double a, double b, double alpha,
                                                 assay_error *err);

/** Normal mixture for a sum of n sub-Gaussian (or normal) terms with intrinsic time (variance sum) v:
 *  |S| < boundary at all times with probability 1 - alpha. S. R. Howard et al., Annals of Statistics
 *  49 (2021), (14) and proposition 5: sqrt((v + rho) ln((v + rho) / (rho alpha^2))); one-sided from
 *  the half-normal mixture. */
ASSAY_NODISCARD assay_status assay_normal_mixture(double *boundary, double v, double rho,
                                                  bool two_sided, double alpha, assay_error *err);

/** The rho that makes the two-sided boundary narrowest at about v: v / (2 ln(1/alpha) + ln(1 + 2
 *  ln(1/alpha))). */
ASSAY_NODISCARD assay_status assay_normal_mixture_rho(double *rho, double v, double alpha,
                                                      assay_error *err);

/** Confidence sequence of the mean of values in [0, 1] from that boundary with v = n / 4 (Hoeffding):
 *  mean -+ boundary / n, cut to [0, 1]. */
ASSAY_NODISCARD assay_status assay_hoeffding_sequence(double *low, double *high, double mean,
                                                      int64_t n, double rho, double alpha,
                                                      assay_error *err);

#endif
