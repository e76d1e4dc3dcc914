/** @file verify_boxes.h  Verdicts on detections from what a run has left. Inside src/api only. */
#ifndef ASSAY_API_VERIFY_BOXES_H
#define ASSAY_API_VERIFY_BOXES_H

#include "api/run.h"
#include "codec/json_value.h"

/** Exactly one of `results` and `predictions`. */
typedef struct assay_boxes_evidence {
    const assay_json_value *results; /* results.json in the folder run->out */
    const char *predictions;         /* a file of detections of `model` on `data` */
    int32_t model, data;
} assay_boxes_evidence;

/** Measure the cells that requirements speak of. The truth is read where the plan says it is; evidence
 *  whose truth or predictions have changed since gives a reason in place of measures. Sets run->boxes,
 *  which the caller disposes of, and run->data. */
ASSAY_NODISCARD assay_status assay_verify_boxes(assay_run *run,
                                                const assay_boxes_evidence *evidence,
                                                assay_error *err);
void assay_verify_boxes_dispose(assay_run *run);

#endif
