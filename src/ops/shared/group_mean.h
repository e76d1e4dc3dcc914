/**
 * @file group_mean.h
 * How far groups of rows lie apart in the mean of a term: the fairness metrics of regression and of
 * calibration. A state is an array of assay_group_moment, one per group. The intervals are those of
 * stats/mean_gaps.h.
 */
#ifndef ASSAY_OPS_SHARED_GROUP_MEAN_H
#define ASSAY_OPS_SHARED_GROUP_MEAN_H

#include "ops/shared/group_gap.h"

typedef enum assay_mean_form {
    ASSAY_MEAN_DIFFERENCE = 1, /* highest less lowest mean */
    ASSAY_MEAN_RATIO,          /* lowest by highest mean, of terms >= 0 */
    ASSAY_MEAN_HIGHEST,
    ASSAY_MEAN_FARTHEST /* the largest distance from zero */
} assay_mean_form;

typedef struct assay_mean_kind {
    double (*term)(const assay_rows *rows, int64_t i);
    assay_mean_form form;
} assay_mean_kind;

/** Means and squares by Welford's steps, joined as by Chan, Golub and LeVeque. */
typedef struct assay_group_moment {
    double n, mean, squares;
} assay_group_moment;

typedef struct assay_mean_params {
    int64_t least;
} assay_mean_params;

#define ASSAY_MEAN_LEAST_PARAM                                                                     \
    ASSAY_INT(assay_mean_params, least, 10, 1, 1000000000, "rows",                                 \
              "Groups with fewer rows (weighted data: mean weights) are left out, and named.")

#define ASSAY_MEAN_INTERVAL                                                                        \
    "Interval: each pair of groups has Welch's t interval; the upper end is the largest upper "    \
    "end of all pairs, the lower end the largest lower end with the error probability divided by " \
    "the number of ordered pairs, so that both hold at the stated level for any number of "        \
    "groups. They rest on means being nearly normal, which takes more rows the more skewed the "   \
    "errors are. Weighted and clustered rows are resampled instead.\n\n"
#define ASSAY_MEAN_SMALL                                                                           \
    "Groups with fewer rows than `least` are left out and named in the remark; with fewer groups " \
    "than it takes the outcome is too few. The groups that make the value are named."

size_t assay_group_moments_size(const void *params, int32_t cells);
assay_status assay_group_moments_block(void *state, const assay_mean_kind *kind,
                                       const assay_rows *rows);
void assay_group_moments_merge(void *into, const void *from, const void *params, int32_t cells);
ASSAY_NODISCARD assay_status assay_group_mean_finish(assay_result *out, const void *state,
                                                     const assay_mean_kind *kind,
                                                     const assay_mean_params *params,
                                                     const assay_rows *shape, assay_error *err);

/** Defines `metric` from the constant `kind`. Its value is the extreme `of_groups` of `metric_within`, or of no
 *  metric (NULL, ASSAY_EXTREME_NONE). */
#define ASSAY_MEAN_METRIC(metric_within, of_groups)                                                \
    static assay_status block(void *state, const void *params, const assay_rows *rows,             \
                              assay_arena *scratch, assay_error *err)                              \
    {                                                                                              \
        (void)params;                                                                              \
        (void)scratch;                                                                             \
        (void)err;                                                                                 \
        return assay_group_moments_block(state, &kind, rows);                                      \
    }                                                                                              \
    static assay_status finish(assay_result *out, const void *state, const void *params,           \
                               const assay_rows *shape, assay_error *err)                          \
    {                                                                                              \
        return assay_group_mean_finish(out, state, &kind, params, shape, err);                     \
    }                                                                                              \
    static const assay_metric metric = {.state_size = assay_group_moments_size,                    \
                                        .block = block,                                            \
                                        .merge = assay_group_moments_merge,                        \
                                        .finish = finish,                                          \
                                        .within = (metric_within),                                 \
                                        .extreme = (of_groups)}

#endif
