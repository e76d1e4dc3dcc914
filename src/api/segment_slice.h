/** @file segment_slice.h  Which images of segmentations a predicate takes. Inside src/api only. */
#ifndef ASSAY_API_SEGMENT_SLICE_H
#define ASSAY_API_SEGMENT_SLICE_H

#include "api/detection_slice.h"
#include "api/segment_set.h"

/** The images of the truth without objects, as slices and groups ask for them: image_id (from 1, or the
 *  panoptic file's), file_name, width, height. `names` (may be NULL) are those of the images themselves,
 *  in place of the label maps'. The caller frees with assay_coco_truth_free. */
ASSAY_NODISCARD assay_status assay_segment_images_of(assay_coco_truth **out,
                                                     const assay_segment_truth *truth,
                                                     const char *const *names, assay_error *err);
/** As assay_detection_select: images only. */
ASSAY_NODISCARD assay_status assay_segment_select(assay_detection_selection *out,
                                                  const assay_coco_truth *images,
                                                  const assay_detection_choice *choice,
                                                  assay_error *err);

#endif
