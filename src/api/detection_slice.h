/** @file detection_slice.h  Which images and boxes --where takes, and what belongs together. Inside
 *  src/api only. */
#ifndef ASSAY_API_DETECTION_SLICE_H
#define ASSAY_API_DETECTION_SLICE_H

#include "assay/evaluate.h"
#include "core/detection.h"
#include "core/table.h"

typedef struct assay_detection_selection {
    assay_detection_slice slice; /* points into the masks below */
    int64_t *cluster;            /* per image of the truth; NULL = none */
    uint8_t *images, *objects, *results;
    int64_t n_images, n_objects, n_results; /* selected; -1 = all */
} assay_detection_selection;

/** What is asked for; every pointer may be NULL. */
typedef struct assay_detection_choice {
    const char *where, *cluster;
    const char *metadata;       /* file of a table about the images */
    const assay_table *columns; /* more about some of the images: row i is about image row[i] */
    const int64_t *row;
    bool images_only; /* there are no boxes: their columns are not known */
    bool plan; /* asked for by a plan: nothing may be chosen, and messages speak of its keys */
} assay_detection_choice;

/**
 * `where` (may be NULL): an SQL predicate. When it uses nothing but what is known of images it selects
 * images: image_id, file_name, width, height, objects (how many), object_density (objects per million
 * pixels), every scalar member of the truth's images, and the columns of `metadata`. Else it selects
 * boxes, in truth and results: category, area, box_width, box_height, aspect (width / height), x and y
 * (of the centre, 0..1 when the image's size is known, else pixels), of objects also crowd, difficult,
 * truncated, occluded, of results also score. Unknown members are NULL, which is false.
 * `cluster` (may be NULL): a column of the images; equal values are resampled together.
 */
ASSAY_NODISCARD assay_status assay_detection_select(assay_detection_selection *out,
                                                    const assay_coco_truth *truth,
                                                    const assay_coco_rows *results,
                                                    const assay_detection_choice *choice,
                                                    assay_error *err);
void assay_detection_selection_dispose(assay_detection_selection *selection);

#endif
