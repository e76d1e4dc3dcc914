/** @file ranked_steps.h  The area under the steps of a precision-recall curve by counts. */
#ifndef ASSAY_OPS_SHARED_RANKED_STEPS_H
#define ASSAY_OPS_SHARED_RANKED_STEPS_H

#include "ops/shared/ranked.h"

/** Over the groups of equal scores, the sum of the rows of the class in it times the precision up to its
 *  end, for whole weights that sum to less than 2^32. */
double assay_counted_step_area(const assay_ranking *ranking);

#endif
