/** @file verify_masks.h  Verdicts on segmentations from what a run has left. Inside src/api only. */
#ifndef ASSAY_API_VERIFY_MASKS_H
#define ASSAY_API_VERIFY_MASKS_H

#include "api/run.h"
#include "codec/json_value.h"

/** Exactly one of `results` and `predictions`. */
typedef struct assay_masks_evidence {
    const assay_json_value *results; /* results.json in the folder run->out */
    const char *predictions;         /* of `model` on `data`: a folder or a panoptic file */
    int32_t model, data;
} assay_masks_evidence;

/** As assay_verify_boxes. Sets run->masks, run->boxes and run->data; assay_verify_boxes_dispose frees the
 *  latter two. */
ASSAY_NODISCARD assay_status assay_verify_masks(assay_run *run,
                                                const assay_masks_evidence *evidence,
                                                assay_error *err);
void assay_verify_masks_dispose(assay_run *run);

#endif
