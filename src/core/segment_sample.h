/**
 * @file segment_sample.h
 * What was counted about segmentations, image by image, and what follows from it: statistics, replicates
 * and paired comparisons. Every statistic is a function of sums over images, class by class, so nothing
 * is counted twice: not for a slice, not for a replicate, not for the exchange of two models.
 */
#ifndef ASSAY_CORE_SEGMENT_SAMPLE_H
#define ASSAY_CORE_SEGMENT_SAMPLE_H

#include "core/paired.h"
#include "core/panoptic.h"
#include "core/segmentation.h"

enum {
    ASSAY_SEGMENT_WIDTH = 8,    /* numbers of a row */
    ASSAY_SEGMENT_OVERALL = 16, /* most statistics over all classes */
    ASSAY_SEGMENT_OF_CLASS = 8  /* most statistics of a class */
};

/** A statistic: name of the metric and its parameters (JSON) or NULL. */
typedef struct assay_segment_metric {
    const char *metric, *params;
    bool boundary; /* needs the counts along boundaries */
} assay_segment_metric;

/** One class in one image; or, with class_index = the number of classes, an image as a whole. */
typedef struct assay_segment_row {
    int32_t class_index;
    double numbers[ASSAY_SEGMENT_WIDTH];
} assay_segment_row;

typedef struct assay_segment_sample assay_segment_sample;

/** How sums become statistics. */
typedef struct assay_segment_kind {
    int n_overall, n_of_class;
    const assay_segment_metric *overall, *of_class;
    /** `sums` has the sums of every class, and behind them those of the images as a whole; NaN =
     *  undefined. `of_class` (may be NULL) gets classes x n_of_class. */
    void (*finish)(double *overall, double *of_class, const double *sums,
                   const assay_segment_sample *sample);
} assay_segment_kind;

/** Everything but the masks is the same for all slices. Nothing is owned. */
struct assay_segment_sample {
    const assay_segment_kind *kind;
    int32_t classes;
    const uint8_t *is_thing; /* panoptic: per class */
    bool boundary;           /* boundaries were counted */
    int64_t n;               /* images */
    const int64_t *first;    /* per image, and one more: into rows */
    const assay_segment_row *rows;
    const uint8_t *images;  /* of the slice; NULL = all */
    const int64_t *cluster; /* per image; NULL = every image for itself */
};

extern const assay_segment_kind assay_segment_semantic; /* label maps */
extern const assay_segment_kind assay_segment_panoptic; /* segments */

/** The row of a class of an image, and of an image of label maps as a whole (its mean IoU). */
void assay_segment_row_semantic(assay_segment_row *out, const assay_segment_counts *counts);
bool assay_segment_row_image(assay_segment_row *out, const assay_segment_counts *counts, int32_t n,
                             int32_t classes);
void assay_segment_row_panoptic(assay_segment_row *out, const assay_panoptic_counts *counts);

/** Images of the slice, and what is drawn independently: images or clusters. */
int64_t assay_segment_images(const assay_segment_sample *sample);
ASSAY_NODISCARD assay_status assay_segment_units(int64_t *out, const assay_segment_sample *sample,
                                                 assay_error *err);
/** Sums of the slice: (classes + 1) x ASSAY_SEGMENT_WIDTH. */
void assay_segment_sum(double *sums, const assay_segment_sample *sample);
/** The first statistic of one image alone; NaN = undefined. `sums` is scratch for all sums. */
double assay_segment_of_image(const assay_segment_sample *sample, int64_t image, double *sums);

/** Replicates in which every image (or cluster) counts Poisson(1) times, addressed by its number:
 *  `overall` gets replicates x n_overall, `of_class` (may be NULL) replicates x classes x n_of_class. */
ASSAY_NODISCARD assay_status assay_segment_bootstrap(double *overall, double *of_class,
                                                     const assay_segment_sample *sample,
                                                     int64_t replicates, uint64_t seed, int threads,
                                                     const assay_cancel *cancel, assay_error *err);

typedef struct assay_segment_request {
    double level;
    int64_t replicates; /* 0 = none */
    uint64_t seed;
    int threads;
    const assay_cancel *cancel;
    const char *const *metrics; /* NULL-terminated names; NULL = all */
} assay_segment_request;

/** Whether any of the names (NULL = all) is a metric along boundaries, and whether a name is wanted. */
bool assay_segment_needs_boundary(const char *const *metrics);
bool assay_segment_is_wanted(const char *const *metrics, const char *name);

/** Measures of every statistic that was counted, then those of every class, with intervals
 *  (assay_replicate_bounds). `names` are those of the classes. n = images, of a class those in which
 *  it occurs; of segments their number in the truth. */
ASSAY_NODISCARD assay_status assay_segment_measure(assay_result *out,
                                                   const assay_segment_sample *sample,
                                                   const char *const *names,
                                                   const assay_segment_request *request,
                                                   assay_error *err);

/** b against a, which have the same images in the same order: sums of the slice `a` says. */
typedef struct assay_segment_difference {
    const assay_segment_metric *metric;
    int32_t class_index; /* -1 = over all classes */
    assay_paired of;     /* n counts images */
} assay_segment_difference;

/** Every overall statistic, then the first statistic of every class that occurs. How they are
 *  judged: paired.h. Differences live in the arena. */
ASSAY_NODISCARD assay_status assay_segment_compare(assay_segment_difference **out, int64_t *n,
                                                   const assay_segment_sample *a,
                                                   const assay_segment_sample *b,
                                                   const assay_segment_request *request,
                                                   assay_arena *arena, assay_error *err);

/** An image on which two models differ in anything that was counted. */
typedef struct assay_segment_changed {
    int64_t image;
    double in_a, in_b; /* the first statistic of this image alone; NaN = undefined */
} assay_segment_changed;

/** All of them, the largest difference first; equal ones by image. */
ASSAY_NODISCARD assay_status assay_segment_changes(assay_segment_changed **out, int64_t *n,
                                                   const assay_segment_sample *a,
                                                   const assay_segment_sample *b,
                                                   assay_arena *arena, assay_error *err);

#endif
