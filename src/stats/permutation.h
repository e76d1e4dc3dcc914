/**
 * @file permutation.h
 * Sign-flip permutation test of paired differences, one per datum or, for dependent data, one per
 * cluster: if neither model is better, each difference could as well have had the other sign.
 * Replicate r has signs of its own, addressed by (seed, r), so that any split over threads or
 * machines gives the same counts.
 */
#ifndef ASSAY_STATS_PERMUTATION_H
#define ASSAY_STATS_PERMUTATION_H

#include <stdint.h>

#include "base/error.h"

/** How many replicates' sums were at least as extreme as the observed one; counts add. */
typedef struct assay_sign_flip_counts {
    int64_t replicates;
    int64_t greater; /* sum* >= sum */
    int64_t less;    /* sum* <= sum */
    int64_t both;    /* |sum*| >= |sum| */
} assay_sign_flip_counts;

/** Add the replicates first..last-1 of n finite differences to `counts`. Sums that are equal but for
 *  rounding count as equal. */
ASSAY_NODISCARD assay_status assay_sign_flip_count(assay_sign_flip_counts *counts,
                                                   const double *differences, int64_t n,
                                                   uint64_t seed, int64_t first, int64_t last,
                                                   assay_error *err);

/** (1 + count) / (1 + replicates), never 0: B. Phipson and G. K. Smyth, Statistical Applications in
 *  Genetics and Molecular Biology 9 (2010). */
double assay_permutation_p(int64_t count, int64_t replicates);

enum { ASSAY_FLIP_EXACT_MOST = 26 };

/** All 2^n sign patterns, n in [1, ASSAY_FLIP_EXACT_MOST]; the p-value is count / replicates. */
ASSAY_NODISCARD assay_status assay_sign_flip_exact(assay_sign_flip_counts *counts,
                                                   const double *differences, int64_t n,
                                                   assay_error *err);

/** The sums of one replicate over k metrics at once, for max-T: differences[i * k + j] of unit i and
 *  metric j; every metric gets the same signs. */
void assay_sign_flip_sums(double *sums, const double *differences, int64_t n, int64_t k,
                          uint64_t seed, int64_t replicate);

#endif
