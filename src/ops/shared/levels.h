/** @file levels.h  The distinct true values of regression with the weight of their rows: what rank
 *  correlations and the explained shares of a loss are made of. */
#ifndef ASSAY_OPS_SHARED_LEVELS_H
#define ASSAY_OPS_SHARED_LEVELS_H

#include "core/metric.h"

typedef struct assay_levels {
    int64_t n;      /* distinct true values, ascending; some may have no weight */
    double *weight; /* of the rows of each */
    double *value;
    double total; /* weight of all rows */
} assay_levels;

/** From the rows that a sorted metric gets; in the arena. */
ASSAY_NODISCARD assay_status assay_levels_make(assay_levels *out, const assay_rows *rows,
                                               assay_arena *arena, assay_error *err);

/** Levels that have weight: 0, 1, or 2 for more than one. */
int assay_levels_spread(const assay_levels *levels);

/** Weighted quantile p in (0, 1): the first value whose cumulated weight exceeds p of the total, or the
 *  mean of two neighbours between which it lies exactly (Hyndman and Fan 1996, type 2). */
double assay_levels_quantile(const assay_levels *levels, double p);

/** State of a metric 1 - loss of the predictions / loss of the best constant. */
typedef struct assay_explained {
    double n;
    double loss, null;
    int spread; /* as assay_levels_spread */
} assay_explained;

size_t assay_explained_size(const void *params, int32_t classes);
/** The pinball loss of the quantile p of the predictions and of the best constant. */
ASSAY_NODISCARD assay_status assay_explained_pinball(assay_explained *state, double p,
                                                     const assay_rows *rows, assay_arena *scratch,
                                                     assay_error *err);
/** One measure; undefined without rows, when all true values are equal, and for losses that are not
 *  finite, with the reason `infinite`. */
ASSAY_NODISCARD assay_status assay_explained_finish(assay_result *out, const assay_explained *state,
                                                    const char *infinite, assay_error *err);

/** State of a rank correlation: spread of the true and of the predicted values, and what both share, in
 *  one unit of the metric's own (squares of ranks, pairs of rows). Given as products / sqrt(truth value). */
typedef struct assay_rank_products {
    double n; /* weight of the rows */
    double truth, value;
    double products;
} assay_rank_products;

size_t assay_rank_products_size(const void *params, int32_t classes);
/** Rank correlations see all rows at once, in order. */
int assay_rank_products_sorted(const void *params);
/** One measure in [-1, 1]; undefined without rows and when all true or all predicted values are equal. */
ASSAY_NODISCARD assay_status assay_rank_products_finish(assay_result *out, const void *state,
                                                        const void *params, const assay_rows *shape,
                                                        assay_error *err);

#endif
