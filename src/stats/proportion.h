/**
 * @file proportion.h
 * More intervals and the tests for one proportion and one rate; arguments as in intervals.h.
 */
#ifndef ASSAY_STATS_PROPORTION_H
#define ASSAY_STATS_PROPORTION_H

#include <stdint.h>

#include "base/error.h"

/** Wilson's score interval with continuity correction: R. G. Newcombe, "Two-sided confidence
 *  intervals for the single proportion", Statistics in Medicine 17 (1998), method 4. */
ASSAY_NODISCARD assay_status assay_wilson_corrected(double *low, double *high, int64_t x, int64_t n,
                                                    double alpha_low, double alpha_high,
                                                    assay_error *err);

/** A. Agresti and B. Coull, The American Statistician 52 (1998): Wald's interval about
 *  (x + z^2/2) / (n + z^2), cut to [0, 1]. */
ASSAY_NODISCARD assay_status assay_agresti_coull(double *low, double *high, int64_t x, int64_t n,
                                                 double alpha_low, double alpha_high,
                                                 assay_error *err);

/** Inverse of the mid-P test: the end where P(X beyond x) + P(X = x) / 2 = alpha. H. O. Lancaster,
 *  JASA 56 (1961). */
ASSAY_NODISCARD assay_status assay_mid_p(double *low, double *high, int64_t x, int64_t n,
                                         double alpha_low, double alpha_high, assay_error *err);

/** Wald's interval x/n -+ z sqrt(x (n - x) / n^3), cut to [0, 1]: for comparison with others only;
 *  it covers far less than it says near 0 and 1. */
ASSAY_NODISCARD assay_status assay_wald(double *low, double *high, int64_t x, int64_t n,
                                        double alpha_low, double alpha_high, assay_error *err);

/** Exact interval for the rate of a Poisson count x in `exposure` units: F. Garwood, Biometrika 28
 *  (1936). high of alpha_high = 0 is infinite. */
ASSAY_NODISCARD assay_status assay_poisson_interval(double *low, double *high, int64_t x,
                                                    double exposure, double alpha_low,
                                                    double alpha_high, assay_error *err);

/** P-values of the exact binomial test of p = p0 for x of n. */
typedef struct assay_binomial_p {
    double greater;     /* P(X >= x): against p <= p0; its inverse is Clopper-Pearson's low end */
    double less;        /* P(X <= x): against p >= p0 */
    double two_sided;   /* sum of all outcomes that are at most as probable as x */
    double central;     /* twice the smaller of greater and less, at most 1: dual to the interval */
    double mid_greater; /* mid-P: half of P(X = x) taken off */
    double mid_less;
} assay_binomial_p;

ASSAY_NODISCARD assay_status assay_binomial_test(assay_binomial_p *out, int64_t x, int64_t n,
                                                 double p0, assay_error *err);

/** The proportion behind imperfect truth labels of known sensitivity and specificity: W. J. Rogan
 *  and B. Gladen, American Journal of Epidemiology 107 (1978): (p + specificity - 1) / (sensitivity
 *  + specificity - 1), cut to [0, 1]; `se` is that of the transformed proportion. */
ASSAY_NODISCARD assay_status assay_rogan_gladen(double *estimate, double *se, int64_t x, int64_t n,
                                                double sensitivity, double specificity,
                                                assay_error *err);

#endif
