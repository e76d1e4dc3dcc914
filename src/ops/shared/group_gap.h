/**
 * @file group_gap.h
 * How far groups of rows lie apart in a rate: what the fairness metrics share. A state is an array of
 * assay_class_counts, classes of the first group first.
 * The intervals are those of stats/group_gaps.h.
 */
#ifndef ASSAY_OPS_SHARED_GROUP_GAP_H
#define ASSAY_OPS_SHARED_GROUP_GAP_H

#include "ops/shared/confusion.h"

/** Successes and trials of a group, for one class against the rest. */
typedef enum assay_group_rate {
    ASSAY_RATE_SELECTED = 1,   /* predicted as the class, of all rows */
    ASSAY_RATE_TRUE_POSITIVE,  /* of the rows of the class */
    ASSAY_RATE_FALSE_POSITIVE, /* of the rows of other classes */
    ASSAY_RATE_PRECISION,      /* rows of the class, of those predicted as it */
    ASSAY_RATE_CORRECT         /* label = target, of all rows; the same for every class */
} assay_group_rate;

typedef enum assay_gap_form {
    ASSAY_GAP_DIFFERENCE = 1, /* largest less smallest rate */
    ASSAY_GAP_RATIO,          /* smallest by largest rate */
    ASSAY_GAP_WORST           /* smallest rate */
} assay_gap_form;

typedef struct assay_gap_kind {
    assay_group_rate rates[2];
    int32_t n_rates; /* the gap is that of the rate where it is worse, or their mean */
    assay_gap_form form;
} assay_gap_kind;

enum { ASSAY_GAP_BETWEEN_GROUPS = 0, ASSAY_GAP_TO_OVERALL = 1 };
enum { ASSAY_GAP_WORST_CASE = 0, ASSAY_GAP_MEAN = 1 };
extern const char *const assay_gap_method_choices[];
extern const char *const assay_gap_agg_choices[];

typedef struct assay_gap_params {
    int64_t least;
    int32_t method;
    int32_t agg;
} assay_gap_params;

#define ASSAY_GAP_LEAST_PARAM                                                                      \
    ASSAY_INT(                                                                                     \
        assay_gap_params, least, 10, 1, 1000000000, "rows",                                        \
        "Groups with fewer rows behind the rate (weighted data: mean weights) are left out, and "  \
        "named.")
#define ASSAY_GAP_METHOD_PARAM                                                                     \
    ASSAY_CHOICE(assay_gap_params, method, ASSAY_GAP_BETWEEN_GROUPS, assay_gap_method_choices,     \
                 "Groups against each other, or each against all rows together.")
#define ASSAY_GAP_AGG_PARAM                                                                        \
    ASSAY_CHOICE(assay_gap_params, agg, ASSAY_GAP_WORST_CASE, assay_gap_agg_choices,               \
                 "The rate with the larger gap counts, or the mean of both.")

/** Instead of bounds of its own, of a ratio or a worst group that would have to be resampled. */
#define ASSAY_GAP_NO_INTERVAL                                                                      \
    "none: chance alone puts groups apart, and resampling once more; the extremes of the groups "  \
    "by the rate itself have an interval"

/** What descriptors say about groups, intervals and small groups. */
#define ASSAY_GAP_CLASSES                                                                          \
    "Groups come from `--group COLUMN` or `groups` in the plan. One value for the declared "       \
    "positive class; without one, a value for each class against the rest.\n\n"
#define ASSAY_GAP_INTERVAL                                                                         \
    "Interval: the upper end is the largest upper end of the Miettinen-Nurminen intervals of all " \
    "pairs of groups; the lower end the largest lower end, with the error probability divided by " \
    "the number of ordered pairs. Both ends hold at the stated level for any number of groups. "   \
    "With `method: to_overall`, weights or clusters it comes from the bootstrap "                  \
    "(`bootstrap_distance`, which allows for gaps that chance alone makes), or with weights and "  \
    "clusters from the groups' own intervals where the rate is measured within groups too. "
#define ASSAY_GAP_RATIO_INTERVAL                                                                   \
    "Interval: the lower end is the smallest lower end of the Miettinen-Nurminen intervals of "    \
    "the "                                                                                         \
    "ratios of all pairs of groups; the upper end the smallest upper end, with the error "         \
    "probability divided by the number of ordered pairs. Both ends hold at the stated level for "  \
    "any number of groups. With weights or clusters it comes from the groups' own intervals "      \
    "where "                                                                                       \
    "the rate is measured within groups too; with `method: to_overall` there is none. "
#define ASSAY_GAP_SMALL                                                                            \
    "Groups with fewer than `least` rows behind the rate are left out and named in the remark; "   \
    "with fewer than two groups left the outcome is too few. fairlearn takes every group "         \
    "(`least: 1`), and counts a rate of 0/0 as 0; here such a group has no rate.\n\n"

size_t assay_group_counts_size(const void *params, int32_t cells);
assay_status assay_group_counts_block(void *state, const void *params, const assay_rows *rows,
                                      assay_arena *scratch, assay_error *err);

ASSAY_NODISCARD assay_status assay_group_gap_finish(assay_result *out, const void *state,
                                                    const assay_gap_kind *kind,
                                                    const assay_gap_params *params,
                                                    const assay_rows *shape, assay_error *err);

/** Defines `metric` from the constant `kind`. Its value is the extreme `of_groups` of `metric_within`, or of no
 *  metric (NULL, ASSAY_EXTREME_NONE). */
#define ASSAY_GAP_METRIC(metric_within, of_groups)                                                 \
    static assay_status finish(assay_result *out, const void *state, const void *params,           \
                               const assay_rows *shape, assay_error *err)                          \
    {                                                                                              \
        return assay_group_gap_finish(out, state, &kind, params, shape, err);                      \
    }                                                                                              \
    static const assay_metric metric = {.state_size = assay_group_counts_size,                     \
                                        .block = assay_group_counts_block,                         \
                                        .merge = assay_class_counts_merge,                         \
                                        .finish = finish,                                          \
                                        .within = (metric_within),                                 \
                                        .extreme = (of_groups)}

#endif
