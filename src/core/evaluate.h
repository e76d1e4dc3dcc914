/** @file evaluate.h  The block engine: metrics over predictions in one pass, with intervals. */
#ifndef ASSAY_CORE_EVALUATE_H
#define ASSAY_CORE_EVALUATE_H

#include "base/parallel.h"
#include "core/groups.h"
#include "core/interval.h"
#include "core/measure.h"
#include "core/op.h"
#include "core/predictions.h"

/** How the rows are weighted in a replicate. */
typedef enum assay_resample {
    ASSAY_RESAMPLE_POISSON = 0, /* bootstrap: Poisson(1) */
    /* Permutation of two models' outputs: the predictions are those of one model followed by those
     * of the other on the same data, and of each datum one of the two rows counts, by the toss of a
     * coin. The two kinds take complementary rows. */
    ASSAY_RESAMPLE_FLIP,
    ASSAY_RESAMPLE_FLIP_REST
} assay_resample;

typedef struct assay_evaluate_options {
    double level;       /* two-sided confidence of the intervals; 0 = 0.95 */
    int64_t replicates; /* bootstrap replicates; 0 = 1000; -1 = no bootstrap intervals */
    uint64_t seed;
    int threads;                           /* 0 = all cores */
    const assay_args *proportion_interval; /* operation for proportions (clopper_pearson) */
    const assay_args *replicate_interval;  /* operation for the rest (bootstrap_percentile) */
    const assay_args *clustered_interval;  /* for proportions with `units` (korn_graubard) */
    /* For areas under the ROC curve (delong on the logit scale); one for bootstrap replicates has
     * them resampled. */
    const assay_args *area_interval;
    const assay_cancel *cancel;
    /* Per row of the predictions: what is drawn as a whole (image, scene, flight); NULL = each row
     * by itself. Proportions get their interval from the clusters' counts, areas under the ROC curve
     * from the clusters' placements, everything else from replicates of whole clusters. */
    const int64_t *units;
    /* 1: weights are drawn by row (or unit) for every metric, so that evaluations of two models on
     * the same rows are resampled alike, and each measure keeps its `draws`. */
    int paired;              /* 2: also what follows from counts */
    assay_resample resample; /* other than Poisson: with `paired` */
    /* With leave_groups > 0 every replicate is without the copies that chance dealt to group leave_group:
     * each copy of each row (or unit) goes to one of the groups by itself. Values stay whole. */
    int64_t leave_group, leave_groups;
    /* Of the rows of the predictions, for metrics that compare groups; NULL = none. */
    const assay_groups *groups;
} assay_evaluate_options;

/**
 * Evaluate the metrics over the rows of `predictions` with mask[i] != 0 (mask NULL = all rows); rows
 * without a target are an error (ASSAY_EFORMAT naming the first). Results are appended to `out` in
 * the order of `metrics`. A metric whose needs the predictions can't meet (no scores, not
 * probabilities) gives one measure with outcome UNDEFINED and the reason.
 *
 * Bootstrap: Poisson(1) weights addressed by (seed, "bootstrap", row of the predictions, replicate),
 * so replicates are the same for any number of threads (Chamandy et al. 2012). Metrics that depend
 * on counts alone (core/metric.h, cells) draw the sum of the weights of c equal rows at once, which
 * is Poisson(c). Replicates without a value are left out; the measure's method says how many.
 * There is no interval when there are fewer than 10 rows or when all replicates are equal: the
 * method says so, and assay_measure_bounds refuses. `options` may be NULL (all defaults). On failure
 * `out` is as before.
 */
ASSAY_NODISCARD assay_status assay_evaluate(assay_result *out, const assay_predictions *predictions,
                                            const uint8_t *mask, const assay_args *const *metrics,
                                            size_t n_metrics, const assay_evaluate_options *options,
                                            assay_error *err);

/** DeLong's variance of the difference between two models' areas on the n rows `rows` (NULL = the
 *  first n) that both have: variance[0] of the macro, [1] of the weighted average, [2 + c] of class c
 *  against the rest; NaN = too few rows of a class. cluster: 0..clusters-1 of each of the n rows, or
 *  NULL. */
ASSAY_NODISCARD assay_status assay_area_differences(
    double *variance, const assay_predictions *first, const assay_predictions *second,
    const int64_t *rows, int64_t n, const int64_t *cluster, int64_t clusters, assay_error *err);

/** A proportion row by row: counts[i] = 1 when row rows[i] belongs to its denominator, success[i] = 1 when
 *  also to its numerator; n rows in any order. `measure` is its place among the metric's measures.
 *  ASSAY_EUNSUPPORTED for metrics that are not counted row by row, and for weighted data. */
ASSAY_NODISCARD assay_status assay_evaluate_rows(uint8_t *counts, uint8_t *success,
                                                 const assay_predictions *predictions,
                                                 const int64_t *rows, int64_t n,
                                                 const assay_args *metric, int64_t measure,
                                                 assay_error *err);

/** One-sided bounds of a measure at `confidence`: P(value below low) <= 1-confidence and likewise
 *  above high. Exact for proportions, from the replicates otherwise; ASSAY_EUNSUPPORTED when the
 *  measure has neither. */
ASSAY_NODISCARD assay_status assay_measure_bounds(double *low, double *high,
                                                  const assay_measure *measure, double confidence,
                                                  const assay_evaluate_options *options,
                                                  assay_error *err);

#endif
