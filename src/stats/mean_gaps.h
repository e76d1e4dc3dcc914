/**
 * @file mean_gaps.h
 * How far apart k groups lie in a mean: the largest difference, the smallest ratio, the highest mean and
 * the one farthest from zero, with intervals that hold at the stated error probabilities for any k by
 * the rule of group_gaps.h. Pairs of means have Welch's interval (B. L. Welch, Biometrika 34 (1947));
 * ratios the same on the logarithms, by the delta method; single means Student's.
 */
#ifndef ASSAY_STATS_MEAN_GAPS_H
#define ASSAY_STATS_MEAN_GAPS_H

#include <stdint.h>

#include "base/error.h"

/** Of n >= 2 independent values; variance with n - 1 in the denominator. */
typedef struct assay_sample {
    double n, mean, variance;
} assay_sample;

/** Of max |m_i - m_j|, at least 0; k >= 2. An end with alpha 0 is 0 or infinite. */
ASSAY_NODISCARD assay_status assay_mean_difference(double *low, double *high,
                                                   const assay_sample *groups, int64_t k,
                                                   double alpha_low, double alpha_high,
                                                   assay_error *err);
/** Of min m_i / m_j of means > 0, in [0, 1]; k >= 2. */
ASSAY_NODISCARD assay_status assay_mean_ratio(double *low, double *high, const assay_sample *groups,
                                              int64_t k, double alpha_low, double alpha_high,
                                              assay_error *err);
/** Of max m_i; k >= 1. An end with alpha 0 is infinite. */
ASSAY_NODISCARD assay_status assay_highest_mean(double *low, double *high,
                                                const assay_sample *groups, int64_t k,
                                                double alpha_low, double alpha_high,
                                                assay_error *err);
/** Of max |m_i|, at least 0; k >= 1. */
ASSAY_NODISCARD assay_status assay_farthest_mean(double *low, double *high,
                                                 const assay_sample *groups, int64_t k,
                                                 double alpha_low, double alpha_high,
                                                 assay_error *err);

#endif
