/** @file evaluate_order.h  Rows in the order of their scores, for metrics that are ranked. */
#ifndef ASSAY_CORE_EVALUATE_ORDER_H
#define ASSAY_CORE_EVALUATE_ORDER_H

#include "core/evaluate_internal.h"

/** What an order is made in; starts zeroed and grows as needed. Owned by the caller. */
typedef struct assay_order_space {
    double *scores;         /* n, where the scores of a class lie far apart */
    uint64_t *words;        /* n */
    assay_sort_item *items; /* 2 n */
    bool complement;        /* set by assay_order_class, see there */
} assay_order_space;

void assay_order_space_dispose(assay_order_space *space);

/**
 * The rows of the evaluation (n >= 1) by descending score of the class; it lies in `space` until that
 * is used again. tell_rows: rows can be told from each other (assay_ranking.rows), for resampling.
 * NaN is ASSAY_EFORMAT with the row. space->complement becomes true when there are two classes, the
 * other one's score is 1 minus this one's in every row, and different scores stay different so.
 */
ASSAY_NODISCARD assay_status assay_order_class(assay_ranking *out,
                                               const assay_evaluation *evaluation,
                                               int32_t class_index, bool tell_rows,
                                               assay_order_space *space, int threads,
                                               assay_error *err);

/** The same for many rows with probabilities of a few classes, as packed words; *done stays false when they
 *  are something else, and `out` as it is. */
ASSAY_NODISCARD assay_status assay_order_deal(assay_ranking *out, bool *done,
                                              const assay_evaluation *evaluation,
                                              int32_t class_index, assay_order_space *space,
                                              int threads, assay_error *err);

/** Both of two classes; where the scores are complements, the second order is the first backwards. */
ASSAY_NODISCARD assay_status assay_order_pair(assay_ranking out[2],
                                              const assay_evaluation *evaluation,
                                              assay_order_space space[2], int threads,
                                              assay_error *err);

/** The same for rows with sets of classes; class_index = classes ranks all pairs of row and class, whose
 *  place in the payload is (selected row) * classes + class. */
ASSAY_NODISCARD assay_status assay_order_sets(assay_ranking *out,
                                              const assay_evaluation *evaluation,
                                              int32_t class_index, bool tell_rows,
                                              assay_order_space *space, int threads,
                                              assay_error *err);

/** Whichever of the two it is. */
ASSAY_NODISCARD assay_status assay_order_any(assay_ranking *out, const assay_evaluation *evaluation,
                                             int32_t class_index, bool tell_rows,
                                             assay_order_space *space, int threads,
                                             assay_error *err);

/** The selected row at place i of a ranking that tells rows. */
static inline int64_t assay_ranking_row(const assay_ranking *ranking, int64_t i)
{
    int64_t at = (int64_t)(ranking->rows[i].payload >> 32);
    return ranking->pairs ? at / ranking->classes : at;
}

#endif
