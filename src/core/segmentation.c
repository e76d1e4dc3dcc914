#include "core/segmentation.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum { NO_CLASS = 65535 };

void assay_segmentation_scratch_dispose(assay_segmentation_scratch *s)
{
    assay_free(s->truth);
    assay_free(s->predicted);
    assay_free(s->truth_distance);
    assay_free(s->predicted_distance);
    assay_free(s->contours);
    *s = (assay_segmentation_scratch){.strange = s->strange};
}

static assay_status scratch_room(assay_segmentation_scratch *s, int64_t pixels, assay_error *err)
{
    if (pixels <= s->pixels) {
        return ASSAY_OK;
    }
    assay_segmentation_scratch_dispose(s);
    size_t n = (size_t)pixels;
    s->truth = assay_alloc_raw(n, sizeof *s->truth);
    s->predicted = assay_alloc_raw(n, sizeof *s->predicted);
    s->truth_distance = assay_alloc_raw(n, sizeof *s->truth_distance);
    s->predicted_distance = assay_alloc_raw(n, sizeof *s->predicted_distance);
    s->contours = assay_alloc_raw(n, 1);
    if (s->truth == NULL || s->predicted == NULL || s->truth_distance == NULL ||
        s->predicted_distance == NULL || s->contours == NULL) {
        assay_segmentation_scratch_dispose(s);
        return assay_fail_memory(err);
    }
    s->pixels = pixels;
    return ASSAY_OK;
}

static uint16_t class_of(uint32_t label, const assay_segmentation_options *o)
{
    return label < (uint32_t)o->classes && (int64_t)label != o->ignore ? (uint16_t)label : NO_CLASS;
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Step to a neighbour: its distance when it has the same class, else it is the outside itself. */
static int32_t via(const uint16_t *classes, const int32_t *distance, int64_t at, int64_t to)
{
    return classes[to] == classes[at] ? distance[to] + 1 : 1;
}

/* Chessboard distance of every pixel to the nearest one that is not of its class, or outside of the
 * image. Two passes over eight neighbours give it exactly (Rosenfeld and Pfaltz 1968), for all classes
 * at once, because a neighbour of another class is at distance 0 for this one. */
static void distances(int32_t *distance, const uint16_t *classes, int32_t width, int32_t height)
{
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            int64_t at = (int64_t)y * width + x;
            int32_t d = 1;
            if (x > 0 && y > 0 && x < width - 1 && y < height - 1) {
                d = via(classes, distance, at, at - 1);
                d = least(d, via(classes, distance, at, at - width - 1));
                d = least(d, via(classes, distance, at, at - width));
                d = least(d, via(classes, distance, at, at - width + 1));
            }
            distance[at] = d;
        }
    }
    for (int32_t y = height - 2; y > 0; y--) {
        for (int32_t x = width - 2; x > 0; x--) {
            int64_t at = (int64_t)y * width + x;
            int32_t d = distance[at];
            d = least(d, via(classes, distance, at, at + 1));
            d = least(d, via(classes, distance, at, at + width + 1));
            d = least(d, via(classes, distance, at, at + width));
            d = least(d, via(classes, distance, at, at + width - 1));
            distance[at] = d;
        }
    }
}

typedef struct counting {
    assay_segment_counts by_class[ASSAY_SEGMENTATION_CLASSES];
    assay_segment_window windows[ASSAY_SEGMENTATION_CLASSES];
} counting;

static void count_run(counting *c, int64_t *confusion, uint16_t t, uint16_t p, int64_t n,
                      int32_t classes)
{
    if (t == NO_CLASS) {
        return;
    }
    c->by_class[t].truth += n;
    c->by_class[t].both += t == p ? n : 0;
    if (p != NO_CLASS) {
        c->by_class[p].predicted += n;
    }
    if (confusion != NULL) {
        confusion[(int64_t)t * (classes + 1) + (p == NO_CLASS ? classes : p)] += n;
    }
}

/* Neighbours mostly have the same labels in both maps, so runs of them are counted, not pixels. */
static void count_pixels(counting *c, int64_t *confusion, assay_segmentation_scratch *s,
                         const uint32_t *truth, const uint32_t *predicted, int64_t pixels,
                         const assay_segmentation_options *o)
{
    for (int64_t i = 0; i < pixels;) {
        uint32_t label = truth[i];
        uint32_t other = predicted[i];
        int64_t from = i++;
        while (i < pixels && truth[i] == label && predicted[i] == other) {
            i++;
        }
        uint16_t t = class_of(label, o);
        count_run(c, confusion, t, class_of(other, o), i - from, o->classes);
        s->strange += t == NO_CLASS && (int64_t)label != o->ignore ? i - from : 0;
    }
}

/* The class of every pixel, for what looks at neighbours. */
static void fill_classes(const assay_segmentation_scratch *s, const uint32_t *truth,
                         const uint32_t *predicted, int64_t pixels,
                         const assay_segmentation_options *o)
{
    for (int64_t i = 0; i < pixels; i++) {
        s->truth[i] = class_of(truth[i], o);
        s->predicted[i] = s->truth[i] == NO_CLASS ? NO_CLASS : class_of(predicted[i], o);
    }
}

static void count_boundaries(counting *c, const assay_segmentation_scratch *s, int64_t pixels,
                             int32_t dilation)
{
    for (int64_t i = 0; i < pixels; i++) {
        uint16_t t = s->truth[i];
        uint16_t p = s->predicted[i];
        bool truth = t != NO_CLASS && s->truth_distance[i] <= dilation;
        bool predicted = p != NO_CLASS && s->predicted_distance[i] <= dilation;
        if (truth) {
            c->by_class[t].boundary_truth++;
            c->by_class[t].boundary_both += predicted && p == t;
        }
        if (predicted) {
            c->by_class[p].boundary_predicted++;
        }
    }
}

/* The distances are not needed any more: their room is used. */
static void measure_contours(counting *c, const assay_segmentation_scratch *s, int32_t width,
                             int32_t height, int32_t reach, int32_t classes)
{
    assay_segment_windows(c->windows, classes, s->truth, s->predicted, width, height);
    for (int32_t k = 0; k < classes; k++) {
        if (c->by_class[k].truth > 0 || c->by_class[k].predicted > 0) {
            c->by_class[k].boundary_f =
                assay_segment_boundary_f(s, width, height, &c->windows[k], (uint16_t)k, reach);
        }
    }
}

assay_status assay_segmentation_count(assay_segment_counts *counts, int32_t *n, int64_t *confusion,
                                      const assay_label_map *truth,
                                      const assay_label_map *predicted,
                                      const assay_segmentation_options *o,
                                      assay_segmentation_scratch *s, assay_error *err)
{
    int64_t pixels = (int64_t)truth->width * truth->height;
    if (truth->width != predicted->width || truth->height != predicted->height) {
        return assay_fail(err, ASSAY_EFORMAT, "the prediction is %d x %d pixels, the truth %d x %d",
                          predicted->width, predicted->height, truth->width, truth->height);
    }
    if (!o->no_boundary) {
        ASSAY_TRY(scratch_room(s, pixels, err));
    }
    counting *c = assay_alloc(1, sizeof *c);
    if (c == NULL) {
        return assay_fail_memory(err);
    }
    count_pixels(c, confusion, s, truth->labels, predicted->labels, pixels, o);
    if (!o->no_boundary) {
        fill_classes(s, truth->labels, predicted->labels, pixels, o);
        double ratio = o->ratio > 0.0 ? o->ratio : 0.02;
        double diagonal =
            sqrt((double)truth->width * truth->width + (double)truth->height * truth->height);
        int32_t dilation = (int32_t)nearbyint(ratio * diagonal);
        distances(s->truth_distance, s->truth, truth->width, truth->height);
        distances(s->predicted_distance, s->predicted, truth->width, truth->height);
        count_boundaries(c, s, pixels, dilation < 1 ? 1 : dilation);
        measure_contours(c, s, truth->width, truth->height,
                         (int32_t)ceil((o->reach > 0.0 ? o->reach : 0.008) * diagonal), o->classes);
    }
    *n = 0;
    for (int32_t k = 0; k < o->classes; k++) {
        if (c->by_class[k].truth > 0 || c->by_class[k].predicted > 0) {
            counts[*n] = c->by_class[k];
            counts[(*n)++].class_index = k;
        }
    }
    assay_free(c);
    return ASSAY_OK;
}
