#include "ops/shared/ranked_steps.h"

#include <string.h>

#include "ops/shared/ranked_run.h"

enum { STEPS = 512, RUN = ASSAY_RANKED_RUN, LANES = 4 };

typedef int32_t i32_lanes __attribute__((vector_size(LANES * sizeof(int32_t))));
typedef double f64_lanes __attribute__((vector_size(LANES * sizeof(double))));

/* Thresholds at which rows of the class come in: counts up to there, less 2^31. */
typedef struct steps {
    int64_t n;
    uint32_t
        positives[LANES + STEPS + LANES]; /* of the class, behind the count of the step before */
    uint32_t rows[STEPS + LANES];
} steps;

/* Rows and positives so far, and positives up to the end of the last group of equal scores. */
typedef struct tally {
    int64_t at, rows, positives, before;
} tally;

/* Row i of the ranking: equal for equal scores, its class, its copies. */
typedef struct place {
    uint64_t key, target;
    int64_t copies;
} place;

__attribute__((always_inline)) static inline place place_at(const assay_ranking *ranking, int64_t i,
                                                            bool packed, bool copied)
{
    place p = {.copies = copied ? ranking->weight[i] : 1};
    if (packed) {
        uint64_t word =
            ranking->packed[ranking->mirror == ASSAY_MIRROR_NONE ? i : ranking->n - 1 - i];
        p.key = word >> ranking->target_bits;
        p.target = word & ((UINT64_C(1) << ranking->target_bits) - 1);
    } else {
        p.key = ranking->rows[i].key;
        p.target = ranking->rows[i].payload & UINT32_MAX;
    }
    return p;
}

/* The next row: without a branch on what it is, which nobody can foresee. */
__attribute__((always_inline)) static inline void
take(steps *out, tally *t, const assay_ranking *ranking, const place *here, bool ends)
{
    t->rows += here->copies;
    t->positives += here->target == (uint64_t)ranking->class_index ? here->copies : 0;
    out->positives[LANES + out->n] = (uint32_t)t->positives;
    out->rows[out->n] = (uint32_t)t->rows;
    out->n += ends & (t->positives > t->before);
    t->before = ends ? t->positives : t->before;
    t->at++;
}

/* RUN rows of which none has the score of the next one: all that are of the class are steps. */
__attribute__((always_inline)) static inline bool
take_distinct(steps *out, tally *t, const assay_ranking *ranking, bool mirrored)
{
    uint32_t mine = 0;
    if (!assay_ranked_run(&mine, ranking, t->at, mirrored)) {
        return false;
    }
    int64_t n = out->n, more = t->positives - n + 1;
    for (int64_t i = 0; i < RUN; i++) {
        out->positives[LANES + n] = (uint32_t)(more + n);
        out->rows[n] = (uint32_t)(t->at + i + 1);
        n += mine >> i & 1;
    }
    t->positives = t->before = more + n - 1;
    out->n = n;
    t->at += RUN;
    t->rows = t->at;
    return true;
}

/* Up to STEPS steps. */
__attribute__((always_inline)) static inline void
collect(steps *out, tally *t, const assay_ranking *ranking, bool packed, bool copied, bool mirrored)
{
    int64_t last = ranking->n - 1;
    steps *to = out;
    tally now = *t;
    to->n = 0;
    while (now.at < last && to->n <= STEPS - RUN) {
        bool plain = packed && !copied && last - now.at >= RUN && now.before == now.positives;
        if (plain && take_distinct(to, &now, ranking, mirrored)) {
            continue;
        }
        int64_t end = last - now.at < RUN ? last : now.at + RUN;
        place here = place_at(ranking, now.at, packed, copied);
        while (now.at < end) {
            place next = place_at(ranking, now.at + 1, packed, copied);
            take(to, &now, ranking, &here, next.key != here.key);
            here = next;
        }
    }
    if (now.at == last && to->n < STEPS) { /* the last row ends its group */
        place here = place_at(ranking, last, packed, copied);
        take(to, &now, ranking, &here, true);
    }
    *t = now;
}

static void collect_steps(steps *out, tally *t, const assay_ranking *ranking)
{
    if (ranking->packed != NULL && ranking->weight != NULL) {
        collect(out, t, ranking, true, true, false);
    } else if (ranking->packed != NULL && ranking->mirror == ASSAY_MIRROR_NONE) {
        collect(out, t, ranking, true, false, false);
    } else if (ranking->packed != NULL) {
        collect(out, t, ranking, true, false, true);
    } else if (ranking->weight == NULL) {
        collect(out, t, ranking, false, false, false);
    } else {
        collect(out, t, ranking, false, true, false);
    }
}

static inline void widen(f64_lanes *to, const uint32_t *from)
{
    i32_lanes x;
    memcpy(&x, from, sizeof x);
    *to = __builtin_convertvector(x ^ INT32_MIN, f64_lanes) + 0x1p31;
}

/* Lane k sums the steps k, k + LANES, ... of each collection. */
typedef struct lane_sums {
    f64_lanes high, low;
} lane_sums;

static void add_steps(lane_sums *sums, steps *s)
{
    lane_sums a = *sums;
    uint32_t *positives = s->positives + LANES;
    for (int k = 0; k < LANES; k++) { /* steps that add nothing, up to a whole number of lanes */
        positives[s->n + k] = positives[s->n - 1];
        s->rows[s->n + k] = 1;
    }
    for (int64_t i = 0; i < s->n; i += LANES) {
        f64_lanes all, before, rows;
        widen(&all, positives + i);
        widen(&before, positives + i - 1);
        widen(&rows, s->rows + i);
        f64_lanes part = (all - before) * (all / rows);
        /* what assay_sum_add does, without asking which is larger (Knuth 1969) */
        f64_lanes total = a.high + part, back = total - a.high;
        a.low += (a.high - (total - back)) + (part - back);
        a.high = total;
    }
    positives[-1] = positives[s->n - 1];
    *sums = a;
}

double assay_counted_step_area(const assay_ranking *ranking)
{
    lane_sums sums = {{0}, {0}};
    steps s;
    tally t = {0};
    assay_sum area = {0};
    s.positives[LANES - 1] = 0;
    while (t.at < ranking->n) {
        collect_steps(&s, &t, ranking);
        add_steps(&sums, &s);
    }
    for (int k = 0; k < LANES; k++) {
        assay_sum_merge(&area, &(assay_sum){.high = sums.high[k], .low = sums.low[k]});
    }
    return assay_sum_value(&area);
}
