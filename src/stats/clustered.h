/**
 * @file clustered.h
 * Intervals for a proportion or mean over data that come in clusters (objects of an image, images
 * of a flight): the cluster is the unit that was drawn independently, not the datum.
 */
#ifndef ASSAY_STATS_CLUSTERED_H
#define ASSAY_STATS_CLUSTERED_H

#include <stdint.h>

#include "base/error.h"

/** Below this many clusters an interval deserves a warning, and below the second none of the normal
 *  approximations should be used. */
#define ASSAY_CLUSTERS_COMFORTABLE 40
#define ASSAY_CLUSTERS_LEAST 10

typedef struct assay_cluster_estimate {
    double value;     /* sum of y / sum of n */
    double se;        /* of the ratio estimator, linearised */
    double deff;      /* se^2 over value (1 - value) / sum of n; NaN when that is 0 */
    double effective; /* sum of n / deff, between the number of clusters and the sum of n */
    double icc;       /* intraclass correlation by analysis of variance; NaN when undefined */
    double total;     /* sum of n */
    int64_t clusters;
} assay_cluster_estimate;

/** y[c] = sum of the scores in cluster c, n[c] > 0 = their number (or weight). Ratio estimator with
 *  variance C / (C - 1) sum (y_c - r n_c)^2 / (sum n)^2: W. G. Cochran, "Sampling techniques", 3rd
 *  ed. (1977), 6.3 and 9A; the same as the cluster-robust variance of the mean. icc takes the scores
 *  as 0 or 1: M. Ridout et al., Biometrics 55 (1999), "ANOVA estimator". At least 2 clusters. */
ASSAY_NODISCARD assay_status assay_cluster_ratio(assay_cluster_estimate *out, const double *y,
                                                 const double *n, int64_t clusters,
                                                 assay_error *err);

/** value -+ t(clusters - 1) se; not cut to any range. */
ASSAY_NODISCARD assay_status assay_cluster_interval(double *low, double *high,
                                                    const assay_cluster_estimate *estimate,
                                                    double alpha_low, double alpha_high,
                                                    assay_error *err);

/** E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small expected number
 *  of positive counts estimated from survey data", Survey Methodology 24 (1998): Clopper and
 *  Pearson's with n* = effective (t(n - 1) / t(clusters - 1))^2, at most n, and x* = value n*.
 *  Without a single failure (or success) the data say nothing about the dependence, and n* is the
 *  number of clusters. value must be in [0, 1]. */
ASSAY_NODISCARD assay_status assay_korn_graubard(double *low, double *high,
                                                 const assay_cluster_estimate *estimate,
                                                 double alpha_low, double alpha_high,
                                                 assay_error *err);

/** The same for a share of independently drawn rows with weights: sums of the weights and of the squared
 *  weights, of all rows and of the successes. effective = p (1 - p) over the linearised variance
 *  rows / (rows - 1) sum w^2 (y - p)^2 / (sum w)^2, at most `rows`; with no failure (or no success) Kish's
 *  (sum w)^2 / sum w^2. Put into assay_korn_graubard the quantiles of t cancel, as every row is a cluster of
 *  its own. */
typedef struct assay_weighted_counts {
    double weight, squares;    /* of all rows */
    double hits, hits_squares; /* of the successes */
    double rows;               /* of positive weight */
} assay_weighted_counts;

ASSAY_NODISCARD assay_status assay_weighted_share(assay_cluster_estimate *out,
                                                  const assay_weighted_counts *counts,
                                                  assay_error *err);

/** Kish (1965): 1 + ((1 + cv^2) mean_size - 1) icc for cluster sizes with the coefficient of
 *  variation cv. */
ASSAY_NODISCARD assay_status assay_design_effect(double *out, double mean_size, double cv,
                                                 double icc, assay_error *err);

#endif
