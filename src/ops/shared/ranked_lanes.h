/** @file ranked_lanes.h  The area under the steps of the precision-recall curve, for several replicates side
 *  by side. */
#ifndef ASSAY_OPS_SHARED_RANKED_LANES_H
#define ASSAY_OPS_SHARED_RANKED_LANES_H

#include "core/metric.h"

typedef struct assay_step_lanes {
    double area[ASSAY_RANKING_LANES];       /* see assay_counted_step_area */
    int32_t rows[ASSAY_RANKING_LANES];      /* copies of all rows */
    int32_t positives[ASSAY_RANKING_LANES]; /* of those of the class */
} assay_step_lanes;

void assay_step_area_lanes(assay_step_lanes *out, const assay_ranking_lanes *lanes);
/** The same as a certain kind of processor does it: 0 any, 1 AVX2, 2 AVX-512; 0 when it can't. */
int assay_step_area_lanes_as(assay_step_lanes *out, const assay_ranking_lanes *lanes, int how);

#endif
