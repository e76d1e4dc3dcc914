/**
 * @file dota_read.h
 * Oriented boxes as DOTA has them (Xia et al. 2018, "DOTA: A Large-scale Dataset for Object Detection
 * in Aerial Images"): one text file per image, lines of x1 y1 x2 y2 x3 y3 x4 y4 class difficult;
 * lines "imagesource:..." and "gsd:..." may stand before them. Results are one file per class
 * ("Task1_plane.txt") with lines of image, score, x1 y1 ... y4.
 */
#ifndef ASSAY_CODEC_DOTA_READ_H
#define ASSAY_CODEC_DOTA_READ_H

#include "codec/annotation_draft.h"

/** The truth of one image. */
ASSAY_NODISCARD assay_status assay_dota_read(assay_annotation_draft *draft, int64_t image,
                                             const char *bytes, size_t size, assay_error *err);
/** Results of one class; also with a box (left, top, right, bottom) instead of four corners. */
ASSAY_NODISCARD assay_status assay_dota_read_results(assay_annotation_draft *draft,
                                                     int64_t category, const char *bytes,
                                                     size_t size, assay_error *err);

#endif
