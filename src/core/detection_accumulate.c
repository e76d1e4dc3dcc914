#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/detection_internal.h"

enum {
    T = ASSAY_COCO_THRESHOLDS,
    R = ASSAY_COCO_RECALLS,
    A = ASSAY_COCO_AREAS,
    M = ASSAY_COCO_CAPS
};

/* Keeps 0/0 at 0 where nothing was found, and moves a perfect precision of one detection by one unit
 * in the last place, as COCO does. */
static const double epsilon = 2.220446049250313e-16;

void assay_detection_free(assay_detection *d)
{
    if (d != NULL) {
        void *all[] = {d->image_id,   d->image_row,  d->category_id, d->category_row, d->cells,
                       d->cell_first, d->kept_first, d->score,       d->image,        d->place,
                       d->hit,        d->skip,       d->positives};
        for (size_t i = 0; i < ASSAY_COUNT(all); i++) {
            assay_free(all[i]);
        }
        assay_free(d);
    }
}

int64_t assay_detection_classes(const assay_detection *detection)
{
    return detection->n_categories;
}

int64_t assay_detection_images(const assay_detection *detection)
{
    return detection->n_images;
}

int64_t assay_detection_category(const assay_detection *detection, int64_t k)
{
    return detection->category_row[k];
}

int64_t assay_detection_objects(const assay_detection *detection, int64_t k, int area)
{
    return detection->positives[k * A + area];
}

int64_t assay_detection_detections(const assay_detection *detection, int64_t k)
{
    return detection->kept_first[k + 1] - detection->kept_first[k];
}

const assay_detection_notes *assay_detection_noted(const assay_detection *detection)
{
    return &detection->notes;
}

void assay_coco_recalls(double out[R])
{
    double step = 1.0 / (R - 1);
    for (int i = 0; i < R; i++) {
        out[i] = i * step;
    }
    out[R - 1] = 1.0;
}

/* What was found of one class at one threshold: the places of hits in the curve. */
typedef struct hits {
    double *precision; /* at hit n (from 0): later the best of it and all following */
    double *score;
    int64_t n, misses;
} hits;

typedef struct accumulation {
    const assay_detection *d;
    assay_coco_arrays *out;
    double recalls[R];
} accumulation;

/* One pass over the class for one area range and cap; returns how many detections there are. */
static int64_t collect(hits found[T], double *first_score, const assay_detection *d, int64_t k,
                       int a, int m)
{
    const uint16_t all = (1U << T) - 1;
    int64_t common = 0; /* misses at every threshold */
    int64_t n = 0;
    for (int t = 0; t < T; t++) {
        found[t].n = found[t].misses = 0;
    }
    for (int64_t i = d->kept_first[k]; i < d->kept_first[k + 1]; i++) {
        if (d->place[i] >= d->caps[m]) {
            continue;
        }
        if (n++ == 0) {
            *first_score = d->score[i];
        }
        uint16_t hit = d->hit[i * A + a];
        uint16_t skip = d->skip[i * A + a];
        if ((hit | skip) == 0) {
            common++;
            continue;
        }
        if (skip == all) {
            continue;
        }
        for (int t = 0; t < T; t++) {
            hits *f = &found[t];
            if ((skip >> t & 1) != 0) {
                continue;
            }
            if ((hit >> t & 1) == 0) {
                f->misses++;
                continue;
            }
            double tp = (double)(f->n + 1);
            double fp = (double)(f->misses + common);
            f->precision[f->n] = tp / (fp + tp + epsilon);
            f->score[f->n++] = d->score[i];
        }
    }
    return n;
}

/* Precision only rises at hits, so the curve's upper envelope is known from them alone. */
static void sample(const accumulation *acc, hits *f, double first_score, int64_t n, int64_t objects,
                   double *precision, double *scores, int64_t stride)
{
    for (int64_t i = f->n - 1; i > 0; i--) {
        f->precision[i - 1] = fmax(f->precision[i - 1], f->precision[i]);
    }
    int64_t at = 0;
    for (int r = 0; r < R; r++) {
        precision[r * stride] = scores[r * stride] = 0.0;
    }
    if (n == 0) {
        return;
    }
    /* Recall 0 is reached by the first detection, whatever it is. */
    precision[0] = f->n > 0 ? f->precision[0] : 0.0;
    scores[0] = first_score;
    for (int r = 1; r < R; r++) {
        while (at < f->n && (double)(at + 1) / (double)objects < acc->recalls[r]) {
            at++;
        }
        if (at == f->n) {
            break;
        }
        precision[r * stride] = f->precision[at];
        scores[r * stride] = f->score[at];
    }
}

static assay_status accumulate_class(void *payload, int64_t k, int worker, assay_error *err)
{
    const accumulation *acc = payload;
    const assay_detection *d = acc->d;
    int64_t classes = acc->out->classes;
    int64_t stride = classes * A * M;
    int64_t most = d->kept_first[k + 1] - d->kept_first[k];
    double *room = NULL;
    hits found[T] = {{0}};
    (void)worker;
    if (d->cell_first[k] == d->cell_first[k + 1]) {
        return ASSAY_OK;
    }
    /* Every hit uses up an object. */
    int64_t objects = 0;
    for (int64_t c = d->cell_first[k]; c < d->cell_first[k + 1]; c++) {
        objects += d->cells[c].n_objects;
    }
    most = objects < most ? objects : most;
    room = assay_alloc_raw((size_t)most + 1, 2 * T * sizeof *room);
    if (room == NULL) {
        return assay_fail_memory(err);
    }
    for (int t = 0; t < T; t++) {
        found[t].precision = room + (most + 1) * 2 * t;
        found[t].score = room + (most + 1) * (2 * t + 1);
    }
    for (int a = 0; a < A; a++) {
        int64_t positives = d->positives[k * A + a];
        for (int m = 0; m < M && positives > 0; m++) {
            double first_score = 0.0;
            int64_t n = collect(found, &first_score, d, k, a, m);
            for (int t = 0; t < T; t++) {
                int64_t at = (k * A + a) * M + m;
                acc->out->recall[t * stride + at] = (double)found[t].n / (double)positives;
                sample(acc, &found[t], first_score, n, positives,
                       acc->out->precision + t * R * stride + at,
                       acc->out->scores + t * R * stride + at, stride);
            }
        }
    }
    assay_free(room);
    return ASSAY_OK;
}

void assay_coco_arrays_dispose(assay_coco_arrays *arrays)
{
    assay_free(arrays->precision);
    assay_free(arrays->scores);
    assay_free(arrays->recall);
    *arrays = (assay_coco_arrays){0};
}

assay_status assay_detection_accumulate(assay_coco_arrays *out, const assay_detection *detection,
                                        assay_error *err)
{
    size_t cells = (size_t)detection->n_categories * A * M;
    accumulation acc = {.d = detection, .out = out};
    *out = (assay_coco_arrays){.classes = detection->n_categories};
    out->precision = assay_alloc_raw(cells, T * R * sizeof(double));
    out->scores = assay_alloc_raw(cells, T * R * sizeof(double));
    out->recall = assay_alloc_raw(cells, T * sizeof(double));
    if (out->precision == NULL || out->scores == NULL || out->recall == NULL) {
        assay_coco_arrays_dispose(out);
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < cells * T * R; i++) {
        out->precision[i] = out->scores[i] = -1.0;
    }
    for (size_t i = 0; i < cells * T; i++) {
        out->recall[i] = -1.0;
    }
    assay_coco_recalls(acc.recalls);
    assay_status status = assay_parallel(detection->n_categories, detection->threads,
                                         accumulate_class, &acc, detection->cancel, err);
    if (status != ASSAY_OK) {
        assay_coco_arrays_dispose(out);
    }
    return status;
}

/* ---- summaries ---- */

/* The order in which numpy adds: blocks of at most 128 in eight lanes, halves joined pairwise. */
static double numpy_sum(const double *v, int64_t n)
{
    if (n < 8) {
        double sum = -0.0;
        for (int64_t i = 0; i < n; i++) {
            sum += v[i];
        }
        return sum;
    }
    if (n <= 128) {
        double lane[8];
        int64_t i = 8;
        memcpy(lane, v, sizeof lane);
        for (; i + 8 <= n; i += 8) {
            for (int l = 0; l < 8; l++) {
                lane[l] += v[i + l];
            }
        }
        double sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
                     ((lane[4] + lane[5]) + (lane[6] + lane[7]));
        for (; i < n; i++) {
            sum += v[i];
        }
        return sum;
    }
    int64_t half = n / 2;
    half -= half % 8;
    return numpy_sum(v, half) + numpy_sum(v + half, n - half);
}

/* Mean over thresholds (one or all), recalls (for precision) and classes of what is defined. */
static double mean_of(double *room, const double *values, int recalls, int64_t classes, int t,
                      int a, int m)
{
    int64_t n = 0;
    int first = t < 0 ? 0 : t;
    int last = t < 0 ? T - 1 : t;
    for (int64_t row = (int64_t)first * recalls; row < ((int64_t)last + 1) * recalls; row++) {
        for (int64_t k = 0; k < classes; k++) {
            double value = values[((row * classes + k) * A + a) * M + m];
            if (value > -1.0) {
                room[n++] = value;
            }
        }
    }
    return n == 0 ? -1.0 : numpy_sum(room, n) / (double)n;
}

assay_status assay_detection_summarize(double stats[ASSAY_COCO_STATS],
                                       const assay_detection *detection,
                                       const assay_coco_arrays *arrays, assay_error *err)
{
    enum { AT_50 = 0, AT_75 = 5, EVERY = -1 };
    int64_t n = arrays->classes;
    double *room = assay_alloc_raw((size_t)n, T * R * sizeof *room);
    if (room == NULL) {
        return assay_fail_memory(err);
    }
    stats[0] = -1.0;
    for (int m = 0; m < M; m++) {
        if (detection->caps[m] == 100) {
            stats[0] = mean_of(room, arrays->precision, R, n, EVERY, 0, m);
        }
        stats[6 + m] = mean_of(room, arrays->recall, 1, n, EVERY, 0, m);
    }
    stats[1] = mean_of(room, arrays->precision, R, n, AT_50, 0, M - 1);
    stats[2] = mean_of(room, arrays->precision, R, n, AT_75, 0, M - 1);
    for (int a = 1; a < A; a++) {
        stats[2 + a] = mean_of(room, arrays->precision, R, n, EVERY, a, M - 1);
        stats[8 + a] = mean_of(room, arrays->recall, 1, n, EVERY, a, M - 1);
    }
    assay_free(room);
    return ASSAY_OK;
}

void assay_detection_class_stats(double stats[4], const assay_coco_arrays *arrays, int64_t k)
{
    int64_t stride = arrays->classes * A * M;
    int64_t at = k * A * M + M - 1;
    double room[T * R];
    double recall[T];
    if (arrays->recall[at] < 0.0) {
        stats[0] = stats[1] = stats[2] = stats[3] = -1.0;
        return;
    }
    for (int i = 0; i < T * R; i++) {
        room[i] = arrays->precision[i * stride + at];
    }
    for (int t = 0; t < T; t++) {
        recall[t] = arrays->recall[t * stride + at];
    }
    stats[0] = numpy_sum(room, (int64_t)T * R) / (T * R);
    stats[1] = numpy_sum(room, R) / R;
    stats[2] = numpy_sum(room + (int64_t)5 * R, R) / R;
    stats[3] = numpy_sum(recall, T) / T;
}
