/**
 * @file detection_confusion.h
 * Across classes: what objects are taken for, and what becomes of every object at one confidence.
 */
#ifndef ASSAY_CORE_DETECTION_CONFUSION_H
#define ASSAY_CORE_DETECTION_CONFUSION_H

#include "core/detection.h"

/** What became of the objects. Rates are shares of the objects and add up to 1; an object that is
 *  found and taken for something else too counts as found. */
typedef enum assay_object_rate {
    ASSAY_RATE_FOUND,         /* a detection of its class lies on it */
    ASSAY_RATE_MISCLASSIFIED, /* detections of other classes only */
    ASSAY_RATE_VANISHED,      /* none */
    ASSAY_RATE_HALLUCINATED,  /* detections per image that lie on no object */
    ASSAY_RATES
} assay_object_rate;

/** Counts of one image: as the rates. */
typedef struct assay_object_counts {
    int32_t objects;
    int32_t n[ASSAY_RATES];
} assay_object_counts;

/**
 * Confusion: (classes + 1) x (classes + 1) counts, truth in rows, detections in columns; the last row
 * and column are the background (false alarms, missed objects). Detections with at least the
 * confidence are matched without regard to their class, by COCO's rule: by falling score, each takes
 * the free object that it overlaps most, at least by `iou`; crowds take any number and do not count.
 *
 * Counts (may be NULL: images of the detection): detections above the confidence lie on an object when
 * they overlap it by more than `iou`; crowds are no objects, and what lies in one is not
 * hallucinated.
 */
ASSAY_NODISCARD assay_status assay_detection_confusion(
    int64_t *confusion, assay_object_counts *counts, const assay_detection *detection,
    const assay_coco_truth *truth, const assay_coco_rows *results,
    const assay_detection_slice *slice, double iou, double confidence, assay_error *err);
/** The rates, and replicates x ASSAY_RATES (may be NULL). NaN = there are no objects. */
ASSAY_NODISCARD assay_status assay_object_rates(double rates[ASSAY_RATES], double *replicates,
                                                const assay_detection *detection,
                                                const assay_object_counts *counts, int64_t n,
                                                uint64_t seed, assay_error *err);

#endif
