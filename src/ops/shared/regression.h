/** @file regression.h  Means of a term per row: what most metrics of regression are. */
#ifndef ASSAY_OPS_SHARED_REGRESSION_H
#define ASSAY_OPS_SHARED_REGRESSION_H

#include "core/metric.h"

/** One measure, the mean of the first term; undefined without rows, and with `infinite` as the reason
 *  when a term is infinite. *mean is where to change the value, or NULL when it is undefined. */
ASSAY_NODISCARD assay_status assay_term_mean_finish(double **mean, assay_result *out,
                                                    const void *state, const char *infinite,
                                                    assay_error *err);

/** Unit deviance of the true value y from the mean: power 0 normal, 1 Poisson, 2 gamma, 3 inverse Gaussian.
 *  Infinite where the distribution cannot give them; between 0 and 1 there is none. */
double assay_tweedie_deviance(double y, double mean, double power);
/** Why it is infinite. */
const char *assay_tweedie_outside(double power);

#endif
