/** @file limits.h  Numbers that people gave and that cannot be meant so: shares above 1. Inside src/api. */
#ifndef ASSAY_API_LIMITS_H
#define ASSAY_API_LIMITS_H

#include "plan/plan.h"

/** `value` of `what` ("at_least", "--margin") is a share or a difference of shares of the metric; other
 *  metrics may have any. The message says how the number is written that was probably meant. */
ASSAY_NODISCARD assay_status assay_check_share(const char *what, const char *metric, double value,
                                               assay_error *err);
/** Margins of a comparison (NaN = none) are differences of every metric that is compared. */
ASSAY_NODISCARD assay_status assay_check_margins(double noninferiority, double equivalence,
                                                 double rope, const assay_args *const *metrics,
                                                 size_t n_metrics, assay_error *err);
/** Thresholds, objectives and margins of a plan. */
ASSAY_NODISCARD assay_status assay_check_limits(const assay_plan *plan, assay_error *err);

#endif
