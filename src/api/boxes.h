/** @file boxes.h  Detections as files: COCO results, Parquet. Inside src/api only. */
#ifndef ASSAY_API_BOXES_H
#define ASSAY_API_BOXES_H

#include "base/buffer.h"
#include "codec/coco_read.h"
#include "core/dataset.h"
#include "core/detections.h"
#include "core/table.h"

/** The numbers by which COCO files call images and classes. */
typedef struct assay_box_numbers {
    int64_t *image; /* per image: the data set's column image_id, else 1, 2, ... */
    int64_t
        *category;   /* per class: that of the truth with the same name, else numbers that the truth
                          does not use; without a truth 1, 2, ... */
    int32_t unknown; /* classes that the truth does not have; 0 without a truth */
} assay_box_numbers;

/** truth may be NULL. */
ASSAY_NODISCARD assay_status assay_box_numbers_make(assay_box_numbers *out,
                                                    const assay_dataset *data, int32_t classes,
                                                    const char *const *class_names,
                                                    const assay_coco_truth *truth,
                                                    assay_error *err);
void assay_box_numbers_dispose(assay_box_numbers *numbers);

/** Read a file of COCO annotations; errors start with the path. */
ASSAY_NODISCARD assay_status assay_truth_read(assay_coco_truth **out, const char *path, bool masks,
                                              assay_error *err);

/** COCO results: one row a line, boxes and scores in the fewest digits that give the same double. */
ASSAY_NODISCARD assay_status assay_boxes_coco(assay_buffer *out, const assay_detections *detections,
                                              const assay_box_numbers *numbers, assay_error *err);
/** Columns image_id, image, category_id, category, score, left, top, width, height, then the corners or
 *  keypoints if there are any. An image without
 *  boxes has one row in which only the first two are given. */
ASSAY_NODISCARD assay_status assay_boxes_table(assay_table **out,
                                               const assay_detections *detections,
                                               const assay_box_numbers *numbers, assay_error *err);

#endif
