/** @file interval.h  The shape of an interval estimator. Exactly one of the functions is set. */
#ifndef ASSAY_CORE_INTERVAL_H
#define ASSAY_CORE_INTERVAL_H

#include <stdint.h>

#include "base/error.h"

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
} assay_interval;

#endif
