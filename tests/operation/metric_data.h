/** @file metric_data.h  Predictions to check metrics on, and their evaluation. */
#ifndef ASSAY_TESTS_OPERATION_METRIC_DATA_H
#define ASSAY_TESTS_OPERATION_METRIC_DATA_H

#include "core/evaluate.h"
#include "operation/harness.h"

/** scores: 0, 4 or 8 bytes each. */
assay_predictions *harness_predictions(int64_t n, int32_t classes, int scores);
void harness_score(assay_predictions *p, int64_t i, int32_t k, double value);
/** Probabilities that favour the target; every fifth row has few values, so that there are ties. */
assay_predictions *harness_random_predictions(int64_t n, int32_t classes, int scores,
                                              uint64_t seed);

typedef struct harness_evaluation {
    assay_arena *arena; /* to be freed */
    assay_result result;
} harness_evaluation;

harness_evaluation harness_evaluate(const assay_predictions *p, const uint8_t *mask,
                                    const assay_args *args, int64_t replicates, int threads);

/** Three groups of the rows in the arena, by what the rows hold, so that they go with the rows wherever
 *  those are put; NULL when the metric compares no groups. */
const assay_groups *harness_groups(assay_arena *arena, const assay_predictions *p,
                                   const assay_op *op);
/** harness_evaluate with groups of one's own. */
harness_evaluation harness_evaluate_groups(const assay_predictions *p, const uint8_t *mask,
                                           const assay_args *args, int64_t replicates, int threads,
                                           const assay_groups *groups);

/** Values from a curve with noise; every fifth row has whole numbers, so that there are ties. All
 *  positive. */
assay_predictions *harness_random_values(int64_t n, uint64_t seed);

/** Sets of `classes` classes; every fifth row has scores in tenths, so that there are ties; the last
 *  class is rare, some rows are empty or full. */
assay_predictions *harness_random_sets(int64_t n, int32_t classes, int scores, uint64_t seed);

/* What the checks of all tasks share (check_metric.c). */
enum { HARNESS_MOST_VARIANTS = 64 };

/** The defaults and one for each choice, bool and bound. */
typedef struct harness_variants {
    int n;
    assay_args *args[HARNESS_MOST_VARIANTS];
} harness_variants;

harness_variants harness_make_variants(const assay_op *op);
void harness_free_variants(harness_variants *v);
/** tolerance 0 = the same bits */
void harness_compare(const char *what, const assay_result *a, const assay_result *b,
                     double tolerance, bool intervals);
/** No measure has a value, and each says why. */
void harness_check_undefined(const assay_result *result);
/** A value lies in its interval's reach, is finite, and what is not a value has a reason. */
void harness_check_sane(const assay_result *result);
/** Evaluation is ASSAY_EFORMAT with `word` in its message. */
void harness_expect_refusal(const assay_predictions *p, const assay_args *args, const char *word);

typedef struct harness_case {
    const assay_predictions *predictions;
    const assay_args *args;
    const assay_groups *groups;
} harness_case;

/** Evaluate a harness_case on one thread, for check_allocation_failures. */
assay_status harness_run_once(void *payload);

/* check_multilabel.c */
void check_multilabel(const assay_op *op);

/* check_regression.c */
void check_regression_threads(const assay_op *op);
void check_regression_edges(const assay_op *op);
void check_regression_metamorphic(const assay_op *op);
void check_regression_allocation(const assay_op *op);

/** Equal, or both NaN. */
bool harness_same(double a, double b);
/** Within tolerance, relative to b when it is above one; 0 = the same. */
bool harness_close(double a, double b, double tolerance);

#endif
