/** @file ranked.h  What metrics over rankings share: walking through the groups of equal scores, and
 *  one value per class with its averages. */
#ifndef ASSAY_OPS_SHARED_RANKED_H
#define ASSAY_OPS_SHARED_RANKED_H

#include "core/metric.h"

/** Walk from the highest score down. After each step the counts are those of the rows whose score is
 *  at least that of the group: what is predicted as the class at this threshold. */
typedef struct assay_ranked_walk {
    int64_t at;                   /* first row after the group */
    int64_t tp, fp;               /* up to the end of the group */
    int64_t tp_before, fp_before; /* up to its start */
} assay_ranked_walk;

/** The next group with rows of positive weight; false when there is none. Start with zeros. */
static inline bool assay_ranked_next(assay_ranked_walk *walk, const assay_ranking *ranking)
{
    int64_t i = walk->at;
    int64_t tp = walk->tp;
    int64_t fp = walk->fp;
    walk->tp_before = tp;
    walk->fp_before = fp;
    while (i < ranking->n) {
        uint64_t key = assay_ranking_key(ranking, i);
        do {
            int64_t weight = assay_ranking_weight(ranking, i);
            int64_t mine = assay_ranking_target(ranking, i) == ranking->class_index ? weight : 0;
            tp += mine;
            fp += weight - mine;
            i++;
        } while (i < ranking->n && assay_ranking_key(ranking, i) == key);
        if (tp + fp > walk->tp_before + walk->fp_before) {
            break;
        }
    }
    bool any = tp + fp > walk->tp_before + walk->fp_before;
    walk->at = i;
    walk->tp = tp;
    walk->fp = fp;
    return any;
}

/** A metric's state: one per class. */
typedef struct assay_class_value {
    int64_t n;         /* rows */
    int64_t positives; /* rows of the class */
    double value;
    const char *undefined; /* reason, or NULL */
} assay_class_value;

size_t assay_class_values_size(const void *params, int32_t classes);
/** Measures: averages "macro" and "weighted" (by rows of the class) over the classes that have a
 *  value, then every class in order. */
ASSAY_NODISCARD assay_status assay_class_values_finish(assay_result *out, const void *state,
                                                       const void *params, const assay_rows *shape,
                                                       assay_error *err);

/** Fill in n and positives of the ranking's class, and the reason when the class, or all others
 *  (`both`), have no row. Returns where the value goes, or NULL when it is undefined. */
assay_class_value *assay_class_value_start(void *state, const assay_ranking *ranking, bool both);

/** Points of a curve per class: all groups of equal scores when there are few, otherwise those that
 *  first reach an even share of the way. `points` per class. */
int64_t assay_curve_points(int32_t classes);

#endif
