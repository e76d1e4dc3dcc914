#include "core/segment_sample.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/segment_internal.h"

enum { W = ASSAY_SEGMENT_WIDTH };

/* ---- label maps ---- */

enum { TRUTH, PREDICTED, BOTH, EDGE_TRUTH, EDGE_PREDICTED, EDGE_BOTH, CONTOUR, IMAGES };
_Static_assert((int)IMAGES == (int)ASSAY_SEGMENT_ROW_IMAGES, "one place");

void assay_segment_row_semantic(assay_segment_row *out, const assay_segment_counts *c)
{
    *out = (assay_segment_row){.class_index = c->class_index,
                               .numbers = {(double)c->truth, (double)c->predicted, (double)c->both,
                                           (double)c->boundary_truth, (double)c->boundary_predicted,
                                           (double)c->boundary_both, c->boundary_f, 1.0}};
}

bool assay_segment_row_image(assay_segment_row *out, const assay_segment_counts *counts, int32_t n,
                             int32_t classes)
{
    double value = assay_segment_image_iou(counts, n);
    *out = (assay_segment_row){.class_index = classes, .numbers = {value, 1.0}};
    return !isnan(value);
}

static void finish_semantic(double *overall, double *of_class, const double *sums,
                            const assay_segment_sample *sample)
{
    assay_segment_tally tally = {0};
    const double *images = sums + (int64_t)sample->classes * W;
    for (int32_t k = 0; k < sample->classes; k++) {
        const double *s = sums + (int64_t)k * W;
        double one[ASSAY_SEGMENT_CLASS_STATISTICS];
        const assay_segment_sums of = {.truth = (int64_t)s[TRUTH],
                                       .predicted = (int64_t)s[PREDICTED],
                                       .both = (int64_t)s[BOTH],
                                       .boundary_truth = (int64_t)s[EDGE_TRUTH],
                                       .boundary_predicted = (int64_t)s[EDGE_PREDICTED],
                                       .boundary_both = (int64_t)s[EDGE_BOTH],
                                       .boundary_f = s[CONTOUR],
                                       .images = (int64_t)s[IMAGES]};
        assay_segment_tally_add(&tally, one, &of);
        if (of_class != NULL) {
            memcpy(of_class + (int64_t)k * ASSAY_SEGMENT_CLASS_STATISTICS, one, sizeof one);
        }
    }
    assay_segment_tally_all(overall, &tally);
    overall[ASSAY_SEGMENT_IMAGE_IOU] = images[1] > 0.0 ? images[0] / images[1] : (double)NAN;
}

static const assay_segment_metric semantic[ASSAY_SEGMENT_STATISTICS] = {
    {"mean_iou", NULL, false},       {"mean_dice", NULL, false},
    {"pixel_accuracy", NULL, false}, {"mean_class_accuracy", NULL, false},
    {"weighted_iou", NULL, false},   {"boundary_iou", NULL, true},
    {"boundary_f", NULL, true},      {"mean_image_iou", NULL, false}};
static const assay_segment_metric semantic_class[ASSAY_SEGMENT_CLASS_STATISTICS] = {
    {"iou", NULL, false},
    {"dice", NULL, false},
    {"class_accuracy", NULL, false},
    {"class_precision", NULL, false},
    {"boundary_iou", NULL, true},
    {"boundary_f", NULL, true}};

const assay_segment_kind assay_segment_semantic = {ASSAY_SEGMENT_STATISTICS,
                                                   ASSAY_SEGMENT_CLASS_STATISTICS, semantic,
                                                   semantic_class, finish_semantic};

/* ---- segments ---- */

enum { OVERLAP, FOUND, MISSED, ALARMS, GROUPS = 3, QUALITIES = 3 };

void assay_segment_row_panoptic(assay_segment_row *out, const assay_panoptic_counts *c)
{
    *out = (assay_segment_row){
        .class_index = c->class_index,
        .numbers = {c->overlap, (double)c->found, (double)c->missed, (double)c->false_alarms}};
}

static void finish_panoptic(double *overall, double *of_class, const double *sums,
                            const assay_segment_sample *sample)
{
    double sum[GROUPS][QUALITIES] = {{0}};
    int n[GROUPS] = {0};
    for (int32_t k = 0; k < sample->classes; k++) {
        const double *s = sums + (int64_t)k * W;
        double one[QUALITIES];
        bool occurs = assay_panoptic_quality(one, s[OVERLAP], s[FOUND], s[MISSED], s[ALARMS]);
        int group = sample->is_thing[k] != 0 ? 1 : 2;
        for (int i = 0; i < QUALITIES; i++) {
            sum[0][i] += one[i];
            sum[group][i] += one[i];
            if (of_class != NULL) {
                of_class[(int64_t)k * QUALITIES + i] = occurs ? one[i] : (double)NAN;
            }
        }
        n[0] += occurs;
        n[group] += occurs;
    }
    for (int g = 0; g < GROUPS; g++) {
        for (int i = 0; i < QUALITIES; i++) {
            overall[g * QUALITIES + i] = n[g] > 0 ? sum[g][i] / n[g] : (double)NAN;
        }
    }
}

static const assay_segment_metric panoptic[GROUPS * QUALITIES] = {
    {"panoptic_quality", "{\"classes\":\"all\"}", false},
    {"panoptic_segmentation_quality", "{\"classes\":\"all\"}", false},
    {"panoptic_recognition_quality", "{\"classes\":\"all\"}", false},
    {"panoptic_quality", "{\"classes\":\"things\"}", false},
    {"panoptic_segmentation_quality", "{\"classes\":\"things\"}", false},
    {"panoptic_recognition_quality", "{\"classes\":\"things\"}", false},
    {"panoptic_quality", "{\"classes\":\"stuff\"}", false},
    {"panoptic_segmentation_quality", "{\"classes\":\"stuff\"}", false},
    {"panoptic_recognition_quality", "{\"classes\":\"stuff\"}", false}};
static const assay_segment_metric panoptic_class[QUALITIES] = {
    {"panoptic_quality", NULL, false},
    {"panoptic_segmentation_quality", NULL, false},
    {"panoptic_recognition_quality", NULL, false}};

const assay_segment_kind assay_segment_panoptic = {GROUPS * QUALITIES, QUALITIES, panoptic,
                                                   panoptic_class, finish_panoptic};

/* ---- sums ---- */

static bool is_inside(const assay_segment_sample *s, int64_t image)
{
    return s->images == NULL || s->images[image] != 0;
}

int64_t assay_segment_images(const assay_segment_sample *s)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; i++) {
        n += is_inside(s, i);
    }
    return n;
}

assay_status assay_segment_units(int64_t *out, const assay_segment_sample *s, assay_error *err)
{
    *out = assay_segment_images(s);
    if (s->cluster == NULL) {
        return ASSAY_OK;
    }
    int64_t *inside = assay_alloc_raw((size_t)*out + 1, sizeof *inside);
    int64_t *order = assay_alloc_raw((size_t)*out + 1, sizeof *order);
    assay_status status = inside != NULL && order != NULL ? ASSAY_OK : assay_fail_memory(err);
    int64_t n = 0;
    for (int64_t i = 0; status == ASSAY_OK && i < s->n; i++) {
        if (is_inside(s, i)) {
            inside[n++] = s->cluster[i];
        }
    }
    if (status == ASSAY_OK) {
        status = assay_sort_order_i64(order, inside, n, err);
    }
    int64_t units = 0;
    for (int64_t i = 0; status == ASSAY_OK && i < n; i++) {
        units += i == 0 || inside[order[i]] != inside[order[i - 1]];
    }
    *out = units;
    assay_free(inside);
    assay_free(order);
    return status;
}

void assay_segment_add(double *sums, const assay_segment_sample *s, int64_t image, double weight)
{
    for (int64_t r = s->first[image]; r < s->first[image + 1]; r++) {
        const assay_segment_row *row = &s->rows[r];
        double *to = sums + (int64_t)row->class_index * W;
        for (int i = 0; i < W; i++) {
            to[i] += weight * row->numbers[i];
        }
    }
}

void assay_segment_sum(double *sums, const assay_segment_sample *s)
{
    memset(sums, 0, ((size_t)s->classes + 1) * W * sizeof *sums);
    for (int64_t i = 0; i < s->n; i++) {
        if (is_inside(s, i)) {
            assay_segment_add(sums, s, i, 1.0);
        }
    }
}

double assay_segment_of_image(const assay_segment_sample *s, int64_t image, double *sums)
{
    double overall[ASSAY_SEGMENT_OVERALL];
    memset(sums, 0, ((size_t)s->classes + 1) * W * sizeof *sums);
    assay_segment_add(sums, s, image, 1.0);
    s->kind->finish(overall, NULL, sums, s);
    return overall[0];
}
