#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "core/evaluate_internal.h"
#include "core/segmentation.h"

enum { GROUP = 32 }; /* replicates of one parallel task */

static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : NAN;
}

static double iou(double truth, double predicted, double both)
{
    return ratio(both, truth + predicted - both);
}

void assay_segment_class(double out[ASSAY_SEGMENT_CLASS_STATISTICS], const assay_segment_sums *s)
{
    double truth = (double)s->truth;
    double predicted = (double)s->predicted;
    double both = (double)s->both;
    out[0] = iou(truth, predicted, both);
    out[1] = ratio(2.0 * both, truth + predicted);
    out[2] = ratio(both, truth);
    out[3] = ratio(both, predicted);
    out[4] =
        iou((double)s->boundary_truth, (double)s->boundary_predicted, (double)s->boundary_both);
    out[5] = ratio(s->boundary_f, (double)s->images);
}

void assay_segment_sums_add(assay_segment_sums *to, const assay_segment_counts *c, int64_t times)
{
    to->truth += times * c->truth;
    to->predicted += times * c->predicted;
    to->both += times * c->both;
    to->boundary_truth += times * c->boundary_truth;
    to->boundary_predicted += times * c->boundary_predicted;
    to->boundary_both += times * c->boundary_both;
    to->boundary_f += (double)times * c->boundary_f;
    to->images += times;
}

typedef struct mean {
    double sum;
    int64_t n;
} mean;

static void mean_add(mean *m, double value)
{
    if (!isnan(value)) {
        m->sum += value;
        m->n++;
    }
}

static double mean_value(const mean *m)
{
    return m->n > 0 ? m->sum / (double)m->n : NAN;
}

void assay_segment_all(double out[ASSAY_SEGMENT_STATISTICS], const assay_segment_sums *sums,
                       int32_t classes)
{
    mean means[ASSAY_SEGMENT_CLASS_STATISTICS] = {0};
    double weighted = 0.0;
    int64_t truth = 0;
    int64_t both = 0;
    for (int32_t k = 0; k < classes; k++) {
        double one[ASSAY_SEGMENT_CLASS_STATISTICS];
        assay_segment_class(one, &sums[k]);
        for (int i = 0; i < ASSAY_SEGMENT_CLASS_STATISTICS; i++) {
            mean_add(&means[i], one[i]);
        }
        truth += sums[k].truth;
        both += sums[k].both;
        weighted += sums[k].truth > 0 ? (double)sums[k].truth * one[0] : 0.0;
    }
    out[ASSAY_SEGMENT_MEAN_IOU] = mean_value(&means[0]);
    out[ASSAY_SEGMENT_MEAN_DICE] = mean_value(&means[1]);
    out[ASSAY_SEGMENT_PIXEL_ACCURACY] = ratio((double)both, (double)truth);
    out[ASSAY_SEGMENT_MEAN_ACCURACY] = mean_value(&means[2]);
    out[ASSAY_SEGMENT_WEIGHTED_IOU] = ratio(weighted, (double)truth);
    out[ASSAY_SEGMENT_BOUNDARY_IOU] = mean_value(&means[4]);
    out[ASSAY_SEGMENT_BOUNDARY_F] = mean_value(&means[5]);
}

double assay_segment_image_iou(const assay_segment_counts *counts, int32_t n)
{
    mean m = {0};
    for (int32_t i = 0; i < n; i++) {
        mean_add(&m,
                 iou((double)counts[i].truth, (double)counts[i].predicted, (double)counts[i].both));
    }
    return mean_value(&m);
}

/* ---- replicates ---- */

typedef struct resampling {
    double *all, *by_class;
    const assay_segmentation_images *images;
    const double *image_iou;
    int32_t classes;
    int64_t replicates;
    uint64_t seed;
    assay_segment_sums *sums; /* per worker: GROUP x classes */
} resampling;

static assay_status resample_group(void *payload, int64_t block, int worker, assay_error *err)
{
    const resampling *r = payload;
    const assay_segmentation_images *images = r->images;
    assay_segment_sums *sums = r->sums + (int64_t)worker * GROUP * r->classes;
    double image_sum[GROUP] = {0};
    double image_n[GROUP] = {0};
    (void)err;
    memset(sums, 0, (size_t)GROUP * (size_t)r->classes * sizeof *sums);
    for (int64_t i = 0; i < images->n; i++) {
        int32_t weight[GROUP];
        assay_bootstrap_weights(weight, r->seed, (uint64_t)i, (uint32_t)(block * GROUP / 4),
                                GROUP / 4);
        for (int g = 0; g < GROUP; g++) {
            if (weight[g] == 0) {
                continue;
            }
            for (int64_t k = images->first[i]; k < images->first[i + 1]; k++) {
                const assay_segment_counts *c = &images->counts[k];
                assay_segment_sums_add(&sums[(int64_t)g * r->classes + c->class_index], c,
                                       weight[g]);
            }
            if (!isnan(r->image_iou[i])) {
                image_sum[g] += weight[g] * r->image_iou[i];
                image_n[g] += weight[g];
            }
        }
    }
    for (int64_t g = 0; g < GROUP && block * GROUP + g < r->replicates; g++) {
        int64_t at = block * GROUP + g;
        double *all = r->all + at * ASSAY_SEGMENT_STATISTICS;
        assay_segment_all(all, sums + g * r->classes, r->classes);
        all[ASSAY_SEGMENT_IMAGE_IOU] = ratio(image_sum[g], image_n[g]);
        for (int32_t k = 0; r->by_class != NULL && k < r->classes; k++) {
            assay_segment_class(r->by_class +
                                    (at * r->classes + k) * ASSAY_SEGMENT_CLASS_STATISTICS,
                                &sums[g * r->classes + k]);
        }
    }
    return ASSAY_OK;
}

assay_status assay_segmentation_bootstrap(double *all, double *by_class,
                                          const assay_segmentation_images *images, int32_t classes,
                                          int64_t replicates, uint64_t seed, int threads,
                                          assay_error *err)
{
    int64_t blocks = (replicates + GROUP - 1) / GROUP;
    int workers = assay_parallel_workers(blocks, threads);
    resampling r = {.all = all,
                    .by_class = by_class,
                    .images = images,
                    .classes = classes,
                    .replicates = replicates,
                    .seed = seed};
    assay_status status = ASSAY_OK;
    double *image_iou = assay_alloc_raw((size_t)images->n, sizeof *image_iou);
    r.sums = assay_alloc_raw((size_t)workers * GROUP * (size_t)classes, sizeof *r.sums);
    if (image_iou == NULL || r.sums == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < images->n; i++) {
        image_iou[i] = assay_segment_image_iou(images->counts + images->first[i],
                                               (int32_t)(images->first[i + 1] - images->first[i]));
    }
    r.image_iou = image_iou;
    status = assay_parallel(blocks, threads, resample_group, &r, NULL, err);
done:
    assay_free(image_iou);
    assay_free(r.sums);
    return status;
}
