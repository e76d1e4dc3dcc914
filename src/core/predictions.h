/**
 * @file predictions.h
 * What a model said, one row per datum. A columnar artefact: computed once, stored as Parquet with
 * a digest, reused by content.
 */
#ifndef ASSAY_CORE_PREDICTIONS_H
#define ASSAY_CORE_PREDICTIONS_H

#include <stdint.h>

#include "base/digest.h"
#include "core/op.h"
#include "core/table.h"

typedef struct assay_predictions {
    assay_task task; /* regression: one class, labels and targets 0, no scores; multilabel: labels
                           and targets 0 */
    assay_arena *arena; /* owned: holds everything below but `columns` */
    int64_t n;          /* rows */
    int32_t classes;    /* number of classes, >= 1 */
    const char **class_names;
    const char **ids;   /* datum ids; NULL = row numbers */
    int32_t *target;    /* class index; -1 = none known */
    int32_t *label;     /* predicted class: given, or the first class of highest score */
    double *truth;      /* regression: the true values; else NULL */
    double *value;      /* regression: the predicted values; else NULL */
    uint8_t *truth_set; /* multilabel: n x classes, 1 = the class is one of the row's; else NULL */
    uint8_t *label_set; /* multilabel: the same as predicted; else NULL */
    double *weights;    /* of the rows, finite, >= 0; NULL = all one */
    float *scores_f32;  /* n x classes row-major, or NULL */
    double *scores_f64; /* the same in double, or NULL; at most one of the two is set */
    int32_t scores_are_probabilities; /* 1: non-negative, rows sum to one within 1e-3; multilabel:
                                         every score from 0 to 1 */
    assay_table *columns;             /* metadata for slices, n rows; owned; may be NULL */
    int64_t skipped;                  /* data left out because they were bad (see dataset.h) */
    int64_t *file_row;                /* row of the file, from 1, where rows were left out; NULL =
                                         row i is i + 1 */
    char digest[ASSAY_DIGEST_HEX];    /* over ids, classes, targets, labels, scores */
} assay_predictions;

/** Allocate a struct with its arena (limit bytes; 0 = 64 GiB) and zeroed arrays of n rows;
 *  scores: 0 none, 4 float, 8 double. target is -1 everywhere. */
ASSAY_NODISCARD assay_status assay_predictions_new(assay_predictions **out, int64_t n,
                                                   int32_t classes, int scores, size_t limit,
                                                   assay_error *err);
/** The same for regression: truth and value are zero. */
ASSAY_NODISCARD assay_status assay_predictions_new_regression(assay_predictions **out, int64_t n,
                                                              assay_error *err);
/** The same for sets of classes, which are empty; scores as for assay_predictions_new. */
ASSAY_NODISCARD assay_status assay_predictions_new_multilabel(assay_predictions **out, int64_t n,
                                                              int32_t classes, int scores,
                                                              assay_error *err);
/** Set label[] from the scores: the first class of highest score. NaN in a row is ASSAY_EFORMAT
 *  naming the row and id. */
ASSAY_NODISCARD assay_status assay_predictions_argmax(assay_predictions *predictions,
                                                      assay_error *err);
/** Fill scores_are_probabilities. */
void assay_predictions_check_scores(assay_predictions *predictions);
/** What the scores of a file are. */
typedef enum assay_score_kind {
    ASSAY_SCORE_KIND_AUTO = 0,      /* probabilities, when they are in more than half of the rows */
    ASSAY_SCORE_KIND_PROBABILITIES, /* every row must be 0 or more and sum to one (multilabel: 0 to 1) */
    ASSAY_SCORE_KIND_ANY            /* logits, votes, ...: never taken as probabilities */
} assay_score_kind;
/** "auto" (or NULL), "probabilities", "any"; anything else is ASSAY_EINVAL. */
ASSAY_NODISCARD assay_status assay_score_kind_find(assay_score_kind *out, const char *name,
                                                   assay_error *err);
/** Rows whose scores should be probabilities and are not: ASSAY_EFORMAT naming the first and how many
 *  there are; with skip_bad they are left out and counted. Call after the scores were checked. */
ASSAY_NODISCARD assay_status assay_predictions_require_sums(assay_predictions *predictions,
                                                            assay_score_kind kind, const char *path,
                                                            int skip_bad, assay_error *err);
/** Leave out the rows with keep[i] == 0, and count them. The digest is the caller's. */
ASSAY_NODISCARD assay_status assay_predictions_keep(assay_predictions *predictions,
                                                    const uint8_t *keep, assay_error *err);
/** The row of the file that row i came from, from 1. */
int64_t assay_predictions_row(const assay_predictions *predictions, int64_t i);
/** Take the weights of the rows from the metadata column `name`, and renew the digest. A weight that is
 *  missing, no number, negative or infinite: ASSAY_EFORMAT naming the first few rows and how many there
 *  are; with skip_bad the row counts as skipped and weighs nothing. `path` is for messages. */
ASSAY_NODISCARD assay_status assay_predictions_weigh(assay_predictions *predictions,
                                                     const char *name, const char *path,
                                                     int skip_bad, assay_error *err);
/** The same from a table with a row for each of the predictions, and the digest stays. */
ASSAY_NODISCARD assay_status assay_predictions_weigh_by(assay_predictions *predictions,
                                                        assay_table *table, const char *name,
                                                        const char *path, int skip_bad,
                                                        assay_error *err);
ASSAY_NODISCARD assay_status assay_predictions_digest(assay_predictions *predictions,
                                                      assay_error *err);
void assay_predictions_free(assay_predictions *predictions);

#endif
