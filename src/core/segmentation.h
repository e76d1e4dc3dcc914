/**
 * @file segmentation.h
 * Semantic segmentation: how far the predicted label maps agree with the true ones, pixel by pixel and
 * along the boundaries.
 *
 * Pixels whose true label is the ignored one (or no class) are left out of everything, in the
 * prediction too. A predicted label that is no class is a miss of the true class and no false alarm of
 * any. Boundary IoU: Cheng, Girshick, Dollar, Berg, Kirillov (2021), "Boundary IoU: Improving
 * Object-Centric Image Segmentation Evaluation". Boundary F: Perazzi, Pont-Tuset, McWilliams, Van Gool,
 * Gross, Sorkine-Hornung (2016), "A Benchmark Dataset and Evaluation Methodology for Video Object
 * Segmentation" (DAVIS).
 */
#ifndef ASSAY_CORE_SEGMENTATION_H
#define ASSAY_CORE_SEGMENTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/label_map.h"

enum { ASSAY_SEGMENTATION_CLASSES = 1024 };

/** Pixels of one class in one image. */
typedef struct assay_segment_counts {
    int32_t class_index;
    int64_t truth, predicted, both;                            /* pixels */
    int64_t boundary_truth, boundary_predicted, boundary_both; /* pixels near the own boundary */
    double boundary_f; /* of this image; 0 without boundaries */
} assay_segment_counts;

typedef struct assay_segmentation_options {
    int32_t classes;  /* labels are 0 .. classes - 1 */
    int64_t ignore;   /* a label; -1 = none */
    double ratio;     /* width of the boundary as a share of the diagonal; 0 = 0.02 */
    double reach;     /* how far apart contours may lie, as a share of the diagonal; 0 = 0.008 */
    bool no_boundary; /* do not count boundaries */
} assay_segmentation_options;

/** Scratch memory of one worker; zero-initialise. */
typedef struct assay_segmentation_scratch {
    int64_t pixels;
    uint16_t *truth, *predicted; /* class of each pixel; 65535 = none */
    int32_t *truth_distance, *predicted_distance;
    uint8_t *contours; /* of one class: bit 0 truth, bit 1 prediction */
    int64_t strange;   /* pixels so far whose true label is neither a class nor ignored */
} assay_segmentation_scratch;
void assay_segmentation_scratch_dispose(assay_segmentation_scratch *scratch);

/**
 * Count one pair of label maps of the same size. `counts` gets those of every class that occurs in
 * either (room for options->classes), by ascending class, *n their number. `confusion` (may be NULL):
 * classes x (classes + 1), rows = truth, last column = predicted as no class; pixels are added.
 */
ASSAY_NODISCARD assay_status assay_segmentation_count(
    assay_segment_counts *counts, int32_t *n, int64_t *confusion, const assay_label_map *truth,
    const assay_label_map *predicted, const assay_segmentation_options *options,
    assay_segmentation_scratch *scratch, assay_error *err);

/** Sums over images, class by class. */
typedef struct assay_segment_sums {
    int64_t truth, predicted, both, boundary_truth, boundary_predicted, boundary_both;
    double boundary_f; /* over the images in which the class occurs */
    int64_t images;
} assay_segment_sums;

/** The part of an image that has anything of a class; right < left = nothing. */
typedef struct assay_segment_window {
    int32_t left, top, right, bottom; /* the last ones are inside */
} assay_segment_window;

/** Windows of the classes 0 .. n - 1 in truth and prediction together. */
void assay_segment_windows(assay_segment_window *out, int32_t n, const uint16_t *truth,
                           const uint16_t *predicted, int32_t width, int32_t height);

/**
 * Boundary F of DAVIS for one class of an image: contours are pixels whose right, lower or lower right
 * neighbour differs; a contour pixel is matched when one of the other mask lies within `reach` pixels
 * (a disk). F = 2 P R / (P + R); a mask without contour has a precision (recall) of 1, and so both
 * without one give 1. The scratch has the classes of an image of this size.
 */
double assay_segment_boundary_f(const assay_segmentation_scratch *scratch, int32_t width,
                                int32_t height, const assay_segment_window *window,
                                uint16_t class_index, int32_t reach);

typedef enum assay_segment_statistic {
    ASSAY_SEGMENT_MEAN_IOU,
    ASSAY_SEGMENT_MEAN_DICE,
    ASSAY_SEGMENT_PIXEL_ACCURACY,
    ASSAY_SEGMENT_MEAN_ACCURACY,
    ASSAY_SEGMENT_WEIGHTED_IOU,
    ASSAY_SEGMENT_BOUNDARY_IOU,
    ASSAY_SEGMENT_BOUNDARY_F,
    ASSAY_SEGMENT_IMAGE_IOU, /* mean over images of their own mean IoU */
    ASSAY_SEGMENT_STATISTICS
} assay_segment_statistic;

/** Numbers of one class: IoU, Dice, accuracy (recall), precision, boundary IoU, mean
 *  boundary F of the images; NaN = undefined. */
enum { ASSAY_SEGMENT_CLASS_STATISTICS = 6 };
/** Mean IoU of one image over the classes that occur in it; NaN when none does. */
double assay_segment_image_iou(const assay_segment_counts *counts, int32_t n);

#endif
