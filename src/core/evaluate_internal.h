/** @file evaluate_internal.h  What the parts of the block engine share: evaluate.c (jobs, results),
 *  evaluate_columns.c (columns of a block),
 *  evaluate_pass.c (the pass over the rows), evaluate_weights.c (weighted data),
 *  evaluate_ranked.c (rows by the scores of each class),
 *  bootstrap.c, bootstrap_draw.c and bootstrap_alike.c (resampling). */
#ifndef ASSAY_CORE_EVALUATE_INTERNAL_H
#define ASSAY_CORE_EVALUATE_INTERNAL_H

#include <stdbool.h>

#include "base/rng.h"
#include "core/evaluate.h"
#include "core/metric.h"
#include "stats/rates.h"

enum {
    ASSAY_BLOCK_ROWS = 4096, /* rows whose columns are derived at once: they fit into the cache */
    ASSAY_CHUNK_BLOCKS = 8,  /* consecutive blocks with one state: the unit of parallel work */
    ASSAY_DENSE_CLASSES = 2048, /* up to here all classes x classes cells are counted */
    ASSAY_FEWEST_DRAWN = 10     /* rows or clusters; below, resampling says nothing */
};

/** Weighted data are measured three times over: by their weights, for the value; by the squares and by
 *  ones (zero for a weight of zero), for the effective and the plain number of rows behind it. */
typedef enum assay_weight_kind {
    ASSAY_WEIGHT_REAL = 0,
    ASSAY_WEIGHT_SQUARE,
    ASSAY_WEIGHT_ROW,
    ASSAY_WEIGHT_KINDS
} assay_weight_kind;

typedef enum assay_path {
    ASSAY_PATH_UNMET = 0, /* needs something that the predictions lack */
    ASSAY_PATH_RANKED,
    ASSAY_PATH_SORTED,
    ASSAY_PATH_TERMS,
    ASSAY_PATH_CELLS,
    ASSAY_PATH_BLOCKS
} assay_path;

/** Of one class, the order statistics of one of a metric's limits; the arrays are owned. */
typedef struct assay_rate_kept {
    assay_rate_ranks ranks; /* before and until point into counts; limiting 0 = none */
    int64_t *counts;
} assay_rate_kept;

/** One metric of the evaluation. */
typedef struct assay_job {
    const assay_args *args;
    const assay_metric *metric;
    const void *params;
    assay_path path;
    const char *unmet; /* reason for ASSAY_PATH_UNMET */
    size_t state_size;
    size_t slot_offset; /* of its state in a chunk's slot (terms, blocks) */
    void *state;        /* merged; one per kind of weight, state_stride apart */
    size_t state_stride;
    int32_t bins;
    /* terms of all rows, kept for resampling; NULL when there is none */
    int32_t *bin;
    double *values[ASSAY_METRIC_VALUES];
    /* its measures in the result, and the first of its columns of replicates (-1: proportion) */
    int64_t first_measure, n_measures, first_curve, n_curves;
    bool resample;
    bool alike;      /* rows that it can't tell apart are resampled together */
    int64_t *column; /* per measure: row of the replicate matrix, or -1 */
    /* of a metric at limits of rates: classes x rates->n; NULL when its intervals are others */
    assay_rates *rates;
    assay_rate_kept *kept;
} assay_job;

/** Cells with weights, as rows. */
typedef struct assay_cell_rows {
    int64_t n;
    int32_t *target, *label, *rank;
    int64_t *id;            /* address of the cell in the random numbers */
    double *weight;         /* counts; more than 2^30 are split over several rows */
    assay_poisson *poisson; /* of them, for replicates */
} assay_cell_rows;

/** Rows that metrics of labels alone can't tell apart (bootstrap_alike.c): in a replicate group g counts
 *  scale[g] times a Poisson number of this mean. */
typedef struct assay_alike {
    int64_t n;    /* 0 = rows are resampled one by one */
    int64_t *row; /* of the predictions: one of the group */
    double *scale;
    assay_poisson *poisson;
} assay_alike;

/** Columns of the predictions' table that describe the distribution of a predicted value, by their names:
 *  "q0.05" or "quantile_0.05"; "sigma" or "std"; "member_1", "member_2", ... */
typedef struct assay_forecast {
    int32_t n_quantiles, n_members;
    const assay_column **quantile; /* by ascending level */
    double *level;
    const assay_column *sigma;
    const assay_column **member;
} assay_forecast;

typedef struct assay_evaluation {
    assay_forecast forecast; /* of regression; empty when there are no such columns */
    const assay_predictions *predictions;
    const double *weights; /* of all rows of the predictions; NULL = not weighted */
    int kinds;             /* of weights: 1 or ASSAY_WEIGHT_KINDS */
    double mean_weight[ASSAY_WEIGHT_KINDS];
    const int64_t *rows; /* selected rows, ascending; NULL = all */
    int64_t n;
    assay_arena *arena;
    assay_job *jobs;
    size_t n_jobs;
    uint32_t needs;        /* columns that the pass derives */
    uint32_t sorted_needs; /* columns that are kept for sorted metrics */
    bool count_confusion, count_rank, keep_terms, any_ranked, any_micro;
    bool sorted_values; /* regression: truth and value are kept for sorted metrics */
    int64_t *confusion; /* classes x classes */
    int64_t *ranks;     /* classes */
    assay_cell_rows confusion_cells, rank_cells;
    assay_rows sorted; /* all rows by descending confidence or predicted value */
    double *sorted_weight[ASSAY_WEIGHT_KINDS];
    int64_t *sorted_order; /* position -> row of the selection */
    int64_t *sort_order;   /* space for sorting replicates */
    double *sort_copy;
    /* options with their defaults filled in */
    double level;
    int64_t replicates;
    uint64_t seed;
    int threads;
    const assay_cancel *cancel;
    const int64_t *units;
    /* with units: clusters of the selected rows, numbered from 0; rows of the selection one cluster
     * after the other, and where each cluster begins there */
    int64_t clusters;
    int64_t *cluster, *cluster_order, *cluster_start;
    bool paired, every_draw;
    bool studentised; /* replicates get a standard error each, from groups of rows */
    assay_resample resample;
    int64_t leave_group, leave_groups; /* copies that replicates go without */
    const assay_groups *groups;
    assay_alike alike;
} assay_evaluation;

/** Turn n_counts counts, by rank or by (target, label), into rows in the evaluation's arena. */
ASSAY_NODISCARD assay_status assay_make_cells(assay_cell_rows *cells,
                                              const assay_evaluation *evaluation,
                                              const int64_t *counts, int64_t n_counts, bool rank,
                                              assay_error *err);

/** Space for the derived columns of one block; one per worker. Columns that are not needed are NULL. */
typedef struct assay_block_space {
    int32_t *target, *label, *rank, *group;
    uint8_t *truth_set, *label_set;
    double *truth, *value;
    double *confidence, *p_target;
    float *scores_f32;
    double *scores_f64;
    int32_t *bin;
    double *values[ASSAY_METRIC_VALUES];
    double *weight[ASSAY_WEIGHT_KINDS]; /* of weighted data */
    double *product;                    /* values times weights */
    double *quantiles, *sigma, *members;
    assay_sort_item *items; /* twice the members */
} assay_block_space;

ASSAY_NODISCARD assay_status assay_block_space_new(assay_block_space **out,
                                                   const assay_evaluation *evaluation,
                                                   assay_arena *arena, uint32_t needs,
                                                   assay_error *err);

/** Derive the columns `needs` of n <= ASSAY_BLOCK_ROWS rows from selected row `first` on. Rows that
 *  can't be used are ASSAY_EFORMAT. */
ASSAY_NODISCARD assay_status assay_block_derive(assay_rows *out, assay_block_space *space,
                                                const assay_evaluation *evaluation, int64_t first,
                                                int64_t n, uint32_t needs, assay_error *err);

/** Find the columns of the predictions' table. */
ASSAY_NODISCARD assay_status assay_forecast_find(assay_evaluation *evaluation, assay_error *err);
/** Why the need is not met, or NULL. */
const char *assay_forecast_unmet(const assay_evaluation *evaluation, uint32_t needs);
/** Space for the columns in a block; false when memory is out. */
bool assay_forecast_space(assay_block_space *space, const assay_evaluation *evaluation,
                          assay_arena *arena, uint32_t needs);
/** The columns of n rows; numbers that cannot be are ASSAY_EFORMAT. */
ASSAY_NODISCARD assay_status assay_forecast_derive(assay_rows *out, assay_block_space *space,
                                                   const assay_evaluation *evaluation,
                                                   int64_t first, int64_t n, uint32_t needs,
                                                   assay_error *err);
/** ASSAY_EFORMAT naming selected row i. */
assay_status assay_bad_row(const assay_evaluation *evaluation, int64_t i, const char *what,
                           assay_error *err);

/** The pass over all rows: counts, states, kept columns. */
ASSAY_NODISCARD assay_status assay_evaluate_pass(assay_evaluation *evaluation, assay_error *err);

/** Find the clusters of the selected rows; nothing without units. */
ASSAY_NODISCARD assay_status assay_clusters_find(assay_evaluation *evaluation, assay_error *err);
/** Bounds of proportions of clustered rows; nothing without units. */
ASSAY_NODISCARD assay_status assay_evaluate_clusters(assay_result *out,
                                                     const assay_evaluation *evaluation,
                                                     const assay_args *interval, assay_error *err);
/** Bounds of areas under the ROC curve; `name` is the interval's, when one is given. */
ASSAY_NODISCARD assay_status assay_evaluate_areas(assay_result *out,
                                                  const assay_evaluation *evaluation,
                                                  const assay_args *interval, const char *name,
                                                  assay_error *err);
/** Space for the order statistics of a job at limits of rates, when its intervals are to come from them. */
ASSAY_NODISCARD assay_status assay_rates_prepare(assay_job *job, const assay_evaluation *evaluation,
                                                 const assay_args *replicate, assay_error *err);
/** Those of one class. */
ASSAY_NODISCARD assay_status assay_rates_keep(const assay_job *job, const assay_ranking *ranking,
                                              assay_error *err);
void assay_rates_free(assay_evaluation *evaluation);
/** Bounds of metrics at limits of rates, and a doubt where only replicates are left. */
ASSAY_NODISCARD assay_status assay_evaluate_rates(assay_result *out,
                                                  const assay_evaluation *evaluation,
                                                  assay_error *err);
/** How many rows the measures rest on, by the rows of the classes (assay_measure.few), and doubts about
 *  intervals that rest on very few. */
ASSAY_NODISCARD assay_status assay_evaluate_few(assay_result *out,
                                                const assay_evaluation *evaluation,
                                                assay_error *err);
/** The intervals that the measures do not have yet. */
ASSAY_NODISCARD assay_status assay_evaluate_intervals(assay_result *out,
                                                      assay_evaluation *evaluation,
                                                      const assay_evaluate_options *options,
                                                      assay_error *err);
/** The name of an interval operation with its parameters. */
ASSAY_NODISCARD assay_status assay_interval_name(const char **out, assay_arena *arena,
                                                 const assay_args *args, const char *otherwise,
                                                 assay_error *err);

/** mask[row of the predictions] = 1 for the selected rows but those of a group: row i of the selection (or
 *  its cluster) belongs to group i modulo the number of groups. */
void assay_leave_out(uint8_t *mask, const assay_evaluation *evaluation, int64_t group,
                     int64_t groups);
/** Whether an interval takes pivots. */
bool assay_is_studentised(const assay_args *interval);
/** Pivots of the replicates in matrix (replicates of each column in their order): (replicate - value) over
 *  the replicate's own standard error; NaN = undefined. The measures get their standard errors. The
 *  standard errors are those of the jackknife over the groups of rows of the interval's parameter
 *  `groups`: the same replicates are drawn without one group after the other. */
ASSAY_NODISCARD assay_status assay_studentise(double *pivots, assay_result *out,
                                              const double *matrix, int64_t columns,
                                              const assay_evaluation *evaluation,
                                              const assay_evaluate_options *options,
                                              assay_error *err);

/** Rows, or clusters, that are drawn in a replicate. */
static inline int64_t assay_units_drawn(const assay_evaluation *evaluation)
{
    return evaluation->units == NULL ? evaluation->n : evaluation->clusters;
}

/** States of ranked metrics. */
ASSAY_NODISCARD assay_status assay_evaluate_ranked(assay_evaluation *evaluation, assay_error *err);

/** What the ways of resampling share. */
typedef struct assay_resampling {
    const assay_evaluation *evaluation;
    double *matrix;
    int workers;
    assay_arena **arenas;  /* per worker: states and sums of a task */
    assay_arena **scratch; /* per worker: what block and finish take */
} assay_resampling;

enum { ASSAY_BOOTSTRAP_GROUP = 32 }; /* replicates whose weights are drawn together */

/** Weights of selected rows first..first + n - 1 for the replicates of a group, GROUP of each row after
 *  those of the row before; the one at r is of the group's replicate assay_bootstrap_place(r). */
void assay_bootstrap_draw(uint8_t *out, const assay_evaluation *evaluation, int64_t first,
                          int64_t n, int64_t group);
/** The same as a certain kind of processor does it: 0 any, 1 AVX2, 2 AVX-512; 0 when it can't. */
int assay_bootstrap_draw_as(uint8_t *out, const assay_evaluation *evaluation, int64_t first,
                            int64_t n, int64_t group, int how);
static inline int assay_bootstrap_place(int r)
{
    return 4 * (r % (ASSAY_BOOTSTRAP_GROUP / 4)) + r / (ASSAY_BOOTSTRAP_GROUP / 4);
}
/** Weights of selected row i for the four replicates of a quad. */
void assay_bootstrap_four(int32_t out[4], const assay_evaluation *evaluation, int64_t i,
                          uint32_t quad);
/** Weights of selected row i for the replicates of a group, in their order. */
void assay_bootstrap_group(uint8_t out[ASSAY_BOOTSTRAP_GROUP], const assay_evaluation *evaluation,
                           int64_t i, int64_t group);
/** Let a job finish on a resampled state and note the values that were asked for. */
ASSAY_NODISCARD assay_status assay_bootstrap_note(const assay_resampling *resampling,
                                                  const assay_job *job, const void *state,
                                                  int64_t replicate, int worker, assay_error *err);
ASSAY_NODISCARD assay_status assay_bootstrap_ranked(const assay_resampling *resampling,
                                                    assay_error *err);

/** Groups of replicates of ranked metrics. */
typedef struct assay_lane_batch {
    const assay_resampling *resampling;
    uint8_t *weights;   /* per worker: ASSAY_BOOTSTRAP_GROUP x most_rows */
    char *states;       /* per replicate: of each resampled ranked job, in steps of 64 bytes */
    size_t state_bytes; /* of a replicate */
    int64_t first_group, groups;
    int32_t rankings; /* classes, and the pairs of row and class */
    int64_t most_rows;
} assay_lane_batch;

/** Whether replicates of a ranked job are taken side by side. */
bool assay_takes_lanes(const assay_evaluation *evaluation, const assay_job *job);
bool assay_any_lanes(const assay_evaluation *evaluation);
/** Replicates of a group for all jobs with terms; drawn: what assay_bootstrap_draw gives for all rows, or NULL. */
assay_status assay_bootstrap_terms(const assay_resampling *resampling, const uint8_t *drawn,
                                   int64_t group, int worker, assay_error *err);
/** Fill the states of these jobs; and the replicates of jobs with terms, whose copies are the same. */
ASSAY_NODISCARD assay_status assay_bootstrap_lanes(const assay_lane_batch *batch, assay_error *err);

/** Find out which jobs can be resampled by groups of equal rows. */
ASSAY_NODISCARD assay_status assay_alike_find(assay_evaluation *evaluation, assay_error *err);
/** Replicates of a group of ASSAY_BOOTSTRAP_GROUP for them; an assay_parallel task. */
assay_status assay_bootstrap_alike(void *payload, int64_t group, int worker, assay_error *err);

/** Fill matrix[column * replicates + replicate] for every job with `resample`; NaN = undefined. */
ASSAY_NODISCARD assay_status assay_bootstrap(double *matrix, const assay_evaluation *evaluation,
                                             assay_error *err);

/** Poisson(1) weights of dataset row `row` for the replicates 4 * quad .. 4 * quad + 4 * quads - 1;
 *  one Philox block gives four. */
void assay_bootstrap_weights(int32_t *out, uint64_t seed, uint64_t row, uint32_t quad, int quads);
/** Tosses of a coin, 0 or 1, likewise: what exchanges two models. */
void assay_bootstrap_coins(int32_t *out, uint64_t seed, uint64_t row, uint32_t quad, int quads);

/** Rows are resampled one by one, not as counts of equal rows. */
static inline bool assay_by_row(const assay_evaluation *evaluation)
{
    return evaluation->paired || evaluation->studentised || evaluation->units != NULL ||
           evaluation->weights != NULL;
}

static inline int64_t assay_selected_row(const assay_evaluation *evaluation, int64_t i)
{
    return evaluation->rows == NULL ? i : evaluation->rows[i];
}

/** What finish is told about the rows. */
static inline assay_rows assay_evaluation_shape(const assay_evaluation *evaluation, int kind)
{
    return (assay_rows){.multilabel = evaluation->predictions->task == ASSAY_TASK_MULTILABEL,
                        .n = evaluation->n,
                        .classes = evaluation->predictions->classes,
                        .class_names = evaluation->predictions->class_names,
                        .groups = evaluation->groups,
                        .quantile_levels = evaluation->forecast.level,
                        .n_quantiles = evaluation->forecast.n_quantiles,
                        .mean_weight = evaluation->mean_weight[kind]};
}

/** What state_size and merge are told instead of the number of classes. */
static inline int32_t assay_job_classes(const assay_evaluation *evaluation,
                                        const assay_args *metric)
{
    int32_t groups = (metric->op->needs & ASSAY_NEEDS_GROUPS) != 0 ? evaluation->groups->n : 1;
    return evaluation->predictions->classes * groups;
}

/** Real weight of selected row i. */
static inline double assay_row_weight(const assay_evaluation *evaluation, int64_t i)
{
    return evaluation->weights == NULL ? 1.0
                                       : evaluation->weights[assay_selected_row(evaluation, i)];
}

static inline double assay_weight_of_kind(double weight, int kind)
{
    return kind == ASSAY_WEIGHT_REAL     ? weight
           : kind == ASSAY_WEIGHT_SQUARE ? weight * weight
                                         : (double)(weight > 0.0);
}

/** State of a job for one kind of weight. */
static inline void *assay_job_state(const assay_job *job, int kind)
{
    return (char *)job->state + (size_t)kind * job->state_stride;
}

/** Mean weights; refuses weights of selected rows that are negative, not finite, or all zero. */
ASSAY_NODISCARD assay_status assay_weights_check(assay_evaluation *evaluation, assay_error *err);
/** The measures of a job by the other kinds of weight than the real one: out[1], out[2]. */
ASSAY_NODISCARD assay_status assay_finish_kinds(assay_result *out,
                                                const assay_evaluation *evaluation,
                                                const assay_job *job, assay_error *err);
/** From weight and hits, as a metric's finish left them, to n, successes and effective, and the
 *  interval of a proportion of weighted rows; `squares` and `rows` are the same measure by the other
 *  kinds of weight, NULL when not weighted. */
ASSAY_NODISCARD assay_status assay_measure_count(assay_measure *measure, assay_arena *arena,
                                                 const assay_measure *squares,
                                                 const assay_measure *rows, assay_error *err);

/** What addresses the weight of selected row i in the random numbers. */
static inline uint64_t assay_weight_address(const assay_evaluation *evaluation, int64_t i)
{
    int64_t row = assay_selected_row(evaluation, i);
    return (uint64_t)(evaluation->units == NULL ? row : evaluation->units[row]);
}

/** The rows that a flip takes when its coin shows this: 0 or 1. */
static inline uint32_t assay_flip_side(const assay_evaluation *evaluation, int64_t i)
{
    bool second = assay_selected_row(evaluation, i) >= evaluation->predictions->n / 2;
    return second == (evaluation->resample == ASSAY_RESAMPLE_FLIP_REST);
}

#endif
