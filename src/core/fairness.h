/**
 * @file fairness.h
 * One model's predictions, group by group: metrics within each group, metrics of the gaps between
 * groups, and the rates of each group against all other rows.
 */
#ifndef ASSAY_CORE_FAIRNESS_H
#define ASSAY_CORE_FAIRNESS_H

#include "core/evaluate.h"
#include "core/groups.h"
#include "stats/group_extremes.h"

/** A rate of one group against the rest: two independent samples of rows. */
typedef struct assay_group_comparison {
    const char *rate;       /* the metric's name: "selection_rate", "recall", ... */
    const char *class_name; /* NULL for accuracy */
    int32_t group;
    assay_outcome outcome;
    const char *reason; /* why it is not a value */
    int64_t x, n, rest_x, rest_n;
    double difference, difference_low, difference_high; /* group less rest */
    double ratio, ratio_low, ratio_high; /* group by rest; NaN for 0/0, infinite for x/0 */
    double p, p_adjusted; /* two-sided, of no difference; corrected for the number of groups */
} assay_group_comparison;

/** The groups where a metric is highest and lowest, of those that have enough rows and a value. */
typedef struct assay_fairness_extremes {
    const assay_measure *measure; /* of the first group: metric, parameters, class, average */
    assay_outcome outcome;        /* TOO_FEW: fewer than two groups are left */
    const char *reason; /* why not, or which groups are left out, or why there are no ends */
    int32_t groups;     /* that are left */
    int32_t left_out;   /* too few rows, or no value; those without any row are not meant at all */
    int32_t highest, lowest; /* of the groups of the fairness */
    double highest_value, lowest_value;
    assay_direction direction; /* tells which of the two is the worst */
    assay_group_extremes found;
} assay_fairness_extremes;

typedef struct assay_fairness {
    const assay_groups *groups;
    int64_t *rows;                     /* per group, of those selected */
    int64_t least;                     /* rows that a group must have */
    assay_result within;               /* measures with a group: of every group in order */
    assay_fairness_extremes *extremes; /* of every measure within groups */
    int64_t n_extremes;
    bool dependent;                 /* clusters lie in several groups */
    assay_evaluate_options options; /* of the intervals */
    assay_result gaps;
    const char *not_compared; /* why rates are not in `comparisons`; NULL = they are */
    assay_group_comparison *comparisons;
    int64_t n_comparisons;
} assay_fairness;

/** A measure within groups that is wanted though the positive class is another; NULL texts mean none. */
typedef struct assay_fairness_keep {
    const char *metric, *class_name, *average;
} assay_fairness_keep;

/** Zeroed = defaults. */
typedef struct assay_fairness_options {
    int64_t least; /* rows that a group must have; 0 = ASSAY_FAIRNESS_LEAST */
    const assay_fairness_keep *keep;
    int32_t n_keep;
} assay_fairness_options;

enum { ASSAY_FAIRNESS_LEAST = 10, ASSAY_FAIRNESS_COMPARISONS = 5000 };

/** The extremes at the error probability alpha (at most one half) of either end, of k >= 2 measures of independent
 *  groups with finite values. `dependent`: they are not independent, so there are no ends. */
ASSAY_NODISCARD assay_status assay_fairness_extremes_at(assay_group_extremes *out,
                                                        const assay_measure *const *groups,
                                                        int64_t k, double alpha, bool dependent,
                                                        const assay_evaluate_options *options,
                                                        assay_error *err);

/** For weights and clusters: gaps that are the extremes of a metric within the groups (assay_metric.within) get
 *  its interval in the place of one from replicates, in which chance puts the groups apart once more.
 *  `between`: the metrics of the gaps. */
ASSAY_NODISCARD assay_status assay_fairness_lend_intervals(assay_fairness *f,
                                                           const assay_args *const *between,
                                                           size_t n, assay_arena *arena,
                                                           assay_error *err);

/**
 * One of the extremes as a measure that requirements can be judged by: assay_measure_bounds gives its one-sided
 * bounds at any confidence, which hold for all groups at once. Groups that are left out can only make the lowest
 * value lower, the highest one higher, the difference larger and the ratio smaller: there is no bound on that
 * side then (infinite; 0 for the ratio), so that nothing is concluded which they could overturn. `reason` names
 * the groups that were meant, and those that are left out with the reason of each.
 * A metric without a direction has no WORST and no BEST: UNDEFINED. Lives in the arena.
 */
ASSAY_NODISCARD assay_status assay_fairness_extreme_measure(assay_measure **out,
                                                            const assay_fairness *f,
                                                            const assay_fairness_extremes *e,
                                                            assay_extreme which, assay_arena *arena,
                                                            assay_error *err);

/** Fill `extremes` from `within` (measures of the first group, then of the second, ...). `of`: the operations of
 *  the metrics within groups, for their directions. */
ASSAY_NODISCARD assay_status assay_fairness_find_extremes(assay_fairness *f, assay_arena *arena,
                                                          const assay_predictions *predictions,
                                                          const uint8_t *mask,
                                                          const assay_args *const *of, size_t n_of,
                                                          const assay_evaluate_options *options,
                                                          assay_error *err);

/**
 * Evaluate the metrics over the rows with mask[i] != 0 (NULL = all): those that need groups between
 * the groups, the others within each, except for curves. With a positive class only its measures are
 * kept, of those that have one per class, and those of wanted->keep. Measures within a group with fewer than
 * wanted->least rows behind them are TOO_FEW.
 *
 * Comparisons (classification): selection rate, recall, false positive rate, precision, accuracy;
 * difference and ratio with Miettinen and Nurminen's intervals at the options' level, the p-value of
 * the same score test, adjusted by Holm over the groups of one rate and class; two groups are one
 * comparison. Everything lives in `arena`; texts of `groups` and metrics are borrowed.
 */
ASSAY_NODISCARD assay_status assay_fairness_evaluate(
    assay_fairness *out, assay_arena *arena, const assay_predictions *predictions,
    const uint8_t *mask, const assay_groups *groups, const assay_args *const *metrics,
    size_t n_metrics, const assay_fairness_options *wanted, const assay_evaluate_options *options,
    assay_error *err);

#endif
