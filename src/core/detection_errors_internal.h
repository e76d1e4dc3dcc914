/** @file detection_errors_internal.h  What finding errors and weighing them share. */
#ifndef ASSAY_CORE_DETECTION_ERRORS_INTERNAL_H
#define ASSAY_CORE_DETECTION_ERRORS_INTERNAL_H

#include "core/detection_errors.h"
#include "core/detection_internal.h"

/** Detections of the classes by falling score, with one bit per curve. */
typedef struct assay_error_list {
    int64_t *first; /* per class, and one more */
    int64_t n;
    double *score;
    int32_t *image;
    uint16_t *hit, *skip;
} assay_error_list;

struct assay_detection_errors {
    const assay_detection *d;
    int64_t n_detections, n_objects;
    assay_judged_detection *detections;
    assay_judged_object *objects;
    assay_error_list plain; /* curve 0: as it is */
    assay_error_list
        mended; /* curves: a kind mended, and one with none mended (ties in its order) */
    /* objects by class: what every image has of them */
    int64_t *object_first; /* per class, and one more; entries of object_order */
    int64_t *object_order;
};

enum { ASSAY_CURVE_UNMENDED = 5 };

/** Fill the lists from the judgements. */
ASSAY_NODISCARD assay_status assay_detection_errors_list(assay_detection_errors *errors,
                                                         const assay_coco_truth *truth,
                                                         assay_error *err);
/** The judgements of two detectors on the same images: those of b belong to images n.. 2n-1 of `joined`,
 *  which has both detectors' images and outlives the errors. */
ASSAY_NODISCARD assay_status assay_detection_errors_join(assay_detection_errors **out,
                                                         const assay_detection_errors *a,
                                                         const assay_detection_errors *b,
                                                         const assay_detection *joined,
                                                         assay_error *err);
void assay_error_list_dispose(assay_error_list *list);

#endif
