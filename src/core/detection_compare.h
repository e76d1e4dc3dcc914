/**
 * @file detection_compare.h
 * Two detectors on the same images: differences of AP and AR with paired intervals and a test.
 * What both have in common (easy and hard images) cancels out of a paired difference.
 */
#ifndef ASSAY_CORE_DETECTION_COMPARE_H
#define ASSAY_CORE_DETECTION_COMPARE_H

#include "core/detection_errors.h"
#include "core/paired.h"

typedef struct assay_detection_difference {
    assay_statistic what;
    int64_t class;   /* rank, or -1: the statistic over all classes */
    int error;       /* -1; else value of assay_detection_errors_gain in place of a statistic */
    assay_paired of; /* n counts objects */
} assay_detection_difference;

/**
 * b against a, matched to the same truth under the same protocol, slice and clusters: every statistic
 * of the protocol, then AP of every class; then, when the errors of both are given (else NULL), what
 * each kind of error costs over all classes (ASSAY_ERROR_VALUES).How they are judged: paired.h. Differences live in the arena.
 */
ASSAY_NODISCARD assay_status assay_detection_compare(assay_detection_difference **out, int64_t *n,
                                                     const assay_detection *a,
                                                     const assay_detection *b,
                                                     const assay_detection_errors *errors_a,
                                                     const assay_detection_errors *errors_b,
                                                     const assay_interval_rule *rule, uint64_t seed,
                                                     assay_arena *arena, assay_error *err);

#endif
