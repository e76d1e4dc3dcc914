/**
 * @file bayes.h
 * Posterior probabilities that a difference is below, inside or above a region of practical
 * equivalence [-rope, rope].
 */
#ifndef ASSAY_STATS_BAYES_H
#define ASSAY_STATS_BAYES_H

#include <stdint.h>

#include "base/error.h"

typedef struct assay_rope {
    double below;  /* P(difference < -rope) */
    double inside; /* P(-rope <= difference <= rope) */
    double above;
} assay_rope;

/** Correlated t test of n scores' differences from overlapping training sets (cross-validation):
 *  Student's t with n - 1 degrees of freedom about the mean with scale sqrt((1/n + rho / (1 - rho))
 *  variance). rho = share of the data used for testing (1/k for k folds), 0 for independent
 *  differences. G. Corani and A. Benavoli, Machine Learning 100 (2015); A. Benavoli et al., JMLR 18
 *  (2017). n >= 2, rope >= 0. */
ASSAY_NODISCARD assay_status assay_bayes_correlated_t(assay_rope *out, const double *differences,
                                                      int64_t n, double rho, double rope,
                                                      assay_error *err);

/** Paired right/wrong judgements: b, c, n as in paired.h. The probabilities of the two flips and of
 *  agreement have a Dirichlet posterior with `prior` > 0 added to b and c and 2 `prior` to the rest;
 *  the difference is that of the two flips' probabilities. */
ASSAY_NODISCARD assay_status assay_bayes_paired(assay_rope *out, int64_t b, int64_t c, int64_t n,
                                                double prior, double rope, assay_error *err);

/** Two independent proportions with Beta(prior, prior) priors each; difference p1 - p2. */
ASSAY_NODISCARD assay_status assay_bayes_two(assay_rope *out, int64_t x1, int64_t n1, int64_t x2,
                                             int64_t n2, double prior, double rope,
                                             assay_error *err);

/** Beta-binomial distribution of k successes in n further trials for a success probability with the
 *  posterior Beta(a, b). NaN outside the domain. */
double assay_beta_binomial_pmf(int64_t k, int64_t n, double a, double b);
double assay_beta_binomial_log_pmf(int64_t k, int64_t n, double a, double b);
/** P(K <= k) and P(K > k), by summation: O(n). */
double assay_beta_binomial_cdf(int64_t k, int64_t n, double a, double b);
double assay_beta_binomial_sf(int64_t k, int64_t n, double a, double b);

#endif
