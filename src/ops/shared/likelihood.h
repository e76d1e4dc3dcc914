/** @file likelihood.h  Likelihood ratios of each class against the rest, from the counts of confusion.h. */
#ifndef ASSAY_OPS_SHARED_LIKELIHOOD_H
#define ASSAY_OPS_SHARED_LIKELIHOOD_H

#include "core/metric.h"

/** A measure per class: true positive rate / false positive rate or, `negative`, false negative rate / true
 *  negative rate; undefined with a reason where a rate or the ratio has no value. */
ASSAY_NODISCARD assay_status assay_likelihood_ratio_finish(assay_result *out, const void *state,
                                                           bool negative, const assay_rows *shape,
                                                           assay_error *err);

#endif
