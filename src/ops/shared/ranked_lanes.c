#include "ops/shared/ranked_lanes.h"

#include <stdbool.h>
#include <string.h>

#include "base/reduce.h"

enum {
    LANES = ASSAY_RANKING_LANES,
    WIDTH = 8, /* lanes that share a register */
    HELD = 20, /* rows whose copies, 12 at most, a byte can add up */
    AHEAD = 32 /* rows whose copies are on their way */
};

typedef uint8_t copies_lanes __attribute__((vector_size(LANES)));
typedef int32_t i32_lanes __attribute__((vector_size(WIDTH * sizeof(int32_t))));
typedef double f64_lanes __attribute__((vector_size(WIDTH * sizeof(double))));

typedef struct tallies {
    int32_t rows[LANES], found[LANES], before[LANES]; /* positives, and those up to the last step */
    double high[LANES], low[LANES];
} tallies;

/* Lanes do not touch each other, so wider registers leave the bits as they are. */
__attribute__((always_inline)) static inline void
add_held(tallies *restrict t, const uint8_t *restrict all, const uint8_t *restrict mine)
{
    for (int k = 0; k < LANES; k++) {
        t->rows[k] += all[k];
        t->found[k] += mine[k];
    }
}

/* A step that adds nothing adds zero, which changes no sum. */
__attribute__((always_inline)) static inline void add_step(tallies *t)
{
    for (int k = 0; k < LANES; k += WIDTH) {
        f64_lanes high, low;
        i32_lanes rows, found, before;
        memcpy(&high, t->high + k, sizeof high);
        memcpy(&low, t->low + k, sizeof low);
        memcpy(&rows, t->rows + k, sizeof rows);
        memcpy(&found, t->found + k, sizeof found);
        memcpy(&before, t->before + k, sizeof before);
        rows -= rows == 0; /* a mask is -1 */
        f64_lanes all = __builtin_convertvector(found, f64_lanes);
        f64_lanes part = __builtin_convertvector(found - before, f64_lanes) *
                         (all / __builtin_convertvector(rows, f64_lanes));
        /* what assay_sum_add does, without asking which is larger (Knuth 1969) */
        f64_lanes total = high + part, back = total - high;
        low += (high - (total - back)) + (part - back);
        memcpy(t->high + k, &total, sizeof total);
        memcpy(t->low + k, &low, sizeof low);
        memcpy(t->before + k, &found, sizeof found);
    }
}

__attribute__((always_inline)) static inline void walk(tallies *t, const assay_ranking_lanes *lanes)
{
    copies_lanes all = {0}, mine = {0};
    int held = 0;
    bool any = false; /* of this group of equal scores, or before it, since the last step */
    const uint32_t *places = lanes->places;
    for (int64_t i = 0; i < lanes->n; i++) {
        int64_t ahead = i + AHEAD < lanes->n ? i + AHEAD : i;
        __builtin_prefetch(lanes->copies + (size_t)(places[ahead] >> 2) * LANES);
        copies_lanes copies;
        memcpy(&copies, lanes->copies + (size_t)(places[i] >> 2) * LANES, sizeof copies);
        all += copies;
        if ((places[i] & 2) != 0) {
            mine += copies;
            any = true;
        }
        bool step = any && (places[i] & 1) != 0;
        if (step || ++held == HELD) {
            uint8_t sums[2][LANES];
            memcpy(sums[0], &all, sizeof all);
            memcpy(sums[1], &mine, sizeof mine);
            add_held(t, sums[0], sums[1]);
            all = mine = (copies_lanes){0};
            held = 0;
            if (step) {
                add_step(t);
                any = false;
            }
        }
    }
    uint8_t sums[2][LANES];
    memcpy(sums[0], &all, sizeof all);
    memcpy(sums[1], &mine, sizeof mine);
    add_held(t, sums[0], sums[1]);
}

#define DEFINE_WALK(name, attribute)                                                               \
    attribute static void name(tallies *t, const assay_ranking_lanes *lanes)                       \
    {                                                                                              \
        walk(t, lanes);                                                                            \
    }

#define ANY_PROCESSOR
typedef void walk_fn(tallies *t, const assay_ranking_lanes *lanes);
DEFINE_WALK(walk_plain, ANY_PROCESSOR)
#if defined(__x86_64__)
DEFINE_WALK(walk_avx2, __attribute__((target("avx2"))))
DEFINE_WALK(walk_avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))))
#endif

/* NULL when the processor can't. */
static walk_fn *walk_of(int how)
{
#if defined(__x86_64__)
    if (how == 2) {
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
                   ? walk_avx512
                   : NULL;
    }
    if (how == 1) {
        return __builtin_cpu_supports("avx2") ? walk_avx2 : NULL;
    }
#endif
    return how == 0 ? walk_plain : NULL;
}

int assay_step_area_lanes_as(assay_step_lanes *out, const assay_ranking_lanes *lanes, int how)
{
    walk_fn *walk_as = walk_of(how);
    tallies t = {{0}, {0}, {0}, {0}, {0}};
    if (walk_as == NULL) {
        return 0;
    }
    walk_as(&t, lanes);
    for (int k = 0; k < LANES; k++) {
        out->area[k] = assay_sum_value(&(assay_sum){.high = t.high[k], .low = t.low[k]});
        out->rows[k] = t.rows[k];
        out->positives[k] = t.found[k];
    }
    return 1;
}

void assay_step_area_lanes(assay_step_lanes *out, const assay_ranking_lanes *lanes)
{
    for (int how = 2; how >= 0 && !assay_step_area_lanes_as(out, lanes, how); how--) {
    }
}
