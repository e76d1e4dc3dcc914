#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/detection_curves.h"
#include "core/detection_errors_internal.h"

enum {
    L = ASSAY_LANES,
    KINDS = ASSAY_ERROR_KINDS,
    VALUES = ASSAY_ERROR_VALUES,
    POINTS = 101,
    MENDED = ASSAY_CURVE_UNMENDED
};

/* ---- lists ---- */

void assay_error_list_dispose(assay_error_list *list)
{
    assay_free(list->first);
    assay_free(list->score);
    assay_free(list->image);
    assay_free(list->hit);
    assay_free(list->skip);
    *list = (assay_error_list){0};
}

/* Entries in the order that decides between equal scores. */
typedef struct entries {
    int64_t n;
    double *score;
    int32_t *class, *image;
    uint16_t *hit, *skip;
} entries;

static void entries_dispose(entries *e)
{
    assay_free(e->score);
    assay_free(e->class);
    assay_free(e->image);
    assay_free(e->hit);
    assay_free(e->skip);
}

static assay_status entries_init(entries *e, int64_t room, assay_error *err)
{
    size_t n = (size_t)room;
    *e = (entries){.score = assay_alloc_raw(n, sizeof *e->score),
                   .class = assay_alloc_raw(n, sizeof *e->class),
                   .image = assay_alloc_raw(n, sizeof *e->image),
                   .hit = assay_alloc_raw(n, sizeof *e->hit),
                   .skip = assay_alloc_raw(n, sizeof *e->skip)};
    return e->score != NULL && e->class != NULL && e->image != NULL && e->hit != NULL &&
                   e->skip != NULL
               ? ASSAY_OK
               : assay_fail_memory(err);
}

static void put(entries *e, const assay_judged_detection *p, int32_t class, unsigned hit,
                unsigned skip)
{
    e->score[e->n] = p->score;
    e->class[e->n] = class;
    e->image[e->n] = p->image;
    e->hit[e->n] = (uint16_t)hit;
    e->skip[e->n++] = (uint16_t)skip;
}

static assay_status list_of(assay_error_list *out, const entries *e, int64_t classes,
                            assay_error *err)
{
    assay_status status = ASSAY_OK;
    size_t n = (size_t)e->n;
    int64_t *order = assay_alloc_raw(n, sizeof *order);
    int64_t *next = assay_alloc((size_t)classes + 1, sizeof *next);
    out->n = e->n;
    out->first = assay_alloc((size_t)classes + 1, sizeof *out->first);
    out->score = assay_alloc_raw(n, sizeof *out->score);
    out->image = assay_alloc_raw(n, sizeof *out->image);
    out->hit = assay_alloc_raw(n, sizeof *out->hit);
    out->skip = assay_alloc_raw(n, sizeof *out->skip);
    if (order == NULL || next == NULL || out->first == NULL || out->score == NULL ||
        out->image == NULL || out->hit == NULL || out->skip == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order(order, e->score, e->n, 1, err), done);
    for (int64_t i = 0; i < e->n; i++) {
        out->first[e->class[i] + 1]++;
    }
    for (int64_t k = 0; k < classes; k++) {
        out->first[k + 1] += out->first[k];
        next[k] = out->first[k];
    }
    for (int64_t i = 0; i < e->n; i++) {
        int64_t at = next[e->class[order[i]]]++;
        out->score[at] = e->score[order[i]];
        out->image[at] = e->image[order[i]];
        out->hit[at] = e->hit[order[i]];
        out->skip[at] = e->skip[order[i]];
    }
done:
    assay_free(order);
    assay_free(next);
    return status;
}

/* A detection that hits nothing: what it is in every curve. */
static void put_error(entries *e, const assay_detection_errors *errors,
                      const assay_judged_detection *p)
{
    const unsigned all = (1U << (MENDED + 1)) - 1;
    unsigned own = 1U << (unsigned)p->error;
    bool ignored = p->state == ASSAY_DETECTION_IGNORED;
    bool placed = p->error == ASSAY_ERROR_PLACE && p->mends;
    unsigned skip = (ignored ? all : own) & ~(placed ? own : 0U);
    put(e, p, p->class, placed ? own : 0U, skip);
    if (p->error == ASSAY_ERROR_CLASS && p->mends) {
        put(e, p, errors->objects[p->object].class, own, all & ~own);
    }
}

/* Images in the order of the file: detections of equal scores stand in it. */
static assay_status image_order(int64_t **order, int64_t **first, const assay_detection_errors *e,
                                assay_error *err)
{
    int64_t n = e->d->n_images;
    *order = assay_alloc_raw((size_t)n, sizeof **order);
    *first = assay_alloc((size_t)n + 1, sizeof **first);
    if (*order == NULL || *first == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < e->n_detections; i++) {
        (*first)[e->detections[i].image + 1]++;
    }
    for (int64_t i = 0; i < n; i++) {
        (*first)[i + 1] += (*first)[i];
    }
    return assay_sort_order_i64(*order, e->d->image_row, n, err);
}

static assay_status objects_by_class(assay_detection_errors *e, assay_error *err)
{
    int64_t classes = e->d->n_categories;
    int64_t *next = assay_alloc((size_t)classes + 1, sizeof *next);
    e->object_first = assay_alloc((size_t)classes + 1, sizeof *e->object_first);
    e->object_order = assay_alloc_raw((size_t)e->n_objects, sizeof *e->object_order);
    if (next == NULL || e->object_first == NULL || e->object_order == NULL) {
        assay_free(next);
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < e->n_objects; i++) {
        e->object_first[e->objects[i].class + 1]++;
    }
    for (int64_t k = 0; k < classes; k++) {
        e->object_first[k + 1] += e->object_first[k];
        next[k] = e->object_first[k];
    }
    for (int64_t i = 0; i < e->n_objects; i++) {
        e->object_order[next[e->objects[i].class]++] = i;
    }
    assay_free(next);
    return ASSAY_OK;
}

assay_status assay_detection_errors_list(assay_detection_errors *errors,
                                         const assay_coco_truth *truth, assay_error *err)
{
    assay_detection_errors *e = errors;
    assay_status status = ASSAY_OK;
    entries plain = {0};
    entries mended = {0};
    int64_t *order = NULL;
    int64_t *first = NULL;
    (void)truth;
    ASSAY_GOTO(image_order(&order, &first, e, err), done);
    ASSAY_GOTO(entries_init(&plain, e->n_detections, err), done);
    ASSAY_GOTO(entries_init(&mended, 2 * e->n_detections, err), done);
    for (int64_t i = 0; i < e->d->n_images; i++) {
        for (int64_t t = first[order[i]]; t < first[order[i] + 1]; t++) {
            const assay_judged_detection *p = &e->detections[t];
            if (p->state != ASSAY_DETECTION_IGNORED) {
                put(&plain, p, p->class, p->state == ASSAY_DETECTION_HIT, 0);
            }
            if (p->state != ASSAY_DETECTION_HIT) {
                put_error(&mended, e, p);
            }
        }
    }
    for (int64_t i = 0; i < e->d->n_images; i++) {
        for (int64_t t = first[order[i]]; t < first[order[i] + 1]; t++) {
            if (e->detections[t].state == ASSAY_DETECTION_HIT) {
                put(&mended, &e->detections[t], e->detections[t].class, (1U << (MENDED + 1)) - 1,
                    0);
            }
        }
    }
    ASSAY_GOTO(list_of(&e->plain, &plain, e->d->n_categories, err), done);
    ASSAY_GOTO(list_of(&e->mended, &mended, e->d->n_categories, err), done);
    status = objects_by_class(e, err);
done:
    assay_free(order);
    assay_free(first);
    entries_dispose(&plain);
    entries_dispose(&mended);
    return status;
}

/* ---- AP with each kind mended ---- */

typedef struct weighing {
    const assay_detection_errors *errors;
    double *all, *classes; /* replicates x VALUES, x classes x VALUES */
    int64_t replicates;
    uint64_t seed;
    bool once; /* every image counts once */
    double recalls[POINTS];
    int32_t **weights; /* per worker: image x L */
    assay_curve_space **spaces;
} weighing;

/* Of one class: AP as it is and with every kind mended; NaN = neither objects nor detections. */
typedef struct class_values {
    double ap[VALUES][L];
} class_values;

typedef struct object_weights {
    double all[L], not_missed[L], found[L];
} object_weights;

static void weigh_objects(object_weights *out, const assay_detection_errors *e, int64_t k,
                          const int32_t *weights)
{
    memset(out, 0, sizeof *out);
    for (int64_t i = e->object_first[k]; i < e->object_first[k + 1]; i++) {
        const assay_judged_object *o = &e->objects[e->object_order[i]];
        const int32_t *w = weights + (int64_t)o->image * L;
        for (int l = 0; l < L && !o->ignored; l++) {
            out->all[l] += w[l];
            out->not_missed[l] += o->missed ? 0 : w[l];
            out->found[l] += o->detection >= 0 ? w[l] : 0;
        }
    }
}

static void run(assay_curve_output *out, assay_curve_space *space, const weighing *w,
                const assay_error_list *list, int64_t k, int32_t first_curve, int32_t n_curves,
                const double objects[L], const int32_t *weights)
{
    int64_t at = list->first[k];
    const assay_curve_input in = {.n = list->first[k + 1] - at,
                                  .score = list->score + at,
                                  .image = list->image + at,
                                  .stride = 1,
                                  .hit = list->hit + at,
                                  .skip = list->skip + at,
                                  .first_curve = first_curve,
                                  .n_curves = n_curves,
                                  .recalls = w->recalls,
                                  .n_recalls = POINTS,
                                  .weight = weights};
    assay_curves_weighted(out, space, &in, objects);
}

/* A class with detections and no objects has an AP of 0; one with neither has none. */
static double value(const assay_curve_output *c, int t, const double objects[L], int l)
{
    if (objects[l] > 0.0) {
        return c->ap[t][l];
    }
    return c->counted[t][l] > 0 ? 0.0 : (double)NAN;
}

/* All hits before all else: precision is 1 as far as recall goes. */
static double ranked_last(const weighing *w, const assay_curve_output *c, const double objects[L],
                          int l)
{
    int points = 0;
    if (!(objects[l] > 0.0)) {
        return c->counted[0][l] > 0 ? 0.0 : (double)NAN;
    }
    while (points < POINTS && c->recall[0][l] > 0.0 && c->recall[0][l] >= w->recalls[points]) {
        points++;
    }
    return (double)points / POINTS;
}

static void weigh_class(class_values *out, assay_curve_space *space, const weighing *w, int64_t k,
                        const int32_t *weights)
{
    const assay_detection_errors *e = w->errors;
    assay_curve_output c;
    object_weights o;
    weigh_objects(&o, e, k, weights);
    run(&c, space, w, &e->plain, k, 0, 1, o.all, weights);
    for (int l = 0; l < L; l++) {
        out->ap[0][l] = value(&c, 0, o.all, l);
        out->ap[1 + ASSAY_ERROR_FALSE_ALARMS][l] = ranked_last(w, &c, o.all, l);
    }
    run(&c, space, w, &e->mended, k, 0, MENDED, o.all, weights);
    for (int kind = 0; kind < MENDED; kind++) {
        for (int l = 0; l < L; l++) {
            out->ap[1 + kind][l] = value(&c, kind, o.all, l);
        }
    }
    run(&c, space, w, &e->mended, k, MENDED, 1, o.not_missed, weights);
    for (int l = 0; l < L; l++) {
        out->ap[1 + ASSAY_ERROR_MISSED][l] = value(&c, 0, o.not_missed, l);
    }
    run(&c, space, w, &e->mended, k, MENDED, 1, o.found, weights);
    for (int l = 0; l < L; l++) {
        out->ap[1 + ASSAY_ERROR_ALL_MISSED][l] = value(&c, 0, o.found, l);
    }
}

/* What mending gains. Kinds of errors cannot lose: what looks so is the grid of recall. */
static double gain(double mended, double plain, int v)
{
    double more = mended - plain;
    bool kind = v - 1 < ASSAY_ERROR_FALSE_ALARMS;
    return kind && more < 0.0 ? 0.0 : more;
}

typedef struct sums {
    double sum[VALUES][L];
    int32_t n[VALUES][L];
} sums;

static void store(const weighing *w, int64_t first, const sums *s)
{
    for (int l = 0; l < L && first + l < w->replicates; l++) {
        double *row = w->all + (first + l) * VALUES;
        double plain = s->n[0][l] > 0 ? s->sum[0][l] / s->n[0][l] : (double)NAN;
        row[0] = plain;
        for (int v = 1; v < VALUES; v++) {
            row[v] = s->n[v][l] > 0 ? gain(s->sum[v][l] / s->n[v][l], plain, v) : (double)NAN;
        }
    }
}

static assay_status weigh(void *payload, int64_t block, int worker, assay_error *err)
{
    const weighing *w = payload;
    const assay_detection *d = w->errors->d;
    int64_t first = block * L;
    int32_t *weights = w->weights[worker];
    class_values c;
    sums s = {0};
    (void)err;
    if (w->once) {
        for (int64_t i = 0; i < d->n_images * L; i++) {
            weights[i] = 1;
        }
    } else {
        assay_detection_weights(weights, d, w->seed, block);
    }
    for (int64_t k = 0; k < d->n_categories; k++) {
        weigh_class(&c, w->spaces[worker], w, k, weights);
        for (int v = 0; v < VALUES; v++) {
            for (int l = 0; l < L; l++) {
                double ap = c.ap[v][l];
                s.sum[v][l] += isnan(ap) ? 0.0 : ap;
                s.n[v][l] += !isnan(ap);
                if (w->classes != NULL && first + l < w->replicates) {
                    w->classes[((first + l) * d->n_categories + k) * VALUES + v] =
                        v == 0 ? ap : gain(ap, c.ap[0][l], v);
                }
            }
        }
    }
    store(w, first, &s);
    return ASSAY_OK;
}

static assay_status run_all(weighing *w, assay_error *err)
{
    const assay_detection *d = w->errors->d;
    assay_status status = ASSAY_OK;
    int64_t blocks = (w->replicates + L - 1) / L;
    int workers = assay_parallel_workers(blocks, d->threads);
    for (int r = 0; r < POINTS; r++) {
        w->recalls[r] = r / 100.0;
    }
    w->weights = assay_alloc((size_t)workers, sizeof *w->weights);
    w->spaces = assay_alloc((size_t)workers, sizeof *w->spaces);
    if (w->weights == NULL || w->spaces == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int i = 0; i < workers; i++) {
        w->weights[i] = assay_alloc_raw((size_t)d->n_images * L, sizeof(int32_t));
        w->spaces[i] = assay_curve_space_new();
        if (w->weights[i] == NULL || w->spaces[i] == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
    }
    status = assay_parallel(blocks, d->threads, weigh, w, d->cancel, err);
done:
    for (int i = 0; i < workers; i++) {
        assay_free(w->weights != NULL ? w->weights[i] : NULL);
        assay_curve_space_free(w->spaces != NULL ? w->spaces[i] : NULL);
    }
    assay_free(w->weights);
    assay_free(w->spaces);
    return status;
}

assay_status assay_detection_errors_gain(double all[ASSAY_ERROR_VALUES], double *classes,
                                         const assay_detection_errors *errors, assay_error *err)
{
    weighing w = {.errors = errors, .all = all, .classes = classes, .replicates = 1, .once = true};
    return run_all(&w, err);
}

assay_status assay_detection_errors_bootstrap(double *all, double *classes,
                                              const assay_detection_errors *errors,
                                              int64_t replicates, uint64_t seed, assay_error *err)
{
    weighing w = {
        .errors = errors, .all = all, .classes = classes, .replicates = replicates, .seed = seed};
    if (replicates < 1) {
        return assay_fail(err, ASSAY_EINVAL, "the bootstrap takes at least 1 replicate");
    }
    return run_all(&w, err);
}
