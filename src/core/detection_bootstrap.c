#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/detection_internal.h"
#include "core/evaluate_internal.h"

/* A replicate counts every image Poisson(1) times; its curves are weighted cumulative sums over the
 * matches that are known. They are swept from the lowest score upwards, so that the best precision of
 * all that follows is at hand and nothing has to be stored per detection. */

enum {
    T = ASSAY_COCO_THRESHOLDS,
    R = ASSAY_COCO_RECALLS,
    A = ASSAY_COCO_AREAS,
    M = ASSAY_COCO_CAPS,
    LANES = 16, /* replicates side by side: one parallel task */
    QUADS = LANES / 4
};

typedef struct resampling {
    const assay_detection *d;
    double *stats, *classes;
    int64_t replicates;
    uint64_t seed;
    double recalls[R];
    int32_t **weights; /* per worker: image x LANES */
} resampling;

/* One threshold's curve while it is swept: what is still ahead (of lower rank), per lane. */
typedef struct curve {
    int32_t hits[LANES];   /* weight of hits up to here */
    int32_t others[LANES]; /* weight of misses up to here that are not misses at all thresholds */
    int32_t level[LANES];  /* grid points of recall that are reached up to here */
    int32_t fewest[LANES]; /* hits that the last one of them needs */
    double best[LANES];    /* precision: the best from here on */
    double sum[LANES];     /* over the grid points passed */
} curve;

/* Fewest hits that reach each point of the recall grid, per lane. */
typedef struct grid {
    int32_t need[R][LANES];
} grid;

static void fill_grid(grid *g, const double recalls[R], const double objects[LANES])
{
    for (int r = 0; r < R; r++) {
        for (int l = 0; l < LANES; l++) {
            int32_t hits = (int32_t)(recalls[r] * objects[l]);
            g->need[r][l] = hits + ((double)hits / objects[l] < recalls[r]);
        }
    }
}

/* Down from `level` grid points to those that so many hits reach; at least the first, recall 0. */
static inline int32_t level_of(const grid *g, int l, int32_t level, int32_t hits)
{
    while (level > 1 && hits < g->need[level - 1][l]) {
        level--;
    }
    return level;
}

/* Lanes without this image go through it too: the precision there is none that the hit before would
 * not exceed. The grid of recall is looked at only where a lane leaves a point behind. */
static void take_hit(curve *restrict c, const grid *restrict g, const int32_t *restrict w,
                     const int32_t *restrict common)
{
    int32_t passed = 0;
    for (int l = 0; l < LANES; l++) {
        double hits = (double)c->hits[l];
        double precision = hits / (double)(c->hits[l] + c->others[l] + common[l]);
        c->best[l] = precision > c->best[l] ? precision : c->best[l];
    }
    for (int l = 0; l < LANES; l++) {
        c->hits[l] -= w[l];
        passed |= c->hits[l] < c->fewest[l];
    }
    for (int l = 0; passed != 0 && l < LANES; l++) {
        if (c->hits[l] < c->fewest[l]) {
            int32_t level = level_of(g, l, c->level[l], c->hits[l]);
            c->sum[l] += (double)(c->level[l] - level) * c->best[l];
            c->level[l] = level;
            c->fewest[l] = g->need[level - 1][l];
        }
    }
}

/* The weights of everything, before the sweep takes them off again. */
static void total(curve curves[T], int32_t common[LANES], const assay_detection *d, int64_t k,
                  int a, const int32_t *weights)
{
    const uint16_t all = (1U << T) - 1;
    for (int64_t i = d->kept_first[k]; i < d->kept_first[k + 1]; i++) {
        const int32_t *w = weights + (int64_t)d->image[i] * LANES;
        uint16_t hit = d->hit[i * A + a];
        uint16_t skip = d->skip[i * A + a];
        if ((hit | skip) == 0) {
            for (int l = 0; l < LANES; l++) {
                common[l] += w[l];
            }
            continue;
        }
        for (int t = 0; t < T && skip != all; t++) {
            if ((skip >> t & 1) != 0) {
                continue;
            }
            int32_t *to = (hit >> t & 1) != 0 ? curves[t].hits : curves[t].others;
            for (int l = 0; l < LANES; l++) {
                to[l] += w[l];
            }
        }
    }
}

static void sweep(curve curves[T], int32_t common[LANES], const grid *g, const assay_detection *d,
                  int64_t k, int a, const int32_t *weights)
{
    const uint16_t all = (1U << T) - 1;
    for (int64_t i = d->kept_first[k + 1]; i-- > d->kept_first[k];) {
        const int32_t *w = weights + (int64_t)d->image[i] * LANES;
        uint16_t hit = d->hit[i * A + a];
        uint16_t skip = d->skip[i * A + a];
        if ((hit | skip) == 0) {
            for (int l = 0; l < LANES; l++) {
                common[l] -= w[l];
            }
            continue;
        }
        for (int t = 0; t < T && skip != all; t++) {
            if ((skip >> t & 1) != 0) {
                continue;
            }
            if ((hit >> t & 1) != 0) {
                take_hit(&curves[t], g, w, common);
                continue;
            }
            for (int l = 0; l < LANES; l++) {
                curves[t].others[l] -= w[l];
            }
        }
    }
}

/* Weight of hits at the smaller caps; recall needs no curve. */
static void found_within(double recall[M][LANES], const assay_detection *d, int64_t k,
                         const int32_t *weights)
{
    for (int64_t i = d->kept_first[k]; i < d->kept_first[k + 1]; i++) {
        int32_t hit = d->hit[i * A] & ~d->skip[i * A];
        if (hit == 0 || d->place[i] >= d->caps[M - 2]) {
            continue;
        }
        const int32_t *w = weights + (int64_t)d->image[i] * LANES;
        double times = __builtin_popcount((unsigned)hit);
        for (int m = 0; m < M - 1; m++) {
            for (int l = 0; l < LANES && d->place[i] < d->caps[m]; l++) {
                recall[m][l] += times * (double)w[l];
            }
        }
    }
}

/* AP and recall of a class in an area range, by threshold, summed in the fixed order of thresholds. */
typedef struct class_sums {
    double objects[LANES];
    double ap[LANES], ap50[LANES], ap75[LANES], recall[LANES];
} class_sums;

static void resample_class(class_sums *out, curve curves[T], const resampling *s, int64_t k, int a,
                           const int32_t *weights)
{
    const assay_detection *d = s->d;
    int32_t common[LANES] = {0};
    grid g;
    memset(out, 0, sizeof *out);
    memset(curves, 0, T * sizeof *curves);
    for (int64_t c = d->cell_first[k]; c < d->cell_first[k + 1]; c++) {
        const int32_t *w = weights + (int64_t)d->cells[c].image * LANES;
        for (int l = 0; d->cells[c].positives[a] > 0 && l < LANES; l++) {
            out->objects[l] += (double)d->cells[c].positives[a] * (double)w[l];
        }
    }
    total(curves, common, d, k, a, weights);
    fill_grid(&g, s->recalls, out->objects);
    for (int t = 0; t < T; t++) {
        for (int l = 0; l < LANES; l++) {
            int32_t level = level_of(&g, l, R, curves[t].hits[l]);
            curves[t].level[l] = level;
            curves[t].fewest[l] = g.need[level - 1][l];
            out->recall[l] += (double)curves[t].hits[l] / out->objects[l] / T;
        }
    }
    sweep(curves, common, &g, d, k, a, weights);
    for (int t = 0; t < T; t++) {
        for (int l = 0; l < LANES; l++) {
            /* Recall 0 is the point that remains. */
            double ap = (curves[t].sum[l] + curves[t].best[l]) / R;
            out->ap[l] += ap / T;
            out->ap50[l] = t == 0 ? ap : out->ap50[l];
            out->ap75[l] = t == 5 ? ap : out->ap75[l];
        }
    }
}

/* Means over the classes that have objects in the replicate. */
typedef struct means {
    double sum[ASSAY_COCO_STATS][LANES];
    int32_t n[A][LANES];
} means;

static void add_class(means *to, const resampling *s, int64_t first, int64_t k, int a,
                      const class_sums *c, const int32_t *weights)
{
    double within[M][LANES] = {{0}};
    if (a == 0) {
        found_within(within, s->d, k, weights);
    }
    for (int l = 0; l < LANES; l++) {
        bool defined = c->objects[l] > 0.0;
        double *row = NULL;
        if (a == 0 && s->classes != NULL && first + l < s->replicates) {
            row = s->classes + ((first + l) * s->d->n_categories + k) * 4;
            row[0] = defined ? c->ap[l] : NAN;
            row[1] = defined ? c->ap50[l] : NAN;
            row[2] = defined ? c->ap75[l] : NAN;
            row[3] = defined ? c->recall[l] : NAN;
        }
        if (!defined) {
            continue;
        }
        to->n[a][l]++;
        to->sum[a == 0 ? 0 : 2 + a][l] += c->ap[l];
        to->sum[8 + a][l] += c->recall[l];
        if (a == 0) {
            to->sum[1][l] += c->ap50[l];
            to->sum[2][l] += c->ap75[l];
            to->sum[6][l] += within[0][l] / c->objects[l] / T;
            to->sum[7][l] += within[1][l] / c->objects[l] / T;
        }
    }
}

static assay_status resample(void *payload, int64_t block, int worker, assay_error *err)
{
    const resampling *s = payload;
    const assay_detection *d = s->d;
    int64_t first = block * LANES;
    int32_t *weights = s->weights[worker];
    /* Of which area range each statistic is. */
    static const int area_of[ASSAY_COCO_STATS] = {0, 0, 0, 1, 2, 3, 0, 0, 0, 1, 2, 3};
    curve curves[T];
    class_sums sums;
    means m = {0};
    (void)err;
    for (int64_t i = 0; i < d->n_images; i++) {
        assay_bootstrap_weights(weights + i * LANES, s->seed, (uint64_t)d->image_id[i],
                                (uint32_t)(block * QUADS), QUADS);
    }
    for (int64_t k = 0; k < d->n_categories; k++) {
        for (int a = 0; a < A; a++) {
            if (d->positives[k * A + a] > 0) {
                resample_class(&sums, curves, s, k, a, weights);
                add_class(&m, s, first, k, a, &sums, weights);
            } else if (a == 0 && s->classes != NULL) {
                for (int64_t r = first; r < first + LANES && r < s->replicates; r++) {
                    double *row = s->classes + (r * d->n_categories + k) * 4;
                    row[0] = row[1] = row[2] = row[3] = NAN;
                }
            }
        }
    }
    for (int l = 0; l < LANES && first + l < s->replicates; l++) {
        for (int i = 0; i < ASSAY_COCO_STATS; i++) {
            int32_t n = m.n[area_of[i]][l];
            s->stats[(first + l) * ASSAY_COCO_STATS + i] = n > 0 ? m.sum[i][l] / n : NAN;
        }
    }
    return ASSAY_OK;
}

assay_status assay_detection_bootstrap(double *stats, double *classes,
                                       const assay_detection *detection, int64_t replicates,
                                       uint64_t seed, assay_error *err)
{
    assay_status status = ASSAY_OK;
    resampling s = {
        .d = detection, .stats = stats, .classes = classes, .replicates = replicates, .seed = seed};
    int64_t blocks = (replicates + LANES - 1) / LANES;
    int workers = assay_parallel_workers(blocks, detection->threads);
    if (replicates < 1 || detection->n_kept > INT32_MAX / 16) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the bootstrap takes at least 1 replicate and at most 134 million "
                          "detections");
    }
    assay_coco_recalls(s.recalls);
    s.weights = assay_alloc((size_t)workers, sizeof *s.weights);
    if (s.weights == NULL) {
        return assay_fail_memory(err);
    }
    for (int w = 0; w < workers; w++) {
        s.weights[w] = assay_alloc_raw((size_t)detection->n_images * LANES, sizeof(int32_t));
        if (s.weights[w] == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
    }
    status = assay_parallel(blocks, detection->threads, resample, &s, detection->cancel, err);
done:
    for (int w = 0; w < workers; w++) {
        assay_free(s.weights[w]);
    }
    assay_free(s.weights);
    return status;
}
