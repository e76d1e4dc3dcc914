/**
 * @file detection.h
 * Average precision and recall of detections (Lin et al. 2014, "Microsoft COCO: Common Objects in
 * Context"; Everingham et al. 2010, PASCAL VOC; Gupta et al. 2019, LVIS; Kuznetsova et al. 2020, Open
 * Images), with replicates for intervals.
 *
 * What counts is said by a protocol (detection_protocol.h). The convention "coco" gives the arrays and
 * statistics of pycocotools 2.0.11 to the last bit, with everything that is peculiar about them
 * (docs/detection.md). Detections are matched once; replicates of the bootstrap reuse the matches.
 */
#ifndef ASSAY_CORE_DETECTION_H
#define ASSAY_CORE_DETECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/parallel.h"
#include "codec/coco_read.h"
#include "core/detection_protocol.h"

/** A part of the data; NULL = everything. Nothing is copied. */
typedef struct assay_detection_slice {
    const uint8_t *images;  /* per image of the truth: 1 = in the slice; others are left out */
    const uint8_t *objects; /* per object: 1 = in the slice; others are ignored, as crowds are */
    const uint8_t *results; /* per result: 1 = in the slice; others count as hits only */
} assay_detection_slice;

typedef struct assay_detection_options {
    const assay_protocol *protocol; /* NULL = coco, boxes; copied */
    assay_detection_slice slice;
    bool details; /* keep the overlap of hits: for assay_operation */
    int threads;  /* 0 = all cores */
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
    int64_t marked;            /* annotations that are marked ignore or difficult */
    int64_t groups;            /* annotations that are groups */
    int64_t no_keypoints;      /* annotations without an annotated keypoint: ignored */
    int64_t not_judged;        /* detections of classes that were not looked for in their image */
    int64_t no_extent;         /* objects and detections without area that are left out for it */
    int64_t outside;           /* detections in images outside the slice */
    int64_t other_size;        /* masks (run lengths) of another size than their image */
    int64_t no_share;          /* detections with a score below 0 or above 1 */
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

const assay_protocol *assay_detection_protocol(const assay_detection *detection);
/** Classes in ascending order of their ids. */
int64_t assay_detection_classes(const assay_detection *detection);
/** Images in ascending order of their ids, those of the slice only. */
int64_t assay_detection_images(const assay_detection *detection);
/** Row of image i in the truth. */
int64_t assay_detection_image(const assay_detection *detection, int64_t i);
/** Position of class k in the truth's list of categories. */
int64_t assay_detection_category(const assay_detection *detection, int64_t k);
/** Objects that count (not ignored) of class k in an area range, and detections within the cap. */
int64_t assay_detection_objects(const assay_detection *detection, int64_t k, int range);
int64_t assay_detection_detections(const assay_detection *detection, int64_t k);
const assay_detection_notes *assay_detection_noted(const assay_detection *detection);

/** The detections of a class by falling score, those of one image and class at most as many as the
 *  largest cap. Bit t of hit and skip: a hit, or neither hit nor false alarm, at threshold t; the
 *  entries of one detection stand `stride` apart, one per area range. */
typedef struct assay_detection_list {
    int64_t n, stride;
    const double *score;
    const int32_t *image; /* number of the image */
    const int32_t *place; /* rank in its image and class, from 0 */
    const int32_t *row;   /* of the results */
    const uint16_t *hit, *skip;
} assay_detection_list;

assay_detection_list assay_detection_class(const assay_detection *detection, int64_t k);

/** The arrays of COCO's "accumulate": precision and (when wanted, else NULL) scores
 *  [class][area][cap][threshold][recall], recall [threshold][class][area][cap]; -1 = no object.
 *  Without scores precision is filled in where the protocol's statistics ask for it and at the largest
 *  cap, elsewhere it is -1. With the area under the curve instead of a grid there is one "recall",
 *  whose precision is the AP. */
typedef struct assay_coco_arrays {
    int64_t classes;
    int32_t n_thresholds, n_recalls, n_ranges, n_caps;
    double *precision, *scores, *recall;
} assay_coco_arrays;

/** Where precision and score at the first recall stand. */
static inline int64_t assay_coco_curve(const assay_coco_arrays *arrays, int64_t k, int64_t area,
                                       int64_t cap, int64_t threshold)
{
    return (((k * arrays->n_ranges + area) * arrays->n_caps + cap) * arrays->n_thresholds +
            threshold) *
           arrays->n_recalls;
}

ASSAY_NODISCARD assay_status assay_detection_accumulate(assay_coco_arrays *out,
                                                        const assay_detection *detection,
                                                        bool scores, assay_error *err);
/** The same as if there were no detections with a score below the floor; of all areas and the largest
 *  cap alone, without scores. */
ASSAY_NODISCARD assay_status assay_detection_accumulate_above(assay_coco_arrays *out,
                                                              const assay_detection *detection,
                                                              double floor, assay_error *err);
void assay_coco_arrays_dispose(assay_coco_arrays *arrays);

/** AP and AR of all classes, areas and thresholds of the detections with a score of at least each of
 *  so many evenly spaced floors: from 0 to 0.95, or from the lowest score on when scores are not in
 *  [0, 1]. Rows: floor, AP, AR (NaN = undefined). At the lowest floor they are those of everything. */
enum { ASSAY_FLOORS = 20 };
ASSAY_NODISCARD assay_status assay_detection_by_confidence(double rows[ASSAY_FLOORS][3],
                                                           const assay_detection *detection,
                                                           assay_error *err);

/** The statistics of the protocol (assay_protocol_statistics), -1 = undefined. Returns how many in
 *  *n. For coco: AP, AP50, AP75, AP small/medium/large, AR at the three caps, AR
 *  small/medium/large. */
ASSAY_NODISCARD assay_status assay_detection_summarize(double stats[ASSAY_MOST_STATISTICS], int *n,
                                                       const assay_detection *detection,
                                                       const assay_coco_arrays *arrays,
                                                       assay_error *err);
/** Objects behind a statistic. */
int64_t assay_detection_statistic_objects(const assay_detection *detection,
                                          const assay_statistic *statistic);

enum { ASSAY_CLASS_STATISTICS = 4 };
/** What the four numbers of a class are: AP over all thresholds, AP at 0.5 and 0.75 (threshold -2
 *  when the grid lacks them), AR; all at the largest cap. */
void assay_detection_class_statistics(assay_statistic out[ASSAY_CLASS_STATISTICS],
                                      const assay_protocol *protocol);
/** Of one class: their values; -1 = undefined. */
ASSAY_NODISCARD assay_status assay_detection_class_stats(double stats[ASSAY_CLASS_STATISTICS],
                                                         const assay_detection *detection,
                                                         const assay_coco_arrays *arrays, int64_t k,
                                                         assay_error *err);

/**
 * Which images belong together: resampling draws them together. `cluster` holds one number per row
 * of the truth's images (equal = one cluster); NULL = every image for itself. Returns the number of
 * clusters in *n.
 */
ASSAY_NODISCARD assay_status assay_detection_cluster(int64_t *n, assay_detection *detection,
                                                     const int64_t *cluster, assay_error *err);
int64_t assay_detection_clusters(const assay_detection *detection);

/**
 * Replicates of the statistics and of every class's four: images (or clusters) count Poisson(1) times
 * each, addressed by (seed, "bootstrap", id of the image or number of the cluster, replicate). stats
 * gets replicates x statistics, classes (may be NULL) replicates x classes x 4, both NaN where
 * undefined.
 */
ASSAY_NODISCARD assay_status assay_detection_bootstrap(double *stats, double *classes,
                                                       const assay_detection *detection,
                                                       int64_t replicates, uint64_t seed,
                                                       assay_error *err);

#endif
