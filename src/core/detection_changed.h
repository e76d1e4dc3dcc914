/** @file detection_changed.h  Images that two detectors treat differently. */
#ifndef ASSAY_CORE_DETECTION_CHANGED_H
#define ASSAY_CORE_DETECTION_CHANGED_H

#include "base/arena.h"
#include "core/detection_operate.h"

typedef struct assay_changed_image {
    int64_t row; /* of the truth */
    assay_operating_image a, b;
} assay_changed_image;

/** Of the same n images (assay_operation_images of both, in any order) those in which found objects or
 *  false alarms differ, most changed first, then in the order of a; in the arena. `rows`: images of the
 *  truth. */
ASSAY_NODISCARD assay_status assay_detection_changed(assay_changed_image **out, int64_t *n_out,
                                                     const assay_operating_image *a,
                                                     const assay_operating_image *b, int64_t n,
                                                     int64_t rows, assay_arena *arena,
                                                     assay_error *err);
/** All images of one detector at its best F1 at IoU 0.5 under a protocol's other rules. */
ASSAY_NODISCARD assay_status assay_detection_best_images(assay_operating_image **out, int64_t *n,
                                                         const assay_coco_truth *truth,
                                                         const assay_coco_rows *results,
                                                         const assay_detection_options *options,
                                                         assay_error *err);

#endif
