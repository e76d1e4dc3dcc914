#include "core/detection_curves.h"

#include <limits.h>
#include <string.h>

#include "base/alloc.h"

enum { L = ASSAY_LANES, TABLE_ROWS = 1 << 16 };

/* One curve while it is swept: what is still ahead (of higher score), per lane. */
typedef struct curve {
    int32_t hits[L];    /* weight of hits up to here */
    int32_t skipped[L]; /* weight of what is left out up to here, though not in all curves */
    int32_t level[L];   /* grid points of recall that are reached up to here */
    int32_t fewest[L];  /* hits that the last one of them needs; without the table */
    double best[L];     /* precision: the best from here on */
    double sum[L];      /* over the grid points passed, or over hits */
} curve;

struct assay_curve_space {
    curve curves[ASSAY_MOST_THRESHOLDS];
    int32_t seen[L];                     /* weight of detections that some curve has */
    int32_t need[ASSAY_MOST_RECALLS][L]; /* fewest hits that reach a point of the recall grid */
    bool tabled;
    int64_t room;    /* rows of `levels` */
    uint8_t *levels; /* hits x L: grid points that so many hits reach */
};

assay_curve_space *assay_curve_space_new(void)
{
    return assay_alloc(1, sizeof(assay_curve_space));
}

void assay_curve_space_free(assay_curve_space *space)
{
    if (space != NULL) {
        assay_free(space->levels);
        assay_free(space);
    }
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

/* Levels of all numbers of hits that the curves can have. Without memory, or with very many hits, the
 * grid is searched instead, which gives the same. */
static void fill_levels(assay_curve_space *s, const assay_curve_input *in)
{
    int64_t rows = 1;
    for (int t = 0; t < in->n_curves; t++) {
        for (int l = 0; l < L; l++) {
            rows = s->curves[t].hits[l] >= rows ? (int64_t)s->curves[t].hits[l] + 1 : rows;
        }
    }
    s->tabled = in->n_recalls <= UINT8_MAX && rows <= TABLE_ROWS;
    if (s->tabled && rows > s->room) {
        assay_free(s->levels);
        s->room = 2 * rows < TABLE_ROWS ? 2 * rows : TABLE_ROWS;
        s->levels = assay_alloc_raw((size_t)s->room, L);
        s->room = s->levels != NULL ? s->room : 0;
        s->tabled = s->levels != NULL;
    }
    if (!s->tabled) {
        return;
    }
    memset(s->levels, 0, (size_t)rows * L);
    for (int r = 0; r < in->n_recalls; r++) {
        for (int l = 0; l < L; l++) {
            if (s->need[r][l] < rows) {
                s->levels[(int64_t)s->need[r][l] * L + l]++;
            }
        }
    }
    for (int64_t h = 1; h < rows; h++) {
        for (int l = 0; l < L; l++) {
            s->levels[h * L + l] = (uint8_t)(s->levels[h * L + l] + s->levels[(h - 1) * L + l]);
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
static inline void see_point(curve *restrict c, const int32_t *restrict seen)
{
    for (int l = 0; l < L; l++) {
        double precision = (double)c->hits[l] / (double)(seen[l] - c->skipped[l]);
        c->best[l] = precision > c->best[l] ? precision : c->best[l];
    }
}

/* The grid of recall is looked at only where a lane leaves a point behind. */
static inline void leave_hit_searching(curve *restrict c, const assay_curve_space *s,
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

/* The same without a branch: which lanes leave a point behind cannot be foreseen. */
static inline void leave_hit(curve *restrict c, const uint8_t *restrict levels,
                             const int32_t *restrict w)
{
    int32_t left[L];
    for (int l = 0; l < L; l++) {
        c->hits[l] -= w[l];
    }
    for (int l = 0; l < L; l++) {
        left[l] = levels[(int64_t)c->hits[l] * L + l];
    }
    for (int l = 0; l < L; l++) {
        c->sum[l] += (double)(c->level[l] - left[l]) * c->best[l];
        c->level[l] = left[l];
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
        add(s->seen, w);
        for (uint32_t left = b.hit & ~b.skip; left != 0; left &= left - 1) {
            add(s->curves[__builtin_ctz(left)].hits, w);
        }
        for (uint32_t left = b.skip; left != 0; left &= left - 1) {
            add(s->curves[__builtin_ctz(left)].skipped, w);
        }
    }
}

static inline void pass_hits(assay_curve_space *s, const assay_curve_input *in, uint32_t which,
                             bool tied, const int32_t *w)
{
    for (uint32_t left = which; left != 0; left &= left - 1) {
        curve *c = &s->curves[__builtin_ctz(left)];
        if (!tied) {
            see_point(c, s->seen);
        }
        if (in->area) {
            leave_hit_area(c, w);
        } else if (s->tabled) {
            leave_hit(c, s->levels, w);
        } else {
            leave_hit_searching(c, s, w);
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
                see_point(&s->curves[t], s->seen);
            }
        }
        if (b.skip == b.all || beyond(in, i)) {
            continue;
        }
        pass_hits(s, in, b.hit & ~b.skip, tied, w);
        take_off(s->seen, w);
        for (uint32_t left = b.skip; left != 0; left &= left - 1) {
            take_off(s->curves[__builtin_ctz(left)].skipped, w);
        }
    }
}

static void start_levels(assay_curve_space *s, const assay_curve_input *in,
                         const double objects[ASSAY_LANES])
{
    fill_grid(s, in, objects);
    fill_levels(s, in);
    for (int t = 0; t < in->n_curves; t++) {
        curve *c = &s->curves[t];
        for (int l = 0; l < L; l++) {
            c->level[l] = s->tabled ? s->levels[(int64_t)c->hits[l] * L + l]
                                    : level_of(s, l, in->n_recalls, c->hits[l]);
            c->fewest[l] = fewest_of(s, l, c->level[l]);
        }
    }
}

void assay_curves_weighted(assay_curve_output *out, assay_curve_space *space,
                           const assay_curve_input *in, const double objects[ASSAY_LANES])
{
    assay_curve_space *s = space;
    memset(s->curves, 0, (size_t)in->n_curves * sizeof *s->curves);
    memset(s->seen, 0, sizeof s->seen);
    total(s, in);
    for (int t = 0; t < in->n_curves; t++) {
        for (int l = 0; l < L; l++) {
            const curve *c = &s->curves[t];
            out->recall[t][l] = (double)c->hits[l] / objects[l];
            out->counted[t][l] = s->seen[l] - c->skipped[l];
        }
    }
    if (in->recall_only) {
        return;
    }
    if (!in->area) {
        start_levels(s, in, objects);
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
