/**
 * @file sample_size.h
 * How many samples a claim on a proportion takes before anything is measured, by the exact rules that
 * judge it. Sizes are for independent samples unless a function says otherwise; answers beyond 10^9
 * are ASSAY_ELIMIT. Sizes for comparisons, and design effects, are in power.h.
 */
#ifndef ASSAY_STATS_SAMPLE_SIZE_H
#define ASSAY_STATS_SAMPLE_SIZE_H

#include "stats/planning.h"

/** The smallest n from which on, for it and every larger number, the claim is met with at least this
 *  probability when the true value is `expect` (exact; the power of an exact test is a saw-tooth in
 *  n, see Chernick and Liu, The American Statistician 56 (2002)). `expect` lies on the claim's side
 *  of the limit; power in [0.5, 1). */
ASSAY_NODISCARD assay_status assay_size_power(int64_t *n, const assay_proportion_claim *claim,
                                              double expect, double power, assay_error *err);

/** The fewest trials with which the claim is met in spite of `failures` results against it. */
ASSAY_NODISCARD assay_status assay_size_failures(int64_t *n, int64_t failures,
                                                 const assay_proportion_claim *claim,
                                                 assay_error *err);

/** As above when the trials are drawn without replacement from `pool` items and the claim speaks of
 *  the pool itself (hypergeometric). ASSAY_ELIMIT when even all of the pool would not do. */
ASSAY_NODISCARD assay_status assay_size_pool_failures(int64_t *n, int64_t failures, int64_t pool,
                                                      const assay_proportion_claim *claim,
                                                      assay_error *err);

/** The smallest n at which the two-sided Clopper-Pearson interval around the rate `expect` (the
 *  nearest whole number of successes) is at most 2 half_width wide, there and at every larger n. */
ASSAY_NODISCARD assay_status assay_size_precision(int64_t *n, double expect, double half_width,
                                                  double confidence, assay_error *err);

/** n for a finite pool, when the statement is about the pool: n / (1 + (n - 1) / pool), rounded up
 *  (Cochran, Sampling Techniques, 1977, eq. 4.2). */
int64_t assay_size_in_pool(int64_t n, int64_t pool);

#endif
