/** @file detection.h  assay evaluate --task detection. Inside src/api only. */
#ifndef ASSAY_API_DETECTION_H
#define ASSAY_API_DETECTION_H

#include "api/context.h"
#include "api/detection_inputs.h"
#include "assay/evaluate.h"
#include "core/detection.h"
#include "core/measure.h"

/** One evaluation, as its renderers see it. */
typedef struct assay_detection_report {
    const assay_evaluate_request *request;
    double level;
    int64_t replicates; /* 0 = no bootstrap */
    uint64_t seed;
    assay_iou_type iou;
    const assay_coco_truth *truth;
    const assay_detection *detection;
    int64_t results; /* rows of the results file */
    const assay_detection_inputs *inputs;
    assay_result measures; /* the 12 statistics, then AP, AP50, AP75, AR of every class */
} assay_detection_report;

/** As assay_evaluate_file, whose request has been checked. */
ASSAY_NODISCARD assay_status assay_evaluate_detection(char **json, char **table,
                                                      assay_context *context,
                                                      const assay_evaluate_request *request,
                                                      assay_error *err);
ASSAY_NODISCARD assay_status assay_detection_json(char **out, const assay_detection_report *report,
                                                  assay_error *err);
ASSAY_NODISCARD assay_status assay_detection_table(char **out, const assay_detection_report *report,
                                                   assay_error *err);
/** What was noticed in the files, one sentence each; returns how many (at most 16), with counts. */
int assay_detection_remarks(const char *texts[16], int64_t counts[16],
                            const assay_detection_notes *notes);

#endif
