/**
 * @file metric.h
 * The shape of a metric. Rows come in blocks with columns already derived (label, confidence, ...),
 * so that many metrics share one pass over the scores. A block fills a state, states are merged in
 * block order, finish turns the merged state into measures. Rows carry an integer weight, so that
 * the bootstrap is the same metric on other weights.
 */
#ifndef ASSAY_CORE_METRIC_H
#define ASSAY_CORE_METRIC_H

#include "base/arena.h"
#include "core/measure.h"
#include "core/op.h"

/** Borrowed columns of n rows. Columns that nobody asked for may be NULL. */
typedef struct assay_rows {
    int64_t n;
    int32_t classes;
    const char *const *class_names;
    const int32_t *target;    /* 0..classes-1 */
    const int32_t *label;     /* 0..classes-1 */
    const double *confidence; /* probability given to `label` */
    const double *p_target;   /* probability given to `target` */
    const int32_t *rank;      /* classes that score above the target, ties counted by class index:
                                 0 = the target is the first choice */
    const float *scores_f32;  /* n x classes, or NULL */
    const double *scores_f64; /* n x classes, or NULL */
    const int32_t *weight;    /* >= 0; NULL = all one */
} assay_rows;

/** On which columns alone the metric depends: rows that agree in them may be merged into one row
 *  with a weight before resampling, which makes the bootstrap's cost independent of n. */
typedef enum assay_metric_cells {
    ASSAY_CELLS_NONE = 0,
    ASSAY_CELLS_CONFUSION, /* (target, label) */
    ASSAY_CELLS_RANK       /* rank */
} assay_metric_cells;

typedef struct assay_metric {
    /** Bytes of a state; it starts zeroed. */
    size_t (*state_size)(const void *params, int32_t classes);
    assay_status (*block)(void *state, const void *params, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err);
    void (*merge)(void *into, const void *from, const void *params, int32_t classes);
    /** Append measures (and curves) to `out`: value, n, successes (for proportions), outcome,
     *  reason, class_name, average, unit. The engine fills metric, params, interval and method. */
    assay_status (*finish)(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err);
    assay_metric_cells cells;
    int whole;      /* 1: block gets all rows at once (metrics that sort); merge is not called */
    int curve_only; /* 1: no measures, so there is nothing to resample */
} assay_metric;

#endif
