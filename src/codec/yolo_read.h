/**
 * @file yolo_read.h
 * Label files of the YOLO family: one text file per image, one line per object: class number, then
 * the box as centre x, centre y, width, height, or an outline x y x y ..., all as shares of the
 * image's width and height. With keypoints these follow the box: x, y and maybe the visibility of each.
 * Results have the confidence as last number.
 */
#ifndef ASSAY_CODEC_YOLO_READ_H
#define ASSAY_CODEC_YOLO_READ_H

#include "codec/annotation_draft.h"

/** Keypoints of every object; {0} = none. */
typedef struct assay_yolo_keypoints {
    int32_t n;       /* of an object */
    int32_t numbers; /* of a keypoint: 2 or 3; 0 = told from the length of the line */
} assay_yolo_keypoints;

/** Rows for image `image` of the draft, whose size must be known. `classes` (may be NULL) gives the
 *  draft's class row of each number, -1 = none. */
ASSAY_NODISCARD assay_status assay_yolo_read(assay_annotation_draft *draft, int64_t image,
                                             const int64_t *classes, int64_t n_classes,
                                             assay_yolo_keypoints keypoints, const char *bytes,
                                             size_t size, assay_error *err);

#endif
