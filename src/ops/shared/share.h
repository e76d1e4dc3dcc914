/** @file share.h  Interval of a share of rows that may carry weights, for the points of curves. */
#ifndef ASSAY_OPS_SHARED_SHARE_H
#define ASSAY_OPS_SHARED_SHARE_H

#include "core/metric.h"

/** Two-sided interval of hits / weight with alpha at each end. `squares` is the sum of the squared
 *  weights; 0 = rows are counted and the interval is Clopper and Pearson's. Otherwise it is theirs with
 *  Kish's effective number of rows (assay_korn_graubard). */
ASSAY_NODISCARD assay_status assay_share_interval(double *low, double *high, double hits,
                                                  double weight, double squares, double alpha,
                                                  assay_error *err);

#endif
