/**
 * @file group_bins.h
 * The expected calibration error of each group of rows, by bins of equal width of the stated probability
 * (of the declared positive class; without one, of the predicted class): what the metrics of
 * calibration within groups share. A state has `bins` cells per group.
 */
#ifndef ASSAY_OPS_SHARED_GROUP_BINS_H
#define ASSAY_OPS_SHARED_GROUP_BINS_H

#include "core/metric.h"

typedef struct assay_group_bins {
    int64_t bins;
    int64_t least; /* groups with fewer rows are left out */
} assay_group_bins;

enum { ASSAY_GROUP_BINS_MOST = 100 };

#define ASSAY_GROUP_BINS_PARAMS                                                                    \
    ASSAY_INT(assay_group_bins, bins, 10, 1, ASSAY_GROUP_BINS_MOST, "bins", "Number of bins."),    \
        ASSAY_INT(assay_group_bins, least, 10, 1, 1000000000, "rows",                              \
                  "Groups with fewer rows (weighted data: mean weights) are left out.")

size_t assay_group_bins_size(const void *params, int32_t cells);
assay_status assay_group_bins_block(void *state, const void *params, const assay_rows *rows,
                                    assay_arena *scratch, assay_error *err);
void assay_group_bins_merge(void *into, const void *from, const void *params, int32_t cells);
/** Append the largest error, or with `difference` the largest less the smallest; too few without enough
 *  groups. The groups that make the value are its reason. */
ASSAY_NODISCARD assay_status assay_group_bins_finish(assay_result *out, const void *state,
                                                     const assay_group_bins *params,
                                                     bool difference, const assay_rows *shape,
                                                     assay_error *err);

#endif
