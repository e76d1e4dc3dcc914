#include "core/detection_curves.h"

#include <limits.h>
#include <string.h>

#include "base/alloc.h"

enum { L = ASSAY_LANES };

/* One curve while it is swept: what is still ahead (of higher score), per lane. */
typedef struct curve {
    int32_t hits[L];   /* weight of hits up to here */
    int32_t others[L]; /* weight of misses up to here that are not misses in all curves */
    int32_t level[L];  /* grid points of recall that are reached up to here */
    int32_t fewest[L]; /* hits that the last one of them needs */
    double best[L];    /* precision: the best from here on */
    double sum[L];     /* over the grid points passed, or over hits */
} curve;

struct assay_curve_space {
    curve curves[ASSAY_MOST_THRESHOLDS];
    int32_t common[L];                   /* weight of misses in all curves */
    int32_t need[ASSAY_MOST_RECALLS][L]; /* fewest hits that reach a point of the recall grid */
};

assay_curve_space *assay_curve_space_new(void)
{
    return assay_alloc(1, sizeof(assay_curve_space));
}

void assay_curve_space_free(assay_curve_space *space)
{
    assay_free(space);
}

static void fill_grid(assay_curve_space *s, const assay_curve_input *in, const double objects[L])
{
    for (int r = 0; r < in->n_recalls; r++) {
        for (int l = 0; l < L; l++) {
            int32_t hits = (int32_t)(in->recalls[r] * objects[l]);
            s->need[r][l] = hits + ((double)hits / objects[l] < in->recalls[r]);
        }
    }
}

/* Down from `level` grid points to those that so many hits reach. */
static inline int32_t level_of(const assay_curve_space *s, int l, int32_t level, int32_t hits)
{
    while (level > 0 && hits < s->need[level - 1][l]) {
        level--;
    }
    return level;
}

static inline int32_t fewest_of(const assay_curve_space *s, int l, int32_t level)
{
    return level > 0 ? s->need[level - 1][l] : INT32_MIN;
}

/* Lanes without this image go through it too: the precision there is none that the hit before would
 * not exceed. */
static inline void see_point(curve *restrict c, const int32_t *restrict common)
{
    for (int l = 0; l < L; l++) {
        double hits = (double)c->hits[l];
        double precision = hits / (double)(c->hits[l] + c->others[l] + common[l]);
        c->best[l] = precision > c->best[l] ? precision : c->best[l];
    }
}

/* The grid of recall is looked at only where a lane leaves a point behind. */
static inline void leave_hit(curve *restrict c, const assay_curve_space *s,
                             const int32_t *restrict w)
{
    int32_t passed = 0;
    for (int l = 0; l < L; l++) {
        c->hits[l] -= w[l];
        passed |= c->hits[l] < c->fewest[l];
    }
    for (int l = 0; passed != 0 && l < L; l++) {
        if (c->hits[l] < c->fewest[l]) {
            int32_t level = level_of(s, l, c->level[l], c->hits[l]);
            c->sum[l] += (double)(c->level[l] - level) * c->best[l];
            c->level[l] = level;
            c->fewest[l] = fewest_of(s, l, level);
        }
    }
}

static inline void leave_hit_area(curve *restrict c, const int32_t *restrict w)
{
    for (int l = 0; l < L; l++) {
        c->hits[l] -= w[l];
        c->sum[l] += (double)w[l] * c->best[l];
    }
}

static inline void add(int32_t *restrict to, const int32_t *restrict w)
{
    for (int l = 0; l < L; l++) {
        to[l] += w[l];
    }
}

static inline void take_off(int32_t *restrict from, const int32_t *restrict w)
{
    for (int l = 0; l < L; l++) {
        from[l] -= w[l];
    }
}

typedef struct bits {
    uint32_t hit, skip, all;
} bits;

static inline bits bits_of(const assay_curve_input *in, int64_t i)
{
    uint32_t all = (1U << in->n_curves) - 1;
    return (bits){(uint32_t)(in->hit[i * in->stride] >> in->first_curve) & all,
                  (uint32_t)(in->skip[i * in->stride] >> in->first_curve) & all, all};
}

static inline bool beyond(const assay_curve_input *in, int64_t i)
{
    return in->place != NULL && in->place[i] >= in->cap;
}

/* The weights of everything, before the sweep takes them off again. */
static void total(assay_curve_space *s, const assay_curve_input *in)
{
    for (int64_t i = 0; i < in->n; i++) {
        const int32_t *w = in->weight + (int64_t)in->image[i] * L;
        bits b = bits_of(in, i);
        if (b.skip == b.all || beyond(in, i)) {
            continue;
        }
        if ((b.hit | b.skip) == 0) {
            add(s->common, w);
            continue;
        }
        for (int t = 0; t < in->n_curves; t++) {
            if ((b.skip >> t & 1) == 0) {
                add((b.hit >> t & 1) != 0 ? s->curves[t].hits : s->curves[t].others, w);
            }
        }
    }
}

static void sweep(assay_curve_space *s, const assay_curve_input *in)
{
    bool tied = false; /* the point of this score has been seen */
    for (int64_t i = in->n; i-- > 0;) {
        const int32_t *w = in->weight + (int64_t)in->image[i] * L;
        bits b = bits_of(in, i);
        tied = tied && in->score[i] == in->score[i + 1];
        if (in->ties && !tied && i > 0 && in->score[i] == in->score[i - 1]) {
            tied = true;
            for (int t = 0; t < in->n_curves; t++) {
                see_point(&s->curves[t], s->common);
            }
        }
        if (b.skip == b.all || beyond(in, i)) {
            continue;
        }
        if ((b.hit | b.skip) == 0) {
            take_off(s->common, w);
            continue;
        }
        for (int t = 0; t < in->n_curves; t++) {
            curve *c = &s->curves[t];
            if ((b.skip >> t & 1) != 0) {
                continue;
            }
            if ((b.hit >> t & 1) == 0) {
                take_off(c->others, w);
                continue;
            }
            if (!tied) {
                see_point(c, s->common);
            }
            if (in->area) {
                leave_hit_area(c, w);
            } else {
                leave_hit(c, s, w);
            }
        }
    }
}

void assay_curves_weighted(assay_curve_output *out, assay_curve_space *space,
                           const assay_curve_input *in, const double objects[ASSAY_LANES])
{
    assay_curve_space *s = space;
    memset(s->curves, 0, (size_t)in->n_curves * sizeof *s->curves);
    memset(s->common, 0, sizeof s->common);
    total(s, in);
    for (int t = 0; t < in->n_curves; t++) {
        for (int l = 0; l < L; l++) {
            const curve *c = &s->curves[t];
            out->recall[t][l] = (double)c->hits[l] / objects[l];
            out->counted[t][l] = c->hits[l] + c->others[l] + s->common[l];
        }
    }
    if (in->recall_only) {
        return;
    }
    if (!in->area) {
        fill_grid(s, in, objects);
        for (int t = 0; t < in->n_curves; t++) {
            curve *c = &s->curves[t];
            for (int l = 0; l < L; l++) {
                c->level[l] = level_of(s, l, in->n_recalls, c->hits[l]);
                c->fewest[l] = fewest_of(s, l, c->level[l]);
            }
        }
    }
    sweep(s, in);
    for (int t = 0; t < in->n_curves; t++) {
        const curve *c = &s->curves[t];
        for (int l = 0; l < L; l++) {
            /* Points that no hit is needed for (recall 0) remain. */
            out->ap[t][l] = in->area
                                ? c->sum[l] / objects[l]
                                : (c->sum[l] + (double)c->level[l] * c->best[l]) / in->n_recalls;
        }
    }
}
