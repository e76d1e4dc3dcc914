/**
 * @file exact_power.h
 * Power and sample sizes without an approximation: claims about a finite pool, Fisher's and McNemar's
 * exact tests. A size is the smallest from which on every larger one reaches the power as well (power of
 * exact tests is a saw-tooth in n, see Chernick and Liu, The American Statistician 56 (2002)).
 */
#ifndef ASSAY_STATS_EXACT_POWER_H
#define ASSAY_STATS_EXACT_POWER_H

#include <stdint.h>

#include "base/error.h"
#include "stats/planning.h"

enum { ASSAY_EXACT_SIZE_MOST = 20000 };

/** Probability that n items, drawn without replacement from a pool with `bad` items against the claim,
 *  show the claim about the pool at its confidence (hypergeometric); *allowed: the most results against
 *  it with which they do, -1 = none. 0 <= n <= pool <= 10^9. */
ASSAY_NODISCARD assay_status assay_pool_power(double *power, int64_t *allowed, int64_t n,
                                              int64_t bad, int64_t pool,
                                              const assay_proportion_claim *claim,
                                              assay_error *err);

/** The size for a claim about a pool whose true rate is `expect` (the nearest whole number of items);
 *  `about`: a first guess. */
ASSAY_NODISCARD assay_status assay_size_pool_power(int64_t *n, int64_t about, int64_t pool,
                                                   double expect, double power,
                                                   const assay_proportion_claim *claim,
                                                   assay_error *err);

/** Power of Fisher's exact test with n data in each of two groups, alpha two-sided, n at most
 *  ASSAY_EXACT_SIZE_MOST. Groups of one size make its two tails alike. */
ASSAY_NODISCARD assay_status assay_power_fisher(double *power, int64_t n, double p1, double p2,
                                                double alpha, assay_error *err);

/** Sizes: data per group for Fisher's exact test, pairs for McNemar's; ASSAY_ELIMIT above
 *  ASSAY_EXACT_SIZE_MOST. */
ASSAY_NODISCARD assay_status assay_size_fisher(int64_t *n, double p1, double p2, double alpha,
                                               double power, assay_error *err);
ASSAY_NODISCARD assay_status assay_size_mcnemar_exact(int64_t *n, double p10, double p01,
                                                      double alpha, double power, assay_error *err);

#endif
