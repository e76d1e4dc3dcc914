/**
 * @file betting.h
 * Confidence sequences for the mean of values in [0, 1], of any distribution, one value at a time: I.
 * Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86
 * (2024) (arXiv 2010.09686): hedged capital and predictable plug-in empirical Bernstein; and both
 * for sampling without replacement from a known number of values (section 5).
 */
#ifndef ASSAY_STATS_BETTING_H
#define ASSAY_STATS_BETTING_H

#include <stdint.h>

#include "base/error.h"

typedef struct assay_betting assay_betting;

/** `grid` + 1 candidate means 0, 1/grid, ..., 1 are watched; the ends are rounded outwards by one step.
 *  grid in [10, 1000000]; N = size of the population, or 0 for independent values; two-sided at
 *  1 - alpha. */
ASSAY_NODISCARD assay_status assay_betting_new(assay_betting **out, int64_t grid, int64_t N,
                                               double alpha, assay_error *err);
void assay_betting_free(assay_betting *betting);

/** The next value, in [0, 1]; O(candidates that are still possible). */
ASSAY_NODISCARD assay_status assay_betting_add(assay_betting *betting, double value,
                                               assay_error *err);

/** The running intersection of the betting intervals, and the number of values so far. Once it is
 *  narrower than the grid can tell it stays as it is. */
void assay_betting_interval(double *low, double *high, int64_t *n, const assay_betting *betting);

/** Empirical Bernstein, closed form and O(1) per value, wider; zero-initialise, set alpha and N. */
typedef struct assay_bernstein {
    double alpha;
    int64_t N; /* size of the population, or 0 */
    int64_t n;
    double sum, squares;           /* of the values; of (x - running mean)^2 */
    double weights, bets, penalty; /* sum of lambda, of lambda x, of (x - mean)^2 psi(lambda) */
    double low, high;              /* running intersection; meaningful for n >= 1 */
} assay_bernstein;

ASSAY_NODISCARD assay_status assay_bernstein_add(assay_bernstein *state, double value,
                                                 assay_error *err);

#endif
