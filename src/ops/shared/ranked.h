/** @file ranked.h  What metrics over rankings share: walking through the groups of equal scores, and
 *  one value per class with its averages. */
#ifndef ASSAY_OPS_SHARED_RANKED_H
#define ASSAY_OPS_SHARED_RANKED_H

#include "core/metric.h"

/** Walk from the highest score down. After each step the counts are those of the rows whose score is
 *  at least that of the group: what is predicted as the class at this threshold. */
typedef struct assay_ranked_walk {
    int64_t at;                  /* first row after the group */
    double tp, fp;               /* weight of the rows up to the end of the group */
    double tp_before, fp_before; /* up to its start */
    int64_t tp_rows, fp_rows;    /* tp and fp of rankings without real weights */
} assay_ranked_walk;

/** assay_ranked_next_rows for words without copies. */
__attribute__((always_inline)) static inline bool
assay_ranked_next_packed(assay_ranked_walk *walk, const assay_ranking *ranking)
{
    int64_t step = ranking->mirror == ASSAY_MIRROR_NONE ? 1 : -1;
    const uint64_t *words = ranking->packed + (step < 0 ? ranking->n - 1 : 0);
    int bits = ranking->target_bits;
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    uint64_t mine = (uint64_t)ranking->class_index;
    int64_t n = ranking->n;
    int64_t i = walk->at;
    int64_t tp = walk->tp_rows;
    if (i >= n) {
        return false;
    }
    uint64_t word = words[i * step];
    uint64_t key = word >> bits;
    do {
        tp += (word & mask) == mine;
        i++;
    } while (i < n && (word = words[i * step]) >> bits == key);
    walk->at = i;
    walk->tp_rows = tp;
    walk->fp_rows = i - tp;
    walk->tp = (double)tp;
    walk->fp = (double)(i - tp);
    return true;
}

/** Counts are whole and added as such: faster, and any number of them is exact. */
__attribute__((always_inline)) static inline bool
assay_ranked_next_rows(assay_ranked_walk *walk, const assay_ranking *ranking)
{
    if (ranking->packed != NULL && ranking->weight == NULL) {
        return assay_ranked_next_packed(walk, ranking);
    }
    int64_t i = walk->at;
    int64_t tp = walk->tp_rows;
    int64_t fp = walk->fp_rows;
    int64_t before = tp + fp;
    while (i < ranking->n) {
        uint64_t key = assay_ranking_key(ranking, i);
        do {
            int64_t weight = assay_ranking_count(ranking, i);
            int64_t mine = assay_ranking_target(ranking, i) == ranking->class_index ? weight : 0;
            tp += mine;
            fp += weight - mine;
            i++;
        } while (i < ranking->n && assay_ranking_key(ranking, i) == key);
        if (tp + fp > before) {
            break;
        }
    }
    walk->at = i;
    walk->tp_rows = tp;
    walk->fp_rows = fp;
    walk->tp = (double)tp;
    walk->fp = (double)fp;
    return tp + fp > before;
}

static inline bool assay_ranked_next_real(assay_ranked_walk *walk, const assay_ranking *ranking)
{
    int64_t i = walk->at;
    double tp = walk->tp;
    double fp = walk->fp;
    bool any = false;
    while (i < ranking->n && !any) {
        uint64_t key = assay_ranking_key(ranking, i);
        do {
            double weight = assay_ranking_weight(ranking, i);
            bool mine = assay_ranking_target(ranking, i) == ranking->class_index;
            tp += mine ? weight : 0.0;
            fp += mine ? 0.0 : weight;
            any = any || weight > 0.0;
            i++;
        } while (i < ranking->n && assay_ranking_key(ranking, i) == key);
    }
    walk->at = i;
    walk->tp = tp;
    walk->fp = fp;
    return any;
}

/** The next group with rows of positive weight; false when there is none. Start with zeros. */
__attribute__((always_inline)) static inline bool assay_ranked_next(assay_ranked_walk *walk,
                                                                    const assay_ranking *ranking)
{
    walk->tp_before = walk->tp;
    walk->fp_before = walk->fp;
    return ranking->real == NULL ? assay_ranked_next_rows(walk, ranking)
                                 : assay_ranked_next_real(walk, ranking);
}

/** A metric's state: one per class. */
typedef struct assay_class_value {
    double n;         /* weight of the rows */
    double positives; /* of the rows of the class */
    double value;
    double variance;       /* of an area (assay_metric.area); NaN = not known */
    const char *undefined; /* reason, or NULL */
} assay_class_value;

size_t assay_class_values_size(const void *params, int32_t classes);
/** Measures: averages "macro" and "weighted" (by rows of the class) over the classes that have a
 *  value, then every class in order. */
ASSAY_NODISCARD assay_status assay_class_values_finish(assay_result *out, const void *state,
                                                       const void *params, const assay_rows *shape,
                                                       assay_error *err);

/** The same for a metric with `micro`: of sets of classes the average "micro" comes first. */
ASSAY_NODISCARD assay_status assay_class_micro_finish(assay_result *out, const void *state,
                                                      const void *params, const assay_rows *shape,
                                                      assay_error *err);

/** Fill in n and positives of the ranking's class, and the reason when the class, or all others
 *  (`both`), have no row. Returns where the value goes, or NULL when it is undefined. */
assay_class_value *assay_class_value_start(void *state, const assay_ranking *ranking, bool both);

/** Points of a curve per class: all groups of equal scores when there are few, otherwise those that
 *  first reach an even share of the way. `points` per class. */
int64_t assay_curve_points(int32_t classes);

/** assay_metric.optimum of metrics that are always the best of many thresholds. */
int assay_ranked_optimum(const void *params);

/* What descriptions of metrics at a limit of a rate (assay_metric.rates) say about their interval. */
#define ASSAY_RATES_INTERVAL                                                                       \
    "\n\nThe interval holds at least as often as stated, for any number of rows: half of the "     \
    "error "                                                                                       \
    "probability is for the threshold, which lies between order statistics of the rows that "      \
    "limit "                                                                                       \
    "it, half for the share beyond it (Clopper-Pearson). It is wide when few rows lie beyond the " \
    "limit, because they do not tell where the threshold is. Weighted rows and clusters are "      \
    "resampled instead, with a `caution` where fewer than 20 rows are expected beyond the limit."

#endif
