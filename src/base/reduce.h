/**
 * @file reduce.h
 * Sums whose bits do not depend on threads: pairwise inside a block, compensated across blocks.
 */
#ifndef ASSAY_BASE_REDUCE_H
#define ASSAY_BASE_REDUCE_H

#include <stdint.h>

/** Compensated accumulator (Neumaier 1974): value = high + low. Zero-initialise. */
typedef struct assay_sum {
    double high;
    double low;
} assay_sum;

void assay_sum_add(assay_sum *sum, double value);
/** Add another accumulator; callers merge in block order. */
void assay_sum_merge(assay_sum *into, const assay_sum *from);
double assay_sum_value(const assay_sum *sum);

/** Pairwise sum of n values in a fixed 8-lane shape. */
double assay_sum_pairwise(const double *values, int64_t n);

#endif
