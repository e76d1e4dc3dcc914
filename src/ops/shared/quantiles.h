/** @file quantiles.h  Central intervals between two of the predicted quantiles. */
#ifndef ASSAY_OPS_SHARED_QUANTILES_H
#define ASSAY_OPS_SHARED_QUANTILES_H

#include "core/metric.h"

/** Which quantile has the level, up to rounding; -1 = none. */
int32_t assay_quantile_find(const assay_rows *rows, double level);

/** One measure, the mean of the first term; undefined without rows and without the two quantiles of the
 *  central interval of probability `level`. share: the term is 0 or 1. */
ASSAY_NODISCARD assay_status assay_quantile_interval_finish(assay_result *out, const void *state,
                                                            double level, bool share,
                                                            const assay_rows *shape,
                                                            assay_error *err);

#endif
