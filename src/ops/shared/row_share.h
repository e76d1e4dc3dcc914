/** @file row_share.h  Metrics that are a share of the rows: those that hit, over all. */
#ifndef ASSAY_OPS_SHARED_ROW_SHARE_H
#define ASSAY_OPS_SHARED_ROW_SHARE_H

#include "core/metric.h"

/** Weight of the rows, and of those that hit. */
typedef struct assay_row_share {
    double n, hits;
} assay_row_share;

/** state_size, merge and finish of an assay_metric whose state is an assay_row_share; its block adds the
 *  rows. */
size_t assay_row_share_size(const void *params, int32_t classes);
void assay_row_share_merge(void *into, const void *from, const void *params, int32_t classes);
assay_status assay_row_share_finish(assay_result *out, const void *state, const void *params,
                                    const assay_rows *shape, assay_error *err);

#endif
