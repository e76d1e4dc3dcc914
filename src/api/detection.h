/** @file detection.h  assay evaluate --task detection. Inside src/api only. */
#ifndef ASSAY_API_DETECTION_H
#define ASSAY_API_DETECTION_H

#include "api/context.h"
#include "api/detection_inputs.h"
#include "api/detection_slice.h"
#include "assay/evaluate.h"
#include "core/detection_measure.h"

/** One evaluation, as its renderers see it. */
typedef struct assay_detection_report {
    const assay_evaluate_request *request;
    assay_detection_request options; /* with defaults filled in */
    assay_protocol protocol;
    const assay_coco_truth *truth;
    int64_t results; /* rows of the results file */
    const assay_detection_inputs *inputs;
    const assay_detection_selection *selection;
    assay_detection_summary summary;
    assay_result
        measures; /* the statistics, then AP, AP50, AP75, AR of every class, then the rest */
} assay_detection_report;

/** As assay_evaluate_file, whose request has been checked. */
ASSAY_NODISCARD assay_status assay_evaluate_detection(char **json, char **table,
                                                      assay_context *context,
                                                      const assay_evaluate_request *request,
                                                      assay_error *err);
/** The protocol that the fields from iou_type to pixel ask for. */
ASSAY_NODISCARD assay_status assay_detection_protocol_of(assay_protocol *out,
                                                         const assay_evaluate_request *request,
                                                         assay_error *err);
/** Fields that belong to detection are refused. */
ASSAY_NODISCARD assay_status assay_evaluate_no_detection(const assay_evaluate_request *request,
                                                         assay_error *err);
ASSAY_NODISCARD assay_status assay_detection_json(char **out, const assay_detection_report *report,
                                                  assay_error *err);
ASSAY_NODISCARD assay_status assay_detection_table(char **out, const assay_detection_report *report,
                                                   assay_error *err);
/** The sections of the analyses, when there are any. */
void assay_detection_analyses_table(assay_buffer *out, const assay_detection_report *report);
enum { ASSAY_DETECTION_REMARKS = 24 };
/** What was noticed in the files, one sentence each; returns how many, with counts. */
int assay_detection_remarks(const char *texts[ASSAY_DETECTION_REMARKS],
                            int64_t counts[ASSAY_DETECTION_REMARKS],
                            const assay_detection_notes *notes, const assay_protocol *protocol);

#endif
