/** @file compare_segmentation.h  assay compare --task segmentation. Inside src/api only. */
#ifndef ASSAY_API_COMPARE_SEGMENTATION_H
#define ASSAY_API_COMPARE_SEGMENTATION_H

#include "api/context.h"
#include "assay/compare.h"

/** As assay_compare_files, whose request has been checked. The margin is judged on mean IoU, of segments
 *  on panoptic quality. *flips: CSV of the images that change. */
ASSAY_NODISCARD assay_status assay_compare_segmentations(char **json, char **table, char **flips,
                                                         assay_compare_summary *summary,
                                                         assay_context *context,
                                                         const assay_compare_request *request,
                                                         assay_error *err);

#endif
