/** @file detection_inputs.h  The truth and the results of a detection evaluation. Inside src/api only. */
#ifndef ASSAY_API_DETECTION_INPUTS_H
#define ASSAY_API_DETECTION_INPUTS_H

#include "api/annotations.h"
#include "api/context.h"
#include "assay/evaluate.h"
#include "core/detection_protocol.h"
#include "core/hierarchy_expand.h"

typedef struct assay_detection_inputs {
    assay_coco_truth *truth;
    assay_coco_rows *results;
    assay_annotation_notes truth_notes, results_notes; /* with digests when these are wanted */
    assay_expansion expansion;                         /* by the hierarchy of classes, if any */
    int64_t hierarchy_classes;
    char hierarchy_digest[ASSAY_DIGEST_HEX]; /* "" = without a hierarchy */
} assay_detection_inputs;

/** Read both, side by side where results can be read without the truth. */
ASSAY_NODISCARD assay_status assay_detection_inputs_read(assay_detection_inputs *out,
                                                         assay_context *context,
                                                         const assay_evaluate_request *request,
                                                         assay_iou_type iou, bool digests,
                                                         assay_error *err);
void assay_detection_inputs_dispose(assay_detection_inputs *inputs);

enum { ASSAY_INPUT_REMARKS = 12 };
/** What was met while reading, one sentence each with its count; returns how many. */
int assay_detection_input_remarks(const char *texts[ASSAY_INPUT_REMARKS],
                                  int64_t counts[ASSAY_INPUT_REMARKS],
                                  const assay_detection_inputs *inputs);

#endif
