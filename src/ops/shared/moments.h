/**
 * @file moments.h
 * Means, squares and products of true and predicted values about their means: what R squared, explained
 * variance and correlations share. Values are taken less the first one, so that nothing cancels far
 * from zero; rows are added by Welford's steps, states joined as by Chan, Golub and LeVeque.
 */
#ifndef ASSAY_OPS_SHARED_MOMENTS_H
#define ASSAY_OPS_SHARED_MOMENTS_H

#include "core/metric.h"

typedef struct assay_moment {
    double first;
    double mean;    /* less `first` */
    double squares; /* sum of squared differences from the mean */
} assay_moment;

/** A metric's state. */
typedef struct assay_moments {
    double n; /* weight of the rows */
    assay_moment truth, value;
    assay_moment error; /* truth less value */
    double products;    /* of the differences of truth and value from their means */
} assay_moments;

size_t assay_moments_size(const void *params, int32_t classes);
assay_status assay_moments_block(void *state, const void *params, const assay_rows *rows,
                                 assay_arena *scratch, assay_error *err);
void assay_moments_merge(void *into, const void *from, const void *params, int32_t classes);

static inline double assay_moment_mean(const assay_moment *moment)
{
    return moment->first + moment->mean;
}

/** Append the one measure. *out is where the value goes, NULL when there are no rows or all true values
 *  are equal: then it is undefined. */
ASSAY_NODISCARD assay_status assay_moments_start(assay_measure **out, assay_result *result,
                                                 const assay_moments *state, assay_error *err);
/** Undefine what ran over. */
void assay_moments_end(assay_measure *measure);

#endif
