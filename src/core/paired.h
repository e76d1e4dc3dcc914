/** @file paired.h  Two models on the same images: what the replicates say about a difference.
 *
 * Replicates are paired: both models count every image equally often, so what they have in common (easy
 * and hard images) cancels out. The test lets the two change places in randomly chosen images (or
 * clusters): under the hypothesis that they are exchangeable all these arrangements are equally likely,
 * and p = (1 + those with a difference at least as large) / (1 + replicates). Adjusted p-values are
 * those of P. H. Westfall and S. S. Young, "Resampling-based multiple testing" (1993), single-step maxT:
 * how often the largest of all differences, each in units of its spread under exchange, is as large.
 * They hold for all differences together and know how these depend on each other.
 */
#ifndef ASSAY_CORE_PAIRED_H
#define ASSAY_CORE_PAIRED_H

#include "core/detection_measure.h"

typedef struct assay_paired {
    double in_a, in_b;            /* NaN = undefined */
    double difference;            /* b - a */
    double low, high;             /* two-sided; NaN = none */
    double bound_low, bound_high; /* one-sided, each at the level: for non-inferiority */
    const char *method;
    double p;                  /* two-sided; NaN = none */
    double p_adjusted;         /* over all differences */
    double probability_better; /* share of replicates in which b is better, equal ones by half */
    int64_t n;                 /* objects, images: what the statistic counts */
} assay_paired;

/** The replicates of one statistic: number `at` of every `width`. */
typedef struct assay_paired_replicates {
    const double *in_a, *in_b;    /* resampled */
    const double *first, *second; /* exchanged: of a's place and of b's */
    int64_t at, width;
    bool lower; /* is better */
} assay_paired_replicates;

/** Everything but in_a, in_b and n, which are given, of `n` differences `all[i]` whose replicates are
 *  `of[i]`; `of` is not read unless assay_interval_resamples. The range of the rule is not either: a
 *  difference is within -1 and 1. */
ASSAY_NODISCARD assay_status assay_paired_judge(assay_paired *const *all,
                                                const assay_paired_replicates *of, int64_t n,
                                                const assay_interval_rule *rule, assay_arena *arena,
                                                assay_error *err);

#endif
