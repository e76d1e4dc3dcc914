/**
 * @file group_gaps.h
 * How far apart k groups lie in a proportion: intervals for the largest difference, the smallest ratio
 * and the lowest proportion, which hold at the stated error probabilities for any k.
 *
 * Take the largest difference D = max |p_i - p_j|. Its upper end is the largest upper end over all
 * ordered pairs of groups, each at the full error probability: D belongs to some pair, and lies above
 * that pair's end with no more than this probability (intersection-union: R. L. Berger,
 * Technometrics 24 (1982)). Its lower end is the largest lower end over all ordered pairs, each at
 * the error probability divided by their number (Bonferroni), as the one that sticks out may be any.
 * The smallest ratio and the lowest proportion follow the same rule with the ends exchanged. Pairs have
 * the score intervals of Miettinen and Nurminen (two_proportions.h), single groups those of Clopper
 * and Pearson.
 */
#ifndef ASSAY_STATS_GROUP_GAPS_H
#define ASSAY_STATS_GROUP_GAPS_H

#include <stdint.h>

#include "base/error.h"

/** x successes in n >= 1 independent trials. */
typedef struct assay_trials {
    int64_t x, n;
} assay_trials;

/** Of max |p_i - p_j|, in [0, 1]; k >= 2 groups. alphas as in intervals.h. */
ASSAY_NODISCARD assay_status assay_largest_difference(double *low, double *high,
                                                      const assay_trials *groups, int64_t k,
                                                      double alpha_low, double alpha_high,
                                                      assay_error *err);

/** Of min p_i / p_j, in [0, 1]; k >= 2 groups. */
ASSAY_NODISCARD assay_status assay_smallest_ratio(double *low, double *high,
                                                  const assay_trials *groups, int64_t k,
                                                  double alpha_low, double alpha_high,
                                                  assay_error *err);

/** Of min p_i; k >= 1 groups. */
ASSAY_NODISCARD assay_status assay_lowest_proportion(double *low, double *high,
                                                     const assay_trials *groups, int64_t k,
                                                     double alpha_low, double alpha_high,
                                                     assay_error *err);

#endif
