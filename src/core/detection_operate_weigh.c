#include "core/detection_operate_internal.h"

#include <string.h>

#include "base/alloc.h"
#include "core/detection_curves.h"

enum {
    L = ASSAY_LANES,
    VALUES = ASSAY_OPERATING_VALUES,
    CLASS_VALUES = ASSAY_OPERATING_CLASS_VALUES,
    BINS = ASSAY_OPERATING_BINS,
    LAECE_BINS = 25,
    REFERENCES = 9
};

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
    double objects[L], detections[L], found[L], overlap[L], offset[L], distance[L], scale[L];
} lane_sums;

static void add_weighted(lane_sums *to, const assay_operation_part *p, const int32_t *w)
{
    for (int l = 0; l < L; l++) {
        to->objects[l] += (double)p->objects * w[l];
        to->detections[l] += (double)p->detections * w[l];
        to->found[l] += (double)p->found * w[l];
        to->overlap[l] += p->overlap * w[l];
        to->offset[l] += p->offset * w[l];
        to->distance[l] += p->distance * w[l];
        to->scale[l] += p->scale * w[l];
    }
}

typedef struct lane_values {
    double v[VALUES][L];
} lane_values;

static void image_values(lane_values *out, const weighing *w, const int32_t *weights)
{
    const assay_detection *d = w->o->d;
    lane_sums s = {0};
    double images[L] = {0};
    double alarm[L] = {0};
    double with_objects[L] = {0};
    double whole[L] = {0};
    for (int64_t i = 0; i < d->n_images; i++) {
        const assay_operation_part *p = &w->o->images[i];
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
        out->v[ASSAY_OPERATING_PRECISION][l] = assay_operation_ratio(s.found[l], s.detections[l]);
        out->v[ASSAY_OPERATING_RECALL][l] = assay_operation_ratio(s.found[l], s.objects[l]);
        out->v[ASSAY_OPERATING_F1][l] =
            assay_operation_ratio(2.0 * s.found[l], s.objects[l] + s.detections[l]);
        out->v[ASSAY_OPERATING_ALARMS][l] =
            assay_operation_ratio(s.detections[l] - s.found[l], images[l]);
        out->v[ASSAY_OPERATING_OVERLAP][l] = assay_operation_ratio(s.overlap[l], s.found[l]);
        out->v[ASSAY_OPERATING_OFFSET][l] = assay_operation_ratio(s.offset[l], s.found[l]);
        out->v[ASSAY_OPERATING_DISTANCE][l] = assay_operation_ratio(s.distance[l], s.found[l]);
        out->v[ASSAY_OPERATING_SCALE][l] = assay_operation_ratio(s.scale[l], s.found[l]);
        out->v[ASSAY_OPERATING_ALARM_IMAGES][l] = assay_operation_ratio(alarm[l], images[l]);
        out->v[ASSAY_OPERATING_WHOLE_IMAGES][l] = assay_operation_ratio(whole[l], with_objects[l]);
    }
}

typedef struct bin {
    double n[L], confidence[L], found[L], overlap[L];
} bin;

/* Smallest overlap that so many hundredths of what is found do not exceed. */
static void overlap_quantiles(lane_values *out, const weighing *w, const int32_t *weights)
{
    static const int64_t hundredths[ASSAY_OPERATING_QUANTILES] = {10, 25, 50, 75, 90};
    const assay_operation *o = w->o;
    int64_t total[L] = {0};
    int64_t passed[L] = {0};
    int next[L] = {0};
    for (int64_t i = 0; i < o->n_found; i++) {
        const int32_t *x = weights + (int64_t)o->d->image[o->found[i]] * L;
        for (int l = 0; l < L; l++) {
            total[l] += x[l];
        }
    }
    for (int q = 0; q < ASSAY_OPERATING_QUANTILES; q++) {
        for (int l = 0; l < L; l++) {
            out->v[ASSAY_OPERATING_QUANTILE + q][l] = (double)NAN;
        }
    }
    for (int64_t i = 0; i < o->n_found; i++) {
        const int32_t *x = weights + (int64_t)o->d->image[o->found[i]] * L;
        double overlap = o->d->fit[o->found[i]].overlap;
        for (int l = 0; l < L; l++) {
            passed[l] += x[l];
            while (total[l] > 0 && next[l] < ASSAY_OPERATING_QUANTILES &&
                   100 * passed[l] >= hundredths[next[l]] * total[l]) {
                out->v[ASSAY_OPERATING_QUANTILE + next[l]++][l] = overlap;
            }
        }
    }
}

static void add_to_bin(bin *b, const assay_detection *d, int64_t i, const int32_t *w)
{
    double hit = assay_operation_hit(d, i);
    double overlap = hit * d->fit[i].overlap;
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
    return assay_operation_ratio(sum, n);
}

static void calibration_values(lane_values *out, const weighing *w, const int32_t *weights)
{
    const assay_detection *d = w->o->d;
    bin bins[BINS] = {{{0}, {0}, {0}, {0}}};
    double sum[L] = {0};
    double classes[L] = {0};
    for (int64_t i = 0; i < w->o->n_order; i++) {
        int64_t at = w->o->order[i];
        add_to_bin(&bins[assay_operation_bin(d->score[at], BINS)], d, at,
                   weights + (int64_t)d->image[at] * L);
    }
    for (int64_t k = 0; k < d->n_categories; k++) {
        bin own[LAECE_BINS];
        memset(own, 0, sizeof own);
        for (int64_t i = d->kept_first[k]; i < d->kept_first[k + 1]; i++) {
            if (assay_operation_has(d, i)) {
                add_to_bin(&own[assay_operation_bin(d->score[i], LAECE_BINS)], d, i,
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
        out->v[ASSAY_OPERATING_LAECE][l] = assay_operation_ratio(sum[l], classes[l]);
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
        for (int l = 0; l < L && assay_operation_has(d, i); l++) {
            found[l] += assay_operation_hit(d, i) ? w[l] : 0;
            alarms[l] += assay_operation_hit(d, i) ? 0 : w[l];
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
        lane_sums s = {0};
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
                row[0] = assay_operation_ratio(s.found[l], s.detections[l]);
                row[1] = assay_operation_ratio(s.found[l], s.objects[l]);
                row[2] = s.objects[l] > 0.0 ? assay_operation_ratio(2.0 * s.found[l],
                                                                    s.objects[l] + s.detections[l])
                                            : (double)NAN;
                row[3] = miss[l];
            }
        }
    }
    for (int l = 0; l < L; l++) {
        out->v[ASSAY_OPERATING_MISS_RATE][l] = assay_operation_ratio(sum[l], n[l]);
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
    overlap_quantiles(&values, w, weights);
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
