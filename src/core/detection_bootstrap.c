#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/detection_curves.h"
#include "core/detection_internal.h"
#include "core/evaluate_internal.h"

enum { L = ASSAY_LANES, QUADS = L / 4, CS = ASSAY_CLASS_STATISTICS };

/* A pass over a class: one area range under one cap. Statistics of one range and cap share it. */
typedef struct plane {
    int32_t range, cap;
    bool curve; /* AP is wanted, not recall alone */
} plane;

typedef struct resampling {
    const assay_detection *d;
    double *stats, *classes;
    int64_t replicates;
    uint64_t seed;
    int n_stats, n_planes;
    assay_statistic what[ASSAY_MOST_STATISTICS];
    int plane_of[ASSAY_MOST_STATISTICS]; /* -1: undefined */
    assay_statistic class_what[CS];
    plane planes[ASSAY_MOST_STATISTICS];
    int32_t **weights; /* per worker: image x LANES */
    assay_curve_space **spaces;
} resampling;

/* ---- weights ---- */

assay_status assay_detection_cluster(int64_t *n, assay_detection *detection, const int64_t *cluster,
                                     assay_error *err)
{
    assay_detection *d = detection;
    assay_status status = ASSAY_OK;
    int64_t *order = NULL;
    assay_free(d->address);
    d->address = NULL;
    d->n_clusters = 0;
    *n = d->n_inside;
    if (cluster == NULL) {
        return ASSAY_OK;
    }
    int64_t *key = assay_alloc_raw((size_t)d->n_images, sizeof *key);
    order = assay_alloc_raw((size_t)d->n_images, sizeof *order);
    d->address = assay_alloc_raw((size_t)d->n_images, sizeof *d->address);
    if (key == NULL || order == NULL || d->address == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < d->n_images; i++) {
        key[i] = cluster[d->image_row[i]];
    }
    ASSAY_GOTO(assay_sort_order_i64(order, key, d->n_images, err), done);
    for (int64_t i = 0; i < d->n_images; i++) {
        d->n_clusters += i == 0 || key[order[i]] != key[order[i - 1]];
        d->address[order[i]] = d->n_clusters - 1;
    }
    *n = d->n_clusters;
done:
    assay_free(key);
    assay_free(order);
    return status;
}

int64_t assay_detection_clusters(const assay_detection *detection)
{
    return detection->address != NULL ? detection->n_clusters : detection->n_inside;
}

/* One coin for an image and its namesake. */
static void coins(int32_t *weights, const assay_detection *d, uint64_t seed, int64_t block)
{
    int64_t half = d->n_images / 2;
    int32_t side = d->shown == ASSAY_SHOWN_SECOND;
    for (int64_t i = 0; i < half; i++) {
        int32_t *first = weights + i * L;
        assay_bootstrap_coins(first, seed, (uint64_t)d->address[i], (uint32_t)(block * QUADS),
                              QUADS);
        for (int k = 0; k < L; k++) {
            first[k] = first[k] == side;
            weights[(half + i) * L + k] = 1 - first[k];
        }
    }
}

void assay_detection_weights(int32_t *weights, const assay_detection *d, uint64_t seed,
                             int64_t block)
{
    if (d->shown != ASSAY_SHOWN_ALL) {
        coins(weights, d, seed, block);
        return;
    }
    for (int64_t i = 0; i < d->n_images; i++) {
        uint64_t address = (uint64_t)(d->address != NULL ? d->address[i] : d->image_id[i]);
        assay_bootstrap_weights(weights + i * L, seed, address, (uint32_t)(block * QUADS), QUADS);
    }
}

/* ---- one class ---- */

static void weigh_objects(double objects[L], const assay_detection *d, int64_t k, int range,
                          const int32_t *weights)
{
    memset(objects, 0, L * sizeof *objects);
    for (int64_t c = d->cell_first[k]; c < d->cell_first[k + 1]; c++) {
        int32_t n = d->cell_positives[c * d->protocol.n_ranges + range];
        const int32_t *w = weights + (int64_t)d->cells[c].image * L;
        for (int l = 0; n > 0 && l < L; l++) {
            objects[l] += (double)n * (double)w[l];
        }
    }
}

static void run_plane(assay_curve_output *out, double objects[L], assay_curve_space *space,
                      const resampling *s, const plane *p, int64_t k, const int32_t *weights)
{
    const assay_detection *d = s->d;
    const assay_protocol *protocol = &d->protocol;
    assay_detection_list list = assay_detection_class(d, k);
    const assay_curve_input in = {.n = list.n,
                                  .score = list.score,
                                  .image = list.image,
                                  .place = p->cap == protocol->n_caps - 1 ? NULL : list.place,
                                  .cap = protocol->caps[p->cap],
                                  .stride = list.stride,
                                  .hit = list.hit + p->range,
                                  .skip = list.skip + p->range,
                                  .n_curves = protocol->n_thresholds,
                                  .recalls = protocol->recalls,
                                  .n_recalls = protocol->n_recalls,
                                  .area = (protocol->rules & ASSAY_RULE_AREA_UNDER) != 0,
                                  .ties = (protocol->rules & ASSAY_RULE_TIES) != 0,
                                  .recall_only = !p->curve,
                                  .weight = weights};
    weigh_objects(objects, d, k, p->range, weights);
    assay_curves_weighted(out, space, &in, objects);
}

static bool any_counted(const assay_curve_output *curves, int n, int l)
{
    bool any = false;
    for (int t = 0; t < n; t++) {
        any |= curves->counted[t][l] > 0;
    }
    return any;
}

/* Mean over the thresholds of a statistic; NaN where the lane has neither objects nor, when that
 * counts, detections. */
static double value_of(const assay_detection *d, const assay_statistic *what,
                       const assay_curve_output *curves, const double objects[L], int l)
{
    int n = d->protocol.n_thresholds;
    double sum = 0.0;
    if (!(objects[l] > 0.0)) {
        bool zero = (d->protocol.rules & ASSAY_RULE_ABSENT_ZERO) != 0 && !what->recall &&
                    any_counted(curves, n, l);
        return zero ? 0.0 : (double)NAN;
    }
    const double(*from)[L] = what->recall ? curves->recall : curves->ap;
    if (what->threshold >= 0) {
        return from[what->threshold][l];
    }
    for (int t = 0; t < n; t++) {
        sum += from[t][l] / n;
    }
    return sum;
}

/* Means over the classes that have a value in the replicate. */
typedef struct means {
    double sum[ASSAY_MOST_STATISTICS][L];
    int32_t n[ASSAY_MOST_STATISTICS][L];
} means;

static void add_class(means *to, const resampling *s, int64_t first, int64_t k, int p,
                      const assay_curve_output *curves, const double objects[L])
{
    const assay_detection *d = s->d;
    for (int i = 0; i < s->n_stats; i++) {
        int32_t g = s->what[i].group;
        if (s->plane_of[i] != p || (g >= 0 && d->frequency[k] != "rcf"[g])) {
            continue;
        }
        for (int l = 0; l < L; l++) {
            double value = value_of(d, &s->what[i], curves, objects, l);
            if (!isnan(value)) {
                to->sum[i][l] += value;
                to->n[i][l]++;
            }
        }
    }
    /* the first plane is that of all areas at the largest cap */
    for (int i = 0; p == 0 && s->classes != NULL && i < CS; i++) {
        for (int l = 0; l < L && first + l < s->replicates; l++) {
            s->classes[((first + l) * d->n_categories + k) * CS + i] =
                s->class_what[i].threshold < -1
                    ? (double)NAN
                    : value_of(d, &s->class_what[i], curves, objects, l);
        }
    }
}

static void no_class(const resampling *s, int64_t first, int64_t k)
{
    for (int l = 0; s->classes != NULL && l < L && first + l < s->replicates; l++) {
        for (int i = 0; i < CS; i++) {
            s->classes[((first + l) * s->d->n_categories + k) * CS + i] = (double)NAN;
        }
    }
}

static assay_status resample(void *payload, int64_t block, int worker, assay_error *err)
{
    const resampling *s = payload;
    const assay_detection *d = s->d;
    int64_t first = block * L;
    int32_t *weights = s->weights[worker];
    bool absent = (d->protocol.rules & ASSAY_RULE_ABSENT_ZERO) != 0;
    assay_curve_output curves;
    double objects[L];
    means m = {0};
    (void)err;
    assay_detection_weights(weights, d, s->seed, block);
    for (int64_t k = 0; k < d->n_categories; k++) {
        for (int p = 0; p < s->n_planes; p++) {
            if (d->positives[k * d->protocol.n_ranges + s->planes[p].range] > 0 || absent) {
                run_plane(&curves, objects, s->spaces[worker], s, &s->planes[p], k, weights);
                add_class(&m, s, first, k, p, &curves, objects);
            } else if (p == 0) {
                no_class(s, first, k);
            }
        }
    }
    for (int l = 0; l < L && first + l < s->replicates; l++) {
        for (int i = 0; i < s->n_stats; i++) {
            s->stats[(first + l) * s->n_stats + i] =
                m.n[i][l] > 0 ? m.sum[i][l] / m.n[i][l] : (double)NAN;
        }
    }
    return ASSAY_OK;
}

static void make_planes(resampling *s)
{
    const assay_protocol *p = &s->d->protocol;
    s->n_stats = assay_protocol_statistics(s->what, p);
    assay_detection_class_statistics(s->class_what, p);
    s->planes[0] = (plane){0, p->n_caps - 1, true};
    s->n_planes = 1;
    for (int i = 0; i < s->n_stats; i++) {
        const assay_statistic *w = &s->what[i];
        s->plane_of[i] = -1;
        if (w->cap < 0) {
            continue;
        }
        int at = 0;
        while (at < s->n_planes &&
               (s->planes[at].range != w->range || s->planes[at].cap != w->cap)) {
            at++;
        }
        if (at == s->n_planes) {
            s->planes[s->n_planes++] = (plane){w->range, w->cap, false};
        }
        s->planes[at].curve |= !w->recall;
        s->plane_of[i] = at;
    }
}

static assay_status worker_space(resampling *s, int workers, assay_error *err)
{
    s->weights = assay_alloc((size_t)workers, sizeof *s->weights);
    s->spaces = assay_alloc((size_t)workers, sizeof *s->spaces);
    for (int w = 0; s->weights != NULL && s->spaces != NULL && w < workers; w++) {
        s->weights[w] = assay_alloc_raw((size_t)s->d->n_images * L, sizeof(int32_t));
        s->spaces[w] = assay_curve_space_new();
        if (s->weights[w] == NULL || s->spaces[w] == NULL) {
            return assay_fail_memory(err);
        }
    }
    return s->weights != NULL && s->spaces != NULL ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_detection_bootstrap(double *stats, double *classes,
                                       const assay_detection *detection, int64_t replicates,
                                       uint64_t seed, assay_error *err)
{
    assay_status status = ASSAY_OK;
    resampling s = {
        .d = detection, .stats = stats, .classes = classes, .replicates = replicates, .seed = seed};
    int64_t blocks = (replicates + L - 1) / L;
    int workers = assay_parallel_workers(blocks, detection->threads);
    if (replicates < 1 || detection->n_kept > INT32_MAX / 16) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the bootstrap takes at least 1 replicate and at most 134 million "
                          "detections");
    }
    make_planes(&s);
    ASSAY_GOTO(worker_space(&s, workers, err), done);
    ASSAY_GOTO(assay_parallel(blocks, detection->threads, resample, &s, detection->cancel, err),
               done);
done:
    for (int w = 0; w < workers; w++) {
        assay_free(s.weights != NULL ? s.weights[w] : NULL);
        assay_curve_space_free(s.spaces != NULL ? s.spaces[w] : NULL);
    }
    assay_free(s.weights);
    assay_free(s.spaces);
    return status;
}
