/** @file run_again.h  How an evaluation looks at itself (run_self_check.c): measures computed a second
 *  time, and relations between evaluations that must hold. Inside src/api only.
 *
 *  The second computation goes by the definition, row after row in plain sums, and uses no code of the
 *  metrics. A metric is one line in the table of its family (run_again_*.c). */
#ifndef ASSAY_API_RUN_AGAIN_H
#define ASSAY_API_RUN_AGAIN_H

#include "api/run.h"
#include "codec/json_value.h"

/** The rows of one model in one context, as the definitions want them. */
typedef struct assay_again {
    const assay_predictions *p;
    int64_t n;        /* rows that count: in the context, with a weight */
    int64_t *row;     /* n: their places in the predictions */
    double *weight;   /* n */
    int weighted;     /* 1: the weights are real numbers, and sums of them are rounded */
    double total;     /* weight of all */
    double hits;      /* of those that are right */
    double *truth;    /* of each class */
    double *label;    /* of those predicted as it */
    double *hit;      /* of its rows that are right */
    int64_t *neither; /* rows that neither are of the class nor were predicted as it */
    int64_t *other;   /* rows of other classes */
    int64_t *order;   /* 0..n-1 by falling `value`; for definitions that ask for an order */
    double *value;    /* n: of row k the score of the class in turn, or the confidence */
    const assay_json_value *params; /* of the metric; NULL = none */
    const char *average;            /* of the measure; for `whole` */
    double nudge; /* by how much a limit is missed and still counts as met: sums of real weights are
                     rounded, and a limit may lie on one */
} assay_again;

typedef enum assay_again_order {
    ASSAY_AGAIN_ANY = 0,    /* as the rows come */
    ASSAY_AGAIN_CONFIDENCE, /* by falling probability of the predicted class */
    ASSAY_AGAIN_SCORE       /* by falling score of the class, one class after the other */
} assay_again_order;

typedef struct assay_again_ratio {
    double top, bottom;
} assay_again_ratio;

/** A metric: exactly one of the three functions. NaN = the definition gives no value. */
typedef struct assay_again_kind {
    const char *metric;
    assay_again_order order;
    int limits; /* 1: the value may jump at a limit, see `nudge`; 2: and then it is not compared */
    double (*whole)(const assay_again *a);
    double (*of_class)(const assay_again *a, int32_t c);
    assay_again_ratio (*ratio)(const assay_again *a, int32_t c);
} assay_again_kind;

/** One of them that goes through the rows of each class by falling score. */
#define ASSAY_AGAIN_BY_SCORE(name, function, jumps)                                                \
    {                                                                                              \
        .metric = (name), .order = ASSAY_AGAIN_SCORE, .limits = (jumps), .of_class = (function)    \
    }

extern const assay_again_kind assay_again_counts[], assay_again_scores[], assay_again_ranked[],
    assay_again_calibration[]; /* each ends with an entry without a name */

/** Score of class c in the row k of those that count. */
double assay_again_score(const assay_again *a, int64_t k, int32_t c);
int32_t assay_again_target(const assay_again *a, int64_t k);
int32_t assay_again_label(const assay_again *a, int64_t k);
/** 1 when the parameter has this value. */
int assay_again_is(const assay_again *a, const char *parameter, const char *value);
int assay_again_flag(const assay_again *a, const char *parameter);
double assay_again_real(const assay_again *a, const char *parameter);
/** Where the run of equal values that begins at place `first` of the order ends. */
int64_t assay_again_ties(const assay_again *a, int64_t first);

/** Put the rows in order of the class's score, class -1: of their confidence; 0 when memory is out. */
int assay_again_sort(const assay_again *a, int32_t c);

/** The values of a result computed again: low[i] to high[i] is what measure i may be (one number, but
 *  where a limit lies on a rounded sum); NaN for one that is not computed again. */
ASSAY_NODISCARD assay_status assay_run_again(double *low, double *high, const assay_result *result,
                                             const assay_predictions *predictions,
                                             const uint8_t *mask, assay_error *err);

/** A gap between groups computed again; NaN for one that is not. */
double assay_run_again_gap(const assay_measure *measure, const assay_predictions *predictions,
                           const uint8_t *mask, const assay_groups *groups);

/** Metamorphic relations on whole, labelled data: no measure changes when the rows come in the opposite
 *  order, and none when the classes do (but where a class's place is part of its definition). Adds to the
 *  run's counts, and a finding for each measure that changes. */
ASSAY_NODISCARD assay_status assay_run_metamorphic(assay_run *run, const assay_run_cell *cell,
                                                   const assay_predictions *predictions,
                                                   assay_error *err);

#endif
