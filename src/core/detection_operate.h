/**
 * @file detection_operate.h
 * Detections in use: what happens at one confidence, how far confidences can be believed, and which
 * images go wrong.
 */
#ifndef ASSAY_CORE_DETECTION_OPERATE_H
#define ASSAY_CORE_DETECTION_OPERATE_H

#include "core/detection.h"

/** Values over all classes. Found and false alarm are those of the detection's first threshold and
 *  first range. */
typedef enum assay_operating_value {
    ASSAY_OPERATING_PRECISION,    /* found / detections */
    ASSAY_OPERATING_RECALL,       /* found / objects */
    ASSAY_OPERATING_F1,           /* 2 found / (detections + objects) */
    ASSAY_OPERATING_ALARMS,       /* false alarms per image */
    ASSAY_OPERATING_OVERLAP,      /* mean overlap of what is found */
    ASSAY_OPERATING_ALARM_IMAGES, /* share of images with a false alarm */
    ASSAY_OPERATING_WHOLE_IMAGES, /* share of images with objects in which all are found */
    ASSAY_OPERATING_OFFSET, /* mean distance of centres over the square root of the object's area */
    ASSAY_OPERATING_DISTANCE, /* mean distance of centres in pixels; these and the next of boxes only */
    ASSAY_OPERATING_SCALE,    /* mean of 1 - overlap on one centre (nuScenes' scale error) */
    ASSAY_OPERATING_QUANTILE, /* overlap of what is found: quantiles 0.1, 0.25, 0.5, 0.75, 0.9 */
    ASSAY_OPERATING_LAST_QUANTILE = ASSAY_OPERATING_QUANTILE + 4,
    /* the following at all confidences */
    ASSAY_OPERATING_MISS_RATE, /* log-average miss rate, mean over classes (Dollár et al. 2012) */
    ASSAY_OPERATING_ECE,       /* detection ECE, 10 bins (Küppers et al. 2020) */
    ASSAY_OPERATING_LAECE,     /* localisation-aware ECE, 25 bins per class (Oksuz et al. 2023) */
    ASSAY_OPERATING_VALUES
} assay_operating_value;

enum { ASSAY_OPERATING_QUANTILES = 5 };
enum { ASSAY_OPERATING_CLASS_VALUES = 4 }; /* precision, recall, F1, miss rate */

typedef struct assay_operation assay_operation;

/** The detection must have been matched with `details` at one threshold. confidence NaN: that of the
 *  best F1 over all classes. */
ASSAY_NODISCARD assay_status assay_operation_new(assay_operation **out,
                                                 const assay_detection *detection,
                                                 double confidence, assay_error *err);
void assay_operation_free(assay_operation *operation);
double assay_operation_confidence(const assay_operation *operation);
/** Whether the confidence was chosen by its F1: then that F1 is too good, a little. */
bool assay_operation_chosen(const assay_operation *operation);

/** Objects, detections at the confidence and found ones; of class k or (-1) all, and then also the
 *  images of the slice that have objects. */
typedef struct assay_operating_counts {
    int64_t objects, detections, found, images_with_objects;
} assay_operating_counts;
assay_operating_counts assay_operation_counts(const assay_operation *operation, int64_t k);

/** The values; of every class too (classes x ASSAY_OPERATING_CLASS_VALUES). NaN = undefined. */
ASSAY_NODISCARD assay_status assay_operation_values(double all[ASSAY_OPERATING_VALUES],
                                                    double *classes,
                                                    const assay_operation *operation,
                                                    assay_error *err);
/** Replicates of both, the confidence being the same in all of them. */
ASSAY_NODISCARD assay_status assay_operation_bootstrap(double *all, double *classes,
                                                       const assay_operation *operation,
                                                       int64_t replicates, uint64_t seed,
                                                       assay_error *err);

/** One image at the confidence. */
typedef struct assay_operating_image {
    int64_t row; /* of the truth */
    int32_t objects, found, false_alarms;
} assay_operating_image;
/** All images of the slice, those with most errors (missed + false alarms) first, then by row. */
ASSAY_NODISCARD assay_status assay_operation_images(assay_operating_image **out, int64_t *n,
                                                    const assay_operation *operation,
                                                    assay_error *err);

enum { ASSAY_OPERATING_POINTS = 200, ASSAY_OPERATING_BINS = 10 };
/** What happens at other confidences: at most ASSAY_OPERATING_POINTS rows of confidence, precision,
 *  recall, F1, false alarms per image, by falling confidence. Returns how many. */
int64_t assay_operation_curve(double (*out)[5], const assay_operation *operation);
/** Reliability: low, high, detections, mean confidence, precision of ASSAY_OPERATING_BINS bins. */
void assay_operation_reliability(double (*out)[5], const assay_operation *operation);

#endif
