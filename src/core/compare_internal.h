/** @file compare_internal.h  What the parts of the comparison share: compare.c (pairs of models),
 *  compare_draws.c (the paired bootstrap), compare_tests.c (tests), compare_weighted.c (rows with weights). */
#ifndef ASSAY_CORE_COMPARE_INTERNAL_H
#define ASSAY_CORE_COMPARE_INTERNAL_H

#include <stdbool.h>

#include "core/compare.h"

typedef struct comparing {
    assay_predictions *const *models;
    int32_t n_models, context;
    int64_t *rows; /* selected */
    int64_t n;
    const assay_args *const *metrics;
    size_t n_metrics;
    const assay_compare_options *options;
    double level;
    bool few_units;
    const double *weights;      /* of all rows; NULL = all alike */
    int64_t *cluster, clusters; /* of the selected rows, from 0; NULL = independent */
    double *area_variance;      /* of the models area_a and area_b; NULL = none yet */
    int32_t area_a, area_b;
    assay_arena *arena; /* of the comparison */
} comparing;

/** Room for one more element of a list; NULL when memory is out. */
void *assay_comparison_grow(assay_arena *arena, void *list, int64_t n, int64_t *capacity,
                            size_t size);
/** The measure of the same metric, parameters, average and class; NULL when there is none. The search
 *  begins at *next, which moves behind it. */
const assay_measure *assay_measure_partner(const assay_result *in, int64_t *next,
                                           const assay_measure *wanted);

/** Weight of selected row i. */
static inline double assay_comparing_weight(const comparing *c, int64_t i)
{
    return c->weights != NULL ? c->weights[c->rows[i]] : 1.0;
}
/** Share of right rows where rows carry weights: interval, standard error; with clusters also the test. */
ASSAY_NODISCARD assay_status assay_compare_weighted(assay_difference *d, const comparing *c,
                                                    assay_error *err);

/** Interval (unless it has one), one-sided bounds and probability of being better from the replicates. */
ASSAY_NODISCARD assay_status assay_compare_draws(assay_difference *d, const comparing *c,
                                                 bool interval, assay_error *err);
/** Sign-flip tests of n differences of models a and b that have no test yet. */
ASSAY_NODISCARD assay_status assay_compare_permute(assay_difference *differences, int64_t n,
                                                   const comparing *c, int32_t a, int32_t b,
                                                   assay_error *err);
/** table: n x models, 1 = right. */
ASSAY_NODISCARD assay_status assay_compare_cochran(assay_comparison *out, const uint8_t *table,
                                                   int64_t n, int32_t n_models, int32_t context,
                                                   const char *metric, assay_error *err);

#endif
