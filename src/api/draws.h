/** @file draws.h  Percentile intervals out of columns of replicates. Inside src/api only. */
#ifndef ASSAY_API_DRAWS_H
#define ASSAY_API_DRAWS_H

#include "core/measure.h"

typedef struct assay_draws {
    assay_arena *arena; /* of the texts; borrowed */
    double level;
    int64_t replicates; /* 0 = no bootstrap */
    double *column;
    uint64_t *words, *spare;
} assay_draws;

ASSAY_NODISCARD assay_status assay_draws_init(assay_draws *draws, assay_arena *arena, double level,
                                              int64_t replicates, assay_error *err);
void assay_draws_dispose(assay_draws *draws);
/** Interval and method of a measure from column `at` of rows of `stride` replicates (NaN = undefined);
 *  from NULL = there are none, for want of images. */
ASSAY_NODISCARD assay_status assay_draws_bounds(assay_measure *measure, const assay_draws *draws,
                                                const double *from, int64_t at, int64_t stride,
                                                assay_error *err);

#endif
