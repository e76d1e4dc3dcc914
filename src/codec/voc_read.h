/**
 * @file voc_read.h
 * Annotations as Pascal VOC has them: one XML file per image (Everingham et al. 2010, "The Pascal
 * Visual Object Classes (VOC) challenge").
 */
#ifndef ASSAY_CODEC_VOC_READ_H
#define ASSAY_CODEC_VOC_READ_H

#include "codec/annotation_draft.h"

/** What xmax means: VOC itself names the first and the last pixel, counted from 1; most other writers
 *  (labelImg, labelme) write the edges of the box. */
typedef enum assay_voc_corners { ASSAY_VOC_EDGES = 1, ASSAY_VOC_PIXELS } assay_voc_corners;

/** Rows of one file into the draft. `file` names the image when the XML gives no <filename>; a size
 *  of 0 is taken from the XML. `own_name` = the XML's <filename> is not asked. */
ASSAY_NODISCARD assay_status assay_voc_read(assay_annotation_draft *draft, const char *file,
                                            bool own_name, int32_t width, int32_t height,
                                            assay_voc_corners corners, const char *bytes,
                                            size_t size, assay_error *err);

#endif
