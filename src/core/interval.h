/** @file interval.h  The shape of an interval estimator. Exactly one of the functions is set. */
#ifndef ASSAY_CORE_INTERVAL_H
#define ASSAY_CORE_INTERVAL_H

#include <stdint.h>

#include "base/error.h"
#include "stats/clustered.h"

/** alpha_low and alpha_high are the error probabilities of the two ends: (1-level)/2 each for a
 *  two-sided interval; (alpha, 0) for a lower bound, whose upper end is then the range's end. */
typedef struct assay_interval {
    /** From counts, for a proportion of independent trials. */
    assay_status (*proportion)(double *low, double *high, int64_t successes, int64_t trials,
                               double alpha_low, double alpha_high, const void *params,
                               assay_error *err);
    /** From ascending bootstrap replicates and the estimate. */
    assay_status (*replicates)(double *low, double *high, const double *values, int64_t n,
                               double estimate, double alpha_low, double alpha_high,
                               const void *params, assay_error *err);
    /** From ascending bootstrap replicates, the estimate, and the estimates without one group of rows
     *  after the other. */
    assay_status (*jackknifed)(double *low, double *high, const double *values, int64_t n,
                               double estimate, const double *jackknife, int64_t groups,
                               double alpha_low, double alpha_high, const void *params,
                               assay_error *err);
    /** From ascending pivots, (replicate - estimate) / standard error of the replicate, the estimate and its
     *  standard error. */
    assay_status (*studentised)(double *low, double *high, const double *pivots, int64_t n,
                                double estimate, double se, double alpha_low, double alpha_high,
                                const void *params, assay_error *err);
    /** From an estimate over clusters, for a proportion of dependent rows. */
    assay_status (*clustered)(double *low, double *high, const assay_cluster_estimate *estimate,
                              double alpha_low, double alpha_high, const void *params,
                              assay_error *err);
    /** From an area under the ROC curve and its variance. */
    assay_status (*area)(double *low, double *high, double area, double variance, double alpha_low,
                         double alpha_high, const void *params, assay_error *err);
    /** From a number of events in an exposure > 0, for their rate. */
    assay_status (*count)(double *low, double *high, int64_t events, double exposure,
                          double alpha_low, double alpha_high, const void *params,
                          assay_error *err);
    int percentiles; /* 1: quantiles of replicates as they are; measures that are distances from zero
                        get assay_distance_interval instead (core/measure.h) */
    int distances;   /* 1: of values that cannot be below 0, so not of differences of measures */
    int of_clusters; /* 1: replicates, and for proportions of rows that come in clusters */
} assay_interval;

struct assay_args;
/** Whether it takes bootstrap replicates of a metric. */
int assay_interval_is_resampled(const struct assay_args *args);

#endif
