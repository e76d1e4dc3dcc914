/**
 * @file metric.h
 * The shape of a metric. Rows come in blocks with columns already derived (label, confidence, ...),
 * so that many metrics share one pass over the scores. Rows carry a weight: the number of copies in a
 * bootstrap replicate, a real number when the data are weighted, the product of both in a replicate
 * of weighted data. The weight and hits that a metric says to be behind a measure are linear in the
 * weights of the rows, whatever its value is: the engine runs it on the squared weights and on ones
 * too, to learn the effective and the plain number of rows.
 *
 * A metric takes one of five ways to its value; the engine picks the first that applies:
 *  - ranked: the metric sees all rows once per class, by descending score of that class (ROC);
 *    regression: once, by descending absolute error;
 *  - sorted: block gets all rows at once, ordered by confidence (calibration by quantiles, AURC);
 *    regression: by descending predicted value (rank correlations);
 *  - terms: the metric is a function of sums of per-row values in bins (means, log loss, ECE);
 *  - cells: block gets one row with a weight per distinct (target, label) or rank;
 *  - blocks: block adds blocks of rows to a state, states are merged in block order.
 */
#ifndef ASSAY_CORE_METRIC_H
#define ASSAY_CORE_METRIC_H

#include "base/arena.h"
#include "base/reduce.h"
#include "base/sort.h"
#include "core/groups.h"
#include "core/measure.h"
#include "core/op.h"

/** Borrowed columns of n rows. Columns that nobody asked for may be NULL. */
typedef struct assay_rows {
    int64_t n;
    int32_t classes;
    const char *const *class_names;
    const double *truth; /* regression: the true value, finite */
    const double *value; /* regression: the predicted value, finite */
    const int64_t
        *truth_level;     /* regression, sorted: place of the true value among the distinct ones,
                                   0 = the smallest */
    int64_t truth_levels; /* how many distinct ones */
    /* regression, of what the columns of the table say about the distribution of a prediction: */
    const double *quantiles;       /* n x n_quantiles, finite, not falling within a row */
    const double *quantile_levels; /* ascending, in (0, 1) */
    int32_t n_quantiles;
    const double *sigma;   /* > 0, finite */
    const double *members; /* n x n_members, finite, ascending within a row */
    int32_t n_members;
    int multilabel;           /* 1: rows have sets of classes; target and label are 0 */
    const uint8_t *truth_set; /* multilabel: n x classes, 0 or 1 */
    const uint8_t *label_set; /* multilabel: the same as predicted */
    const int32_t *target;    /* 0..classes-1 */
    const int32_t *label;     /* 0..classes-1 */
    const double *confidence; /* probability given to `label` */
    const double *p_target;   /* probability given to `target` */
    const int32_t *rank;      /* classes that score above the target, ties counted by class index:
                                 0 = the target is the first choice */
    const float *scores_f32;  /* n x classes, or NULL */
    const double *scores_f64; /* n x classes, or NULL */
    const double *weight;     /* >= 0, finite; NULL = all one */
    const double *copies; /* whole part of `weight` in a replicate of weighted data; NULL = one */
    double mean_weight;   /* of the rows of the data; in the shape that finish is given alone */
    int real;             /* 1: weights are real numbers, 0: whole ones, which count copies */
    const int32_t *group; /* 0..groups->n-1 */
    const assay_groups *groups; /* NULL unless the metric needs groups */
} assay_rows;

/** Weight of row i. */
static inline double assay_rows_weight(const assay_rows *rows, int64_t i)
{
    return rows->weight == NULL ? 1.0 : rows->weight[i];
}

/** Square of the real weight of row i, times its copies: what the variance of a weighted mean needs. */
static inline double assay_rows_square(const assay_rows *rows, int64_t i)
{
    double weight = assay_rows_weight(rows, i);
    double copies = rows->copies == NULL ? 1.0 : rows->copies[i];
    return copies > 0.0 ? weight * (weight / copies) : 0.0;
}

/** On which columns alone the metric depends: rows that agree in them are merged into one row with
 *  a weight, which makes many metrics cost one count, and the bootstrap independent of n. */
typedef enum assay_metric_cells {
    ASSAY_CELLS_NONE = 0,
    ASSAY_CELLS_CONFUSION, /* (target, label) */
    ASSAY_CELLS_RANK       /* rank */
} assay_metric_cells;

enum { ASSAY_METRIC_VALUES = 2 };

enum { ASSAY_RATES_MOST = 17 };

/** What a metric that reads one rate at a limit of another is made of: the weighted sum of the highest shares
 *  of the counted rows at some limits on the share of the limiting ones (stats/rates.h). */
typedef struct assay_rates {
    int recall; /* 1: the limit is on rows of other classes, and rows of the class are counted; 0: the limit
                   is on rows of the class that are missed, and correct rejections are counted */
    int n;
    double limit[ASSAY_RATES_MOST]; /* ascending, below 1 */
    /* their shares in the ends, which lie on both sides of the value when the sum is an integral */
    double low[ASSAY_RATES_MOST], high[ASSAY_RATES_MOST];
    double
        enough; /* of limiting rows expected at the first limit: from there on the replicates are good
                      enough; 0 = never */
} assay_rates;

/** Sums over the rows of one bin. */
typedef struct assay_metric_bin {
    double weight;                      /* of the rows */
    double squares;                     /* of real weights; 0 for whole ones */
    assay_sum sum[ASSAY_METRIC_VALUES]; /* of each value */
} assay_metric_bin;

/** Values per row whose sums in bins are all that the metric needs. Its state is then an array of
 *  assay_metric_bin, filled by the engine; state_size, block and merge are not called. */
typedef struct assay_metric_terms {
    int32_t values;                      /* per row: 1..ASSAY_METRIC_VALUES */
    int32_t (*bins)(const void *params); /* NULL = one bin */
    /** bin[i] in 0..bins-1 (bin is NULL when there is one bin); values[v][i] finite or infinite. */
    void (*rows)(int32_t *bin, double *const *values, const void *params, const assay_rows *rows);
} assay_metric_terms;

/** The class is the other one of two: the order is read backwards, and a score is 1 minus the one that
 *  the key tells, in the arithmetic of the scores. */
typedef enum assay_mirror {
    ASSAY_MIRROR_NONE = 0,
    ASSAY_MIRROR_F32,
    ASSAY_MIRROR_F64
} assay_mirror;

/** All rows by descending score of one class; read with the functions below. Ties are in row order,
 *  or by target: their order must not matter. */
typedef struct assay_ranking {
    int64_t n;
    double positives; /* weight of the rows of the class */
    double negatives; /* weight of the other rows */
    int32_t class_index, classes;
    int pairs; /* 1: of sets of classes, all pairs of row and class at once; class_index is only there
                  to tell the true ones */
    const assay_sort_item *rows; /* payload: row << 32 | target; or NULL */
    const uint64_t *packed;      /* the bits of the key that differ, and the target; or NULL */
    int key_shift, target_bits;  /* of packed */
    uint64_t key_rest;           /* the bits of the key that all rows share */
    assay_mirror mirror;         /* of packed, and never with weights */
    const uint8_t *weight;       /* copies of each row, in this order; NULL = all one */
    const double *real;          /* real weight of each row, in this order; NULL = all one */
} assay_ranking;

/** Element i of packed. */
static inline uint64_t assay_ranking_word(const assay_ranking *ranking, int64_t i)
{
    return ranking->packed[ranking->mirror == ASSAY_MIRROR_NONE ? i : ranking->n - 1 - i];
}

/** Equal for equal scores. */
static inline uint64_t assay_ranking_key(const assay_ranking *ranking, int64_t i)
{
    return ranking->packed != NULL ? assay_ranking_word(ranking, i) >> ranking->target_bits
                                   : ranking->rows[i].key;
}

static inline double assay_ranking_score(const assay_ranking *ranking, int64_t i)
{
    uint64_t key = assay_ranking_key(ranking, i);
    key = ranking->packed != NULL ? key << ranking->key_shift | ranking->key_rest : key;
    double score = assay_sort_key_value(key, 1);
    return ranking->mirror == ASSAY_MIRROR_NONE  ? score
           : ranking->mirror == ASSAY_MIRROR_F32 ? (double)(1.0F - (float)score)
                                                 : 1.0 - score;
}

static inline int32_t assay_ranking_target(const assay_ranking *ranking, int64_t i)
{
    return ranking->packed != NULL ? (int32_t)(assay_ranking_word(ranking, i) &
                                               ((UINT64_C(1) << ranking->target_bits) - 1))
                                   : (int32_t)(ranking->rows[i].payload & UINT32_MAX);
}

/** Copies of row i. */
static inline int64_t assay_ranking_count(const assay_ranking *ranking, int64_t i)
{
    return ranking->weight == NULL ? 1 : ranking->weight[i];
}

/** Copies times real weight. */
static inline double assay_ranking_weight(const assay_ranking *ranking, int64_t i)
{
    double copies = (double)assay_ranking_count(ranking, i);
    return ranking->real == NULL ? copies : copies * ranking->real[i];
}

enum { ASSAY_RANKING_LANES = 32 };

/** All rows by descending score of one class, and their copies in several replicates. */
typedef struct assay_ranking_lanes {
    int64_t n; /* at most 2^27 */
    int32_t class_index, classes;
    int pairs;              /* as in assay_ranking */
    const uint32_t *places; /* row << 2 | is of the class << 1 | is the last one with its score */
    const uint8_t *copies;  /* of row r in replicate k: [r * ASSAY_RANKING_LANES + k], at most 12 */
} assay_ranking_lanes;

typedef struct assay_metric {
    /** Bytes of a state; it starts zeroed. `classes`, here and in merge: classes times groups for a
     *  metric that needs groups. NULL: an array of assay_metric_bin, one per bin. The state
     *  of a metric with terms begins with that array; what follows it is for `sorted` alone. */
    size_t (*state_size)(const void *params, int32_t classes);
    /** Add rows to a state; called any number of times on it. */
    assay_status (*block)(void *state, const void *params, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err);
    void (*merge)(void *into, const void *from, const void *params, int32_t classes);
    /** Append measures (and curves) to `out`: value, weight, hits (for proportions), outcome,
     *  reason, class_name, average, unit; the engine fills the rest. The number and order of the
     *  measures depend on params and classes alone, never on the state: what has no value is
     *  UNDEFINED. `shape` has n, classes, class_names and
     *  groups only. */
    assay_status (*finish)(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err);
    assay_metric_cells cells;
    const assay_metric_terms *terms;
    /** NULL or 0 = no; 1: block gets all rows at once, by descending confidence, or by descending
     *  predicted value in regression, ties in row order; merge is not called, and scores are not
     *  available. */
    int (*sorted)(const void *params);
    /** Called once for each class on a zeroed state; the calls may run side by side, so each touches
     *  the part of the state that belongs to its class. Needs ASSAY_NEEDS_SCORES; block and merge are
     *  not called. */
    void (*ranked)(void *state, const void *params, const assay_ranking *ranking);
    /** NULL, or what `ranked` does, for several replicates of data without weights: states[k] is that of
     *  replicate k, NULL = not wanted. Returns 0 when with these parameters replicates are taken one by
     *  one; `states` is NULL to find that out. */
    int (*ranked_lanes)(void *const *states, const void *params, const assay_ranking_lanes *lanes);
    /** NULL or 0 = no; 1: with these parameters it is not to be counted by cells, and block gets the
     *  scores of the rows too. */
    int (*scored)(const void *params);
    int micro; /* 1: ranked; for sets of classes also called with all pairs of row and class at once,
                  and state_size has room for one class more */
    /** NULL or 0 = no; 1: the measures are areas under the ROC curve, of each class against the rest,
     *  behind their "macro" and "weighted" average, and finish leaves DeLong's variance in those of
     *  the classes. */
    int (*area)(const void *params);
    /** NULL, or what its values of classes are made of, so that they get an interval from order statistics
     *  (evaluate_rates.c); returns 0 when with these parameters they are not. Needs `ranked` and the
     *  measures of assay_class_values_finish. */
    int (*rates)(assay_rates *out, const void *params);
    /** NULL or 0 = no; 1: the value is the best that one of many thresholds reaches on these rows, so
     *  replicates are biased as the value is: the interval is the hull of percentiles and their mirror
     *  image. */
    int (*optimum)(const void *params);
    /* Between groups: the value is this extreme of another metric, measured within each group; NULL = of none. */
    const char *within;
    assay_extreme extreme;
    int squares; /* 1: follows from the mean squared error of regression, so a few rows may decide */
    int no_interval; /* 1: p-values and statistics of tests, which are not resampled */
    int curve_only;  /* 1: no measures, so there is nothing to resample */
    int right_rows;  /* 1: its one measure is the share of rows whose label is the target */
} assay_metric;

#endif
