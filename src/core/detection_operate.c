#include "core/detection_operate.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/detection_curves.h"
#include "core/detection_internal.h"

enum {
    L = ASSAY_LANES,
    VALUES = ASSAY_OPERATING_VALUES,
    CLASS_VALUES = ASSAY_OPERATING_CLASS_VALUES,
    BINS = ASSAY_OPERATING_BINS,
    LAECE_BINS = 25,
    REFERENCES = 9
};

/* What an image has of a class at the confidence. */
typedef struct part {
    int32_t image, objects, found, detections;
    double overlap; /* sum over what is found */
} part;

struct assay_operation {
    const assay_detection *d;
    double confidence;
    bool chosen;
    int64_t *part_first; /* per class, and one more */
    part *parts;
    part *images;   /* per image, over all classes */
    int64_t *order; /* all detections that count, by falling score: numbers of kept columns */
    int64_t n_order;
    int64_t objects;
};

static bool counts(const assay_detection *d, int64_t i)
{
    return (d->skip[i * d->protocol.n_ranges] & 1) == 0;
}

static bool is_hit(const assay_detection *d, int64_t i)
{
    return (d->hit[i * d->protocol.n_ranges] & 1) != 0;
}

/* ---- building ---- */

static assay_status order_all(assay_operation *o, assay_error *err)
{
    const assay_detection *d = o->d;
    assay_status status = ASSAY_OK;
    int64_t *order = assay_alloc_raw((size_t)d->n_kept, sizeof *order);
    o->order = assay_alloc_raw((size_t)d->n_kept, sizeof *o->order);
    if (order == NULL || o->order == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order(order, d->score, d->n_kept, 1, err), done);
    for (int64_t i = 0; i < d->n_kept; i++) {
        if (counts(d, order[i])) {
            o->order[o->n_order++] = order[i];
        }
    }
    for (int64_t k = 0; k < d->n_categories; k++) {
        o->objects += d->positives[k * d->protocol.n_ranges];
    }
done:
    assay_free(order);
    return status;
}

/* The lowest confidence with the best F1 over all classes. */
static double best_f1(const assay_operation *o)
{
    const assay_detection *d = o->d;
    double best = -1.0;
    double at = 0.0;
    int64_t found = 0;
    for (int64_t i = 0; i < o->n_order; i++) {
        found += is_hit(d, o->order[i]);
        double score = d->score[o->order[i]];
        if (i + 1 < o->n_order && d->score[o->order[i + 1]] == score) {
            continue;
        }
        double f1 = 2.0 * (double)found / (double)(i + 1 + o->objects);
        if (f1 >= best) {
            best = f1;
            at = score;
        }
    }
    return at;
}

static void add_part(part *to, const part *from)
{
    to->objects += from->objects;
    to->found += from->found;
    to->detections += from->detections;
    to->overlap += from->overlap;
}

/* Cells are by class and image already; detections of a class are by score, so they go through a row
 * of parts per image. */
static assay_status make_parts(assay_operation *o, assay_error *err)
{
    const assay_detection *d = o->d;
    int stride = d->protocol.n_ranges;
    o->part_first = assay_alloc((size_t)d->n_categories + 1, sizeof *o->part_first);
    o->parts = assay_alloc((size_t)d->n_cells, sizeof *o->parts);
    o->images = assay_alloc((size_t)d->n_images, sizeof *o->images);
    int64_t *where = assay_alloc_raw((size_t)d->n_images, sizeof *where);
    if (o->part_first == NULL || o->parts == NULL || o->images == NULL || where == NULL) {
        assay_free(where);
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < d->n_images; i++) {
        o->images[i].image = (int32_t)i;
    }
    for (int64_t k = 0; k < d->n_categories; k++) {
        o->part_first[k + 1] = d->cell_first[k + 1];
        for (int64_t c = d->cell_first[k]; c < d->cell_first[k + 1]; c++) {
            o->parts[c].image = d->cells[c].image;
            o->parts[c].objects = d->cell_positives[c * stride];
            where[d->cells[c].image] = c;
        }
        for (int64_t i = d->kept_first[k]; i < d->kept_first[k + 1]; i++) {
            part *p = &o->parts[where[d->image[i]]];
            if (!counts(d, i) || d->score[i] < o->confidence) {
                continue;
            }
            p->detections++;
            p->found += is_hit(d, i);
            p->overlap += is_hit(d, i) ? (double)d->overlap[i] : 0.0;
        }
        for (int64_t c = d->cell_first[k]; c < d->cell_first[k + 1]; c++) {
            add_part(&o->images[o->parts[c].image], &o->parts[c]);
        }
    }
    assay_free(where);
    return ASSAY_OK;
}

assay_status assay_operation_new(assay_operation **out, const assay_detection *detection,
                                 double confidence, assay_error *err)
{
    assay_status status = ASSAY_OK;
    *out = NULL;
    if (detection->overlap == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "the detections were matched without details");
    }
    assay_operation *o = assay_alloc(1, sizeof *o);
    if (o == NULL) {
        return assay_fail_memory(err);
    }
    o->d = detection;
    ASSAY_GOTO(order_all(o, err), done);
    o->chosen = isnan(confidence);
    o->confidence = o->chosen ? best_f1(o) : confidence;
    ASSAY_GOTO(make_parts(o, err), done);
    *out = o;
    o = NULL;
done:
    assay_operation_free(o);
    return status;
}

void assay_operation_free(assay_operation *operation)
{
    if (operation != NULL) {
        assay_free(operation->part_first);
        assay_free(operation->parts);
        assay_free(operation->images);
        assay_free(operation->order);
        assay_free(operation);
    }
}

double assay_operation_confidence(const assay_operation *operation)
{
    return operation->confidence;
}

bool assay_operation_chosen(const assay_operation *operation)
{
    return operation->chosen;
}

assay_operating_counts assay_operation_counts(const assay_operation *operation, int64_t k)
{
    assay_operating_counts n = {0, 0, 0};
    int64_t first = k < 0 ? 0 : operation->part_first[k];
    int64_t end = k < 0 ? operation->d->n_cells : operation->part_first[k + 1];
    for (int64_t c = first; c < end; c++) {
        n.objects += operation->parts[c].objects;
        n.detections += operation->parts[c].detections;
        n.found += operation->parts[c].found;
    }
    return n;
}

/* ---- weighted values ---- */

typedef struct weighing {
    const assay_operation *o;
    double *all, *classes;
    int64_t replicates;
    uint64_t seed;
    bool once;
    int32_t **weights;
} weighing;

typedef struct lane_sums {
    double objects[L], detections[L], found[L], overlap[L];
} lane_sums;

static void add_weighted(lane_sums *to, const part *p, const int32_t *w)
{
    for (int l = 0; l < L; l++) {
        to->objects[l] += (double)p->objects * w[l];
        to->detections[l] += (double)p->detections * w[l];
        to->found[l] += (double)p->found * w[l];
        to->overlap[l] += p->overlap * w[l];
    }
}

static double ratio(double a, double b)
{
    return b > 0.0 ? a / b : (double)NAN;
}

typedef struct lane_values {
    double v[VALUES][L];
} lane_values;

static void image_values(lane_values *out, const weighing *w, const int32_t *weights)
{
    const assay_detection *d = w->o->d;
    lane_sums s = {{0}, {0}, {0}, {0}};
    double images[L] = {0};
    double alarm[L] = {0};
    double with_objects[L] = {0};
    double whole[L] = {0};
    for (int64_t i = 0; i < d->n_images; i++) {
        const part *p = &w->o->images[i];
        const int32_t *x = weights + i * L;
        if (d->inside != NULL && d->inside[i] == 0) {
            continue;
        }
        add_weighted(&s, p, x);
        for (int l = 0; l < L; l++) {
            images[l] += x[l];
            alarm[l] += p->detections > p->found ? x[l] : 0;
            with_objects[l] += p->objects > 0 ? x[l] : 0;
            whole[l] += p->objects > 0 && p->found == p->objects ? x[l] : 0;
        }
    }
    for (int l = 0; l < L; l++) {
        out->v[ASSAY_OPERATING_PRECISION][l] = ratio(s.found[l], s.detections[l]);
        out->v[ASSAY_OPERATING_RECALL][l] = ratio(s.found[l], s.objects[l]);
        out->v[ASSAY_OPERATING_F1][l] = ratio(2.0 * s.found[l], s.objects[l] + s.detections[l]);
        out->v[ASSAY_OPERATING_ALARMS][l] = ratio(s.detections[l] - s.found[l], images[l]);
        out->v[ASSAY_OPERATING_OVERLAP][l] = ratio(s.overlap[l], s.found[l]);
        out->v[ASSAY_OPERATING_ALARM_IMAGES][l] = ratio(alarm[l], images[l]);
        out->v[ASSAY_OPERATING_WHOLE_IMAGES][l] = ratio(whole[l], with_objects[l]);
    }
}

static int bin_of(double score, int bins)
{
    double at = score * bins;
    return !(at > 0.0) ? 0 : at >= bins ? bins - 1 : (int)at;
}

typedef struct bin {
    double n[L], confidence[L], found[L], overlap[L];
} bin;

static void add_to_bin(bin *b, const assay_detection *d, int64_t i, const int32_t *w)
{
    double hit = is_hit(d, i);
    double overlap = hit * (double)d->overlap[i];
    for (int l = 0; l < L; l++) {
        b->n[l] += w[l];
        b->confidence[l] += d->score[i] * w[l];
        b->found[l] += hit * w[l];
        b->overlap[l] += overlap * w[l];
    }
}

/* Sum over bins of |confidence - correctness|, per detection. With localisation what is right counts
 * its overlap: precision * mean overlap is the sum of overlaps over the detections. */
static double calibration(const bin *bins, int n_bins, int l, bool localised)
{
    double n = 0.0;
    double sum = 0.0;
    for (int b = 0; b < n_bins; b++) {
        n += bins[b].n[l];
        sum += fabs(bins[b].confidence[l] - (localised ? bins[b].overlap[l] : bins[b].found[l]));
    }
    return ratio(sum, n);
}

static void calibration_values(lane_values *out, const weighing *w, const int32_t *weights)
{
    const assay_detection *d = w->o->d;
    bin bins[BINS] = {{{0}, {0}, {0}, {0}}};
    double sum[L] = {0};
    double classes[L] = {0};
    for (int64_t i = 0; i < w->o->n_order; i++) {
        int64_t at = w->o->order[i];
        add_to_bin(&bins[bin_of(d->score[at], BINS)], d, at, weights + (int64_t)d->image[at] * L);
    }
    for (int64_t k = 0; k < d->n_categories; k++) {
        bin own[LAECE_BINS];
        memset(own, 0, sizeof own);
        for (int64_t i = d->kept_first[k]; i < d->kept_first[k + 1]; i++) {
            if (counts(d, i)) {
                add_to_bin(&own[bin_of(d->score[i], LAECE_BINS)], d, i,
                           weights + (int64_t)d->image[i] * L);
            }
        }
        for (int l = 0; l < L; l++) {
            double value = calibration(own, LAECE_BINS, l, true);
            sum[l] += isnan(value) ? 0.0 : value;
            classes[l] += !isnan(value);
        }
    }
    for (int l = 0; l < L; l++) {
        out->v[ASSAY_OPERATING_ECE][l] = calibration(bins, BINS, l, false);
        out->v[ASSAY_OPERATING_LAECE][l] = ratio(sum[l], classes[l]);
    }
}

/* Miss rate at the most false alarms per image that do not exceed 0.01, 0.0178, ... 1. Equal scores
 * are one point. */
static void miss_rates(double out[L], const assay_detection *d, int64_t k, const int32_t *weights,
                       const double objects[L], const double images[L])
{
    double found[L] = {0};
    double alarms[L] = {0};
    double rate[REFERENCES][L];
    double reference[REFERENCES];
    for (int r = 0; r < REFERENCES; r++) {
        reference[r] = pow(10.0, -2.0 + 0.25 * r);
        for (int l = 0; l < L; l++) {
            rate[r][l] = 1.0;
        }
    }
    for (int64_t i = d->kept_first[k]; i < d->kept_first[k + 1]; i++) {
        const int32_t *w = weights + (int64_t)d->image[i] * L;
        for (int l = 0; l < L && counts(d, i); l++) {
            found[l] += is_hit(d, i) ? w[l] : 0;
            alarms[l] += is_hit(d, i) ? 0 : w[l];
        }
        if (i + 1 < d->kept_first[k + 1] && d->score[i + 1] == d->score[i]) {
            continue;
        }
        for (int r = 0; r < REFERENCES; r++) {
            for (int l = 0; l < L; l++) {
                bool within = alarms[l] <= reference[r] * images[l];
                rate[r][l] = within ? 1.0 - found[l] / objects[l] : rate[r][l];
            }
        }
    }
    for (int l = 0; l < L; l++) {
        double sum = 0.0;
        for (int r = 0; r < REFERENCES; r++) {
            sum += log(fmax(rate[r][l], 1e-10)) / REFERENCES;
        }
        out[l] = objects[l] > 0.0 && images[l] > 0.0 ? exp(sum) : (double)NAN;
    }
}

static void class_values(lane_values *out, const weighing *w, int64_t first, const int32_t *weights)
{
    const assay_operation *o = w->o;
    const assay_detection *d = o->d;
    double images[L] = {0};
    double sum[L] = {0};
    double n[L] = {0};
    for (int64_t i = 0; i < d->n_images; i++) {
        for (int l = 0; l < L; l++) {
            images[l] += d->inside == NULL || d->inside[i] != 0 ? weights[i * L + l] : 0;
        }
    }
    for (int64_t k = 0; k < d->n_categories; k++) {
        lane_sums s = {{0}, {0}, {0}, {0}};
        double miss[L];
        for (int64_t c = o->part_first[k]; c < o->part_first[k + 1]; c++) {
            add_weighted(&s, &o->parts[c], weights + (int64_t)o->parts[c].image * L);
        }
        miss_rates(miss, d, k, weights, s.objects, images);
        for (int l = 0; l < L; l++) {
            sum[l] += isnan(miss[l]) ? 0.0 : miss[l];
            n[l] += !isnan(miss[l]);
            if (w->classes != NULL && first + l < w->replicates) {
                double *row = w->classes + ((first + l) * d->n_categories + k) * CLASS_VALUES;
                row[0] = ratio(s.found[l], s.detections[l]);
                row[1] = ratio(s.found[l], s.objects[l]);
                row[2] = s.objects[l] > 0.0
                             ? ratio(2.0 * s.found[l], s.objects[l] + s.detections[l])
                             : (double)NAN;
                row[3] = miss[l];
            }
        }
    }
    for (int l = 0; l < L; l++) {
        out->v[ASSAY_OPERATING_MISS_RATE][l] = ratio(sum[l], n[l]);
    }
}

static assay_status weigh(void *payload, int64_t block, int worker, assay_error *err)
{
    const weighing *w = payload;
    const assay_detection *d = w->o->d;
    int64_t first = block * L;
    int32_t *weights = w->weights[worker];
    lane_values values;
    (void)err;
    if (w->once) {
        for (int64_t i = 0; i < d->n_images * L; i++) {
            weights[i] = 1;
        }
    } else {
        assay_detection_weights(weights, d, w->seed, block);
    }
    image_values(&values, w, weights);
    calibration_values(&values, w, weights);
    class_values(&values, w, first, weights);
    for (int l = 0; l < L && first + l < w->replicates; l++) {
        for (int v = 0; v < VALUES; v++) {
            w->all[(first + l) * VALUES + v] = values.v[v][l];
        }
    }
    return ASSAY_OK;
}

static assay_status run(weighing *w, assay_error *err)
{
    const assay_detection *d = w->o->d;
    assay_status status = ASSAY_OK;
    int64_t blocks = (w->replicates + L - 1) / L;
    int workers = assay_parallel_workers(blocks, d->threads);
    w->weights = assay_alloc((size_t)workers, sizeof *w->weights);
    if (w->weights == NULL) {
        return assay_fail_memory(err);
    }
    for (int i = 0; i < workers; i++) {
        w->weights[i] = assay_alloc_raw((size_t)d->n_images * L, sizeof(int32_t));
        if (w->weights[i] == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
    }
    status = assay_parallel(blocks, d->threads, weigh, w, d->cancel, err);
done:
    for (int i = 0; i < workers; i++) {
        assay_free(w->weights[i]);
    }
    assay_free(w->weights);
    return status;
}

assay_status assay_operation_values(double all[ASSAY_OPERATING_VALUES], double *classes,
                                    const assay_operation *operation, assay_error *err)
{
    weighing w = {.o = operation, .all = all, .classes = classes, .replicates = 1, .once = true};
    return run(&w, err);
}

assay_status assay_operation_bootstrap(double *all, double *classes,
                                       const assay_operation *operation, int64_t replicates,
                                       uint64_t seed, assay_error *err)
{
    weighing w = {
        .o = operation, .all = all, .classes = classes, .replicates = replicates, .seed = seed};
    if (replicates < 1) {
        return assay_fail(err, ASSAY_EINVAL, "the bootstrap takes at least 1 replicate");
    }
    return run(&w, err);
}

/* ---- tables ---- */

assay_status assay_operation_images(assay_operating_image **out, int64_t *n,
                                    const assay_operation *operation, assay_error *err)
{
    const assay_detection *d = operation->d;
    assay_status status = ASSAY_OK;
    size_t room = (size_t)d->n_images;
    int64_t *order = assay_alloc_raw(room, sizeof *order);
    double *key = assay_alloc_raw(room, sizeof *key);
    *n = 0;
    *out = assay_alloc_raw(room, sizeof **out);
    if (*out == NULL || order == NULL || key == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < d->n_images; i++) {
        const part *p = &operation->images[i];
        /* errors, then the order of the truth */
        key[i] = (double)(p->objects - p->found + p->detections - p->found) -
                 (double)d->image_row[i] / (double)(INT64_C(1) << 32);
    }
    ASSAY_GOTO(assay_sort_order(order, key, d->n_images, 1, err), done);
    for (int64_t i = 0; i < d->n_images; i++) {
        const part *p = &operation->images[order[i]];
        if (d->inside == NULL || d->inside[order[i]] != 0) {
            (*out)[(*n)++] = (assay_operating_image){.row = d->image_row[order[i]],
                                                     .objects = p->objects,
                                                     .found = p->found,
                                                     .false_alarms = p->detections - p->found};
        }
    }
done:
    assay_free(order);
    assay_free(key);
    if (status != ASSAY_OK) {
        assay_free(*out);
        *out = NULL;
    }
    return status;
}

int64_t assay_operation_curve(double (*out)[5], const assay_operation *operation)
{
    const assay_operation *o = operation;
    int64_t found = 0;
    int64_t rows = 0;
    for (int64_t i = 0; i < o->n_order; i++) {
        double score = o->d->score[o->order[i]];
        found += is_hit(o->d, o->order[i]);
        bool last = i + 1 == o->n_order;
        if ((!last && o->d->score[o->order[i + 1]] == score) ||
            (!last && (i + 1) * (ASSAY_OPERATING_POINTS - 1) / o->n_order < rows + 1)) {
            continue;
        }
        double n = (double)(i + 1);
        double f = (double)found;
        double *row = out[rows++];
        row[0] = score;
        row[1] = f / n;
        row[2] = ratio(f, (double)o->objects);
        row[3] = 2.0 * f / (n + (double)o->objects);
        row[4] = ratio(n - f, (double)o->d->n_inside);
    }
    return rows;
}

void assay_operation_reliability(double (*out)[5], const assay_operation *operation)
{
    const assay_detection *d = operation->d;
    for (int b = 0; b < BINS; b++) {
        out[b][0] = (double)b / BINS;
        out[b][1] = (double)(b + 1) / BINS;
        out[b][2] = out[b][3] = out[b][4] = 0.0;
    }
    for (int64_t i = 0; i < operation->n_order; i++) {
        int64_t at = operation->order[i];
        double *row = out[bin_of(d->score[at], BINS)];
        row[2] += 1.0;
        row[3] += d->score[at];
        row[4] += is_hit(d, at);
    }
    for (int b = 0; b < BINS; b++) {
        out[b][3] = ratio(out[b][3], out[b][2]);
        out[b][4] = ratio(out[b][4], out[b][2]);
    }
}
