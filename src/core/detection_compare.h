/**
 * @file detection_compare.h
 * Two detectors on the same images: differences of AP and AR with paired intervals and a test.
 * What both have in common (easy and hard images) cancels out of a paired difference.
 */
#ifndef ASSAY_CORE_DETECTION_COMPARE_H
#define ASSAY_CORE_DETECTION_COMPARE_H

#include "core/detection_errors.h"
#include "core/detection_measure.h"

typedef struct assay_detection_difference {
    assay_statistic what;
    int64_t class;     /* rank, or -1: the statistic over all classes */
    int error;         /* -1; else value of assay_detection_errors_gain in place of a statistic */
    double in_a, in_b; /* NaN = undefined */
    double difference; /* b - a */
    double low, high;  /* two-sided; NaN = none */
    double bound_low, bound_high; /* one-sided, each at the level: for non-inferiority */
    const char *method;
    double p;                  /* two-sided permutation test; NaN = none */
    double p_adjusted;         /* maxT, over all differences */
    double probability_better; /* share of replicates in which b is better, equal ones by half */
    int64_t n;                 /* objects */
} assay_detection_difference;

/**
 * b against a, matched to the same truth under the same protocol, slice and clusters: every statistic
 * of the protocol, then AP of every class; then, when the errors of both are given (else NULL), what
 * each kind of error costs over all classes (ASSAY_ERROR_VALUES). Replicates are paired: both count every image equally often.
 * The test lets the two detectors change places in randomly chosen images (or clusters): under the
 * hypothesis that they are exchangeable all these arrangements are equally likely, and p = (1 + those
 * with a difference at least as large) / (1 + replicates). Adjusted p-values are those of Westfall and
 * Young's single-step maxT (1993): they hold for all differences together and know how these depend on
 * each other. Differences live in the arena.
 */
ASSAY_NODISCARD assay_status assay_detection_compare(assay_detection_difference **out, int64_t *n,
                                                     const assay_detection *a,
                                                     const assay_detection *b,
                                                     const assay_detection_errors *errors_a,
                                                     const assay_detection_errors *errors_b,
                                                     const assay_interval_rule *rule, uint64_t seed,
                                                     assay_arena *arena, assay_error *err);

#endif
