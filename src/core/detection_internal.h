/** @file detection_internal.h  What the parts of the detection engine share. */
#ifndef ASSAY_CORE_DETECTION_INTERNAL_H
#define ASSAY_CORE_DETECTION_INTERNAL_H

#include "core/detection.h"

/** Objects and detections of one class in one image. */
typedef struct assay_cell {
    int32_t category, image;     /* ranks of the ids */
    int64_t objects, detections; /* first in assay_pairing.objects, .detections */
    int32_t n_objects;
    int32_t n_kept; /* detections within the largest cap */
    int64_t n_detections;
    int64_t kept;                        /* first in the kept columns */
    int32_t positives[ASSAY_COCO_AREAS]; /* objects that count */
} assay_cell;

/** Truth and results put together: rows by class, then image, then place in the file. */
typedef struct assay_pairing {
    const assay_coco_truth *truth;
    const assay_coco_rows *results;
    int64_t *objects, *detections; /* rows */
    double *object_area;           /* per row of the truth */
    bool boxed;                    /* results have boxes, which give their areas too */
} assay_pairing;

struct assay_detection {
    assay_iou_type iou;
    int32_t caps[ASSAY_COCO_CAPS];
    int threads;
    const assay_cancel *cancel;
    int64_t n_images, n_categories, n_cells, n_kept;
    int64_t *image_id;    /* ascending */
    int64_t *image_row;   /* in the truth */
    int64_t *category_id; /* ascending */
    int64_t *category_row;
    assay_cell *cells;
    int64_t *cell_first; /* per class, and one more */
    int64_t *kept_first; /* per class, and one more */
    /* detections within the cap; by class, and inside a class by falling score once sorted */
    double *score;
    int32_t *image;
    int32_t *place;     /* in its image and class, from 0 */
    uint16_t *hit;      /* per area range: bit t = matched at threshold t */
    uint16_t *skip;     /* per area range: bit t = ignored at threshold t */
    int64_t *positives; /* per class and area range */
    assay_detection_notes notes;
};

/** Fill the ranks, cells and rows. */
ASSAY_NODISCARD assay_status assay_detection_pair(assay_pairing *pairing, assay_detection *d,
                                                  assay_error *err);
void assay_pairing_dispose(assay_pairing *pairing);

#endif
