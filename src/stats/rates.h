/**
 * @file rates.h
 * Intervals of a rate at a limit of another rate, such as recall at a false positive rate: the threshold is an
 * order statistic of the rows that limit it, and the share of the others beyond it a proportion. No
 * assumption on the distributions of the scores; never below the level, for any number of rows.
 */
#ifndef ASSAY_STATS_RATES_H
#define ASSAY_STATS_RATES_H

#include <stdint.h>

#include "base/error.h"

/** Rows of two kinds in the order in which thresholds take them in: at most the share `limit` of the kind that
 *  limits may be taken in, and the highest share of the other kind is asked for. */
typedef struct assay_rate_ranks {
    double limit;              /* 0 <= limit < 1 */
    int64_t limiting, counted; /* rows of the two kinds, each > 0 */
    int64_t first, n;          /* the ranks of limiting rows that are kept, from 1 */
    const int64_t *before,
        *until; /* counted rows strictly before the limiting row of rank first + i, and
                                      those up to its score */
} assay_rate_ranks;

/** The ranks [first, last] that an interval with error probabilities of at least 1e-12 can ask for. */
ASSAY_NODISCARD assay_status assay_rate_window(int64_t *first, int64_t *last, int64_t limiting,
                                               double limit, assay_error *err);

/**
 * With half of the error probability for the threshold and half for the share. The low end: with r the largest
 * rank for which P(Bin(limiting, limit) < r) <= alpha_low / 2, a threshold beyond the limiting row of rank
 * r keeps the limit but with that probability, so that the Clopper-Pearson bound of the share of counted
 * rows before it holds; 0 without such a rank. The high end: likewise with the smallest rank s for which
 * P(Bin(limiting, limit) >= s) <= alpha_high / 2, and the counted rows up to it; 1 without one. Wilks
 * (1941), Determination of sample sizes for setting tolerance limits, Annals of Mathematical Statistics
 * 12, for the threshold; Clopper, Pearson (1934) for the share; Linnet (1987), Comparison of quantitative
 * diagnostic tests: type I error, power, and sample size, Statistics in Medicine 6, and Platt, Hanley,
 * Yang (2000), Bootstrap confidence intervals for the sensitivity of a quantitative diagnostic test,
 * Statistics in Medicine 19, for why both matter.
 */
ASSAY_NODISCARD assay_status assay_rate_interval(double *low, double *high,
                                                 const assay_rate_ranks *ranks, double alpha_low,
                                                 double alpha_high, assay_error *err);

#endif
