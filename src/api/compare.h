/** @file compare.h  A comparison between reading its inputs and writing its results. Inside src/api
 *  only. */
#ifndef ASSAY_API_COMPARE_H
#define ASSAY_API_COMPARE_H

#include "api/context.h"
#include "api/intervals.h"
#include "assay/compare.h"
#include "core/align.h"
#include "core/compare.h"

enum { ASSAY_COMPARE_MODELS = 32, ASSAY_COMPARE_METRICS = 256, ASSAY_COMPARE_GROUPS = 200 };

/** NaN = not asked for. */
typedef struct assay_compare_margins {
    double noninferiority, equivalence, rope;
    const char *adjustment; /* how p_adjusted came about */
} assay_compare_margins;

typedef struct assay_compare_context {
    const char *name, *where; /* where NULL = everything, or a value of the --by column */
    bool group;               /* one value of the --by column */
    uint8_t *mask;            /* NULL = all rows */
    int64_t n;
    assay_result results[ASSAY_COMPARE_MODELS];
} assay_compare_context;

typedef struct assay_compare_job {
    assay_context *context;
    const assay_compare_request *request;
    assay_arena *arena; /* owned */
    int32_t n_models;
    const char *names[ASSAY_COMPARE_MODELS];
    assay_predictions *models[ASSAY_COMPARE_MODELS]; /* owned */
    int64_t read[ASSAY_COMPARE_MODELS];              /* rows of each file */
    assay_alignment alignment;
    int64_t *units; /* cluster of each row, or NULL */
    int64_t n_units;
    assay_args *metrics[ASSAY_COMPARE_METRICS]; /* owned */
    size_t n_metrics;
    assay_interval_choice intervals; /* owned */
    assay_compare_context *contexts;
    int64_t n_contexts, capacity_contexts;
    int64_t permutations;
    double level;
    assay_adjustment adjust;
    assay_compare_margins margins;
    assay_comparison comparison;
} assay_compare_job;

/** Which tests are not made with weights, and why. */
extern const char assay_compare_weights_note[];

/** Fill the contexts: all rows (or `where`), the slices, the values of `by`. */
ASSAY_NODISCARD assay_status assay_compare_contexts(assay_compare_job *job, assay_error *err);
/** Fill the units from the cluster column. */
ASSAY_NODISCARD assay_status assay_compare_clusters(assay_compare_job *job, assay_error *err);

ASSAY_NODISCARD assay_status assay_compare_json(char **out, const assay_compare_job *job,
                                                assay_error *err);
ASSAY_NODISCARD assay_status assay_compare_table(char **out, const assay_compare_job *job,
                                                 assay_error *err);
ASSAY_NODISCARD assay_status assay_compare_flips(char **out, const assay_compare_job *job,
                                                 assay_error *err);

/** As many permutations as it takes to show `tests` differences at once, within reason. */
int64_t assay_comparison_permutations(int64_t tests, int64_t rows, int64_t replicates,
                                      double level);
/** The members "comparisons" and "omnibus" of an open object. */
void assay_comparison_json(assay_json *json, const assay_comparison *comparison,
                           const char *const *models, const char *const *contexts, double level,
                           const assay_compare_margins *margins);
/** 1: the models differ by less than the margin, -1: by more, 0: the data do not tell. */
int assay_difference_equivalent(const assay_difference *difference, double margin, double level);

#endif
