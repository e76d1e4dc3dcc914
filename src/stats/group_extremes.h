/**
 * @file group_extremes.h
 * The highest and the lowest of k independent estimates, their difference and their ratio, for estimates of any
 * kind: only the ends of their own intervals are asked for.
 *
 * The differences and ratios of pairs come from the ends of both by the method of variance estimates recovery
 * (R. G. Newcombe, Statistics in Medicine 17 (1998); G. Y. Zou, A. Donner, Statistics in Medicine 27 (2008)):
 * d -+ sqrt((v_i - l_i)^2 + (u_j - v_j)^2), for ratios on the scale of logarithms. Over pairs they are put
 * together as in group_gaps.h: the end on the side of "alike" needs an allowance for the number of pairs
 * (Bonferroni), the other one does not.
 */
#ifndef ASSAY_STATS_GROUP_EXTREMES_H
#define ASSAY_STATS_GROUP_EXTREMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/** Ends at an error probability on either side; NaN when the estimate has no interval. */
typedef struct assay_ends {
    double low, high;
} assay_ends;

typedef struct assay_group_estimate {
    double value;
    assay_ends at;       /* at alpha */
    assay_ends of_group; /* at alpha / k */
    assay_ends of_pair;  /* at alpha / (k (k - 1)) */
} assay_group_estimate;

typedef struct assay_group_extremes {
    int64_t highest, lowest; /* the first of them */
    assay_ends highest_ends, lowest_ends;
    double difference; /* highest less lowest, >= 0 */
    assay_ends difference_ends;
    double ratio; /* lowest by highest; NaN unless all values are > 0, or all >= 0 and one is > 0 */
    assay_ends ratio_ends;
    double
        p_adjusted; /* of no difference between any two: the smallest of the pairs, by Holm (for the smallest
                          one Bonferroni); NaN without intervals */
    bool
        scores; /* the ends of difference and ratio are not of this method, but the score intervals of
                           group_gaps.h, which shares have; set by who put them there */
} assay_group_extremes;

/** k >= 1 groups with finite values. alpha: error probability of either end, at most one half.
 *  Without all intervals the ends are NaN. With one group the difference is NaN. */
ASSAY_NODISCARD assay_status assay_group_extremes_find(assay_group_extremes *out,
                                                       const assay_group_estimate *groups,
                                                       int64_t k, double alpha, assay_error *err);

#endif
