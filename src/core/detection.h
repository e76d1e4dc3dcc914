/**
 * @file detection.h
 * COCO average precision and recall for boxes and masks (Lin et al. 2014, "Microsoft COCO: Common
 * Objects in Context"), with intervals.
 *
 * The convention "coco" gives the arrays and statistics of pycocotools 2.0.11 to the last bit, with
 * everything that is peculiar about them (docs/detection.md). Detections are matched once; replicates
 * of the bootstrap reuse the matches.
 */
#ifndef ASSAY_CORE_DETECTION_H
#define ASSAY_CORE_DETECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/parallel.h"
#include "codec/coco_read.h"

enum {
    ASSAY_COCO_THRESHOLDS = 10,
    ASSAY_COCO_RECALLS = 101,
    ASSAY_COCO_AREAS = 4, /* all, small, medium, large */
    ASSAY_COCO_CAPS = 3,  /* most detections per image and class: 1, 10, 100 */
    ASSAY_COCO_STATS = 12
};

typedef enum assay_iou_type { ASSAY_IOU_BOX = 1, ASSAY_IOU_MASK } assay_iou_type;

typedef struct assay_detection_options {
    assay_iou_type iou;            /* 0 = boxes */
    int32_t caps[ASSAY_COCO_CAPS]; /* ascending; zeros = 1, 10, 100 */
    int threads;                   /* 0 = all cores */
    const assay_cancel *cancel;
} assay_detection_options;

/** What was noticed in the files and how it was dealt with; 0 = did not occur. */
typedef struct assay_detection_notes {
    int64_t objects_elsewhere; /* truth of images or categories that are not listed: left out */
    int64_t results_elsewhere; /* detections of categories that are not listed: left out */
    int64_t repeated_ids;      /* annotations whose id another one has: the last one counts */
    int64_t repeated_images;   /* images whose id another one has */
    int64_t id_zero;           /* annotations with the id 0: never found, a peculiarity of COCO */
    int64_t no_crowd;          /* annotations without iscrowd: taken as 0 */
    int64_t no_area;           /* annotations without area: width * height of the box */
    int64_t negative_boxes;    /* detections with a width or height below 0 */
    int64_t over_cap;          /* detections beyond the most per image and class: left out */
    int64_t crowds;            /* annotations that are crowds */
} assay_detection_notes;

typedef struct assay_detection assay_detection;

/** Match the results to the truth. Neither is kept. Results for an image that the truth does not
 *  list are an error. */
ASSAY_NODISCARD assay_status assay_detection_match(assay_detection **out,
                                                   const assay_coco_truth *truth,
                                                   const assay_coco_rows *results,
                                                   const assay_detection_options *options,
                                                   assay_error *err);
void assay_detection_free(assay_detection *detection);

/** Classes in ascending order of their ids. */
int64_t assay_detection_classes(const assay_detection *detection);
int64_t assay_detection_images(const assay_detection *detection);
/** Position of class k in the truth's list of categories. */
int64_t assay_detection_category(const assay_detection *detection, int64_t k);
/** Objects that count (not ignored) of class k in an area range, and detections within the cap. */
int64_t assay_detection_objects(const assay_detection *detection, int64_t k, int area);
int64_t assay_detection_detections(const assay_detection *detection, int64_t k);
const assay_detection_notes *assay_detection_noted(const assay_detection *detection);

/** The arrays of COCO's "accumulate": precision and score [threshold][recall][class][area][cap],
 *  recall [threshold][class][area][cap]; -1 = no object. */
typedef struct assay_coco_arrays {
    int64_t classes;
    double *precision, *scores, *recall;
} assay_coco_arrays;

ASSAY_NODISCARD assay_status assay_detection_accumulate(assay_coco_arrays *out,
                                                        const assay_detection *detection,
                                                        assay_error *err);
void assay_coco_arrays_dispose(assay_coco_arrays *arrays);

/** AP, AP50, AP75, AP small/medium/large, AR at the three caps, AR small/medium/large; -1 = undefined.
 *  AP itself is defined for a cap of 100 only. */
ASSAY_NODISCARD assay_status assay_detection_summarize(double stats[ASSAY_COCO_STATS],
                                                       const assay_detection *detection,
                                                       const assay_coco_arrays *arrays,
                                                       assay_error *err);
/** Of one class, at the largest cap: AP, AP50, AP75, AR; -1 = undefined. */
void assay_detection_class_stats(double stats[4], const assay_coco_arrays *arrays, int64_t k);

/** Grids as COCO computes them (numpy.linspace), which differ from i/100 in the last place. */
void assay_coco_thresholds(double out[ASSAY_COCO_THRESHOLDS]);
void assay_coco_recalls(double out[ASSAY_COCO_RECALLS]);

/**
 * Replicates of the 12 statistics and of every class's AP, AP50, AP75, AR: images count Poisson(1)
 * times each, addressed by (seed, "bootstrap", id of the image, replicate). stats gets
 * replicates x 12, classes (may be NULL) replicates x classes x 4, both NaN where undefined.
 */
ASSAY_NODISCARD assay_status assay_detection_bootstrap(double *stats, double *classes,
                                                       const assay_detection *detection,
                                                       int64_t replicates, uint64_t seed,
                                                       assay_error *err);

#endif
