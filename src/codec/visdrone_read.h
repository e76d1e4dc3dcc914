/**
 * @file visdrone_read.h
 * Annotations as VisDrone (detection) has them: one text file per image, lines of left, top, width,
 * height, score, class, truncation, occlusion (Zhu et al. 2021, "Detection and Tracking Meet Drones
 * Challenge", TPAMI 44). In the truth a score of 0 means that the object is not considered.
 */
#ifndef ASSAY_CODEC_VISDRONE_READ_H
#define ASSAY_CODEC_VISDRONE_READ_H

#include "codec/annotation_draft.h"

enum { ASSAY_VISDRONE_CLASSES = 12, ASSAY_VISDRONE_REGION = 0, ASSAY_VISDRONE_OTHERS = 11 };

/** Class 0 (ignored regions) to 11 (others). */
extern const char *const assay_visdrone_classes[ASSAY_VISDRONE_CLASSES];

/** Rows for image `image`; classes[c] is the draft's row of class c, -1 = none. Objects that are not
 *  considered, and ignored regions, become crowds. With `spread` every ignored region becomes a crowd
 *  of each class 1 to 10, and others are left out: that is how the benchmark evaluates. */
ASSAY_NODISCARD assay_status assay_visdrone_read(assay_annotation_draft *draft, int64_t image,
                                                 const int64_t classes[ASSAY_VISDRONE_CLASSES],
                                                 bool spread, const char *bytes, size_t size,
                                                 assay_error *err);

#endif
