/** @file run.h  Carry out a test plan, and render the report of a finished one. */
#ifndef ASSAY_RUN_H
#define ASSAY_RUN_H

#include "assay/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct assay_run_request {
    size_t struct_size;         /**< sizeof(assay_run_request) */
    const char *plan;           /**< plan.yaml; required */
    const char *out;            /**< evidence folder [`evidence` beside the plan] */
    int32_t check;              /**< 1: check the plan and that its inputs exist, run nothing */
    int32_t fresh;              /**< 1: don't reuse predictions of an earlier run */
    const char *const *command; /**< NULL-terminated argv for the provenance; may be NULL */
} assay_run_request;

typedef struct assay_run_summary {
    int32_t met;
    int32_t not_met;
    int32_t inconclusive;
    int32_t not_evaluated;
    int64_t measures;
    int64_t skipped;   /**< bad data left out */
    char report[4096]; /**< path of report.html */
} assay_run_summary;

/** The evidence folder gets results.json, report.html, report.md, junit.xml, results.sarif,
 *  oscal.json, log.txt and predictions/. A killed run resumes: finished predictions and batches are reused. */
ASSAY_API ASSAY_NODISCARD assay_status assay_run_plan(assay_run_summary *out,
                                                      assay_context *context,
                                                      const assay_run_request *request,
                                                      assay_error *err);

/** Render report.html, report.md, junit.xml, results.sarif and oscal.json again from `folder`/results.json. */
ASSAY_API ASSAY_NODISCARD assay_status assay_report_folder(assay_context *context,
                                                           const char *folder, assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
