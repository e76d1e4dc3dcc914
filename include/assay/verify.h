/** @file verify.h  Judge requirements on evidence that is there, without running a model. */
#ifndef ASSAY_VERIFY_H
#define ASSAY_VERIFY_H

#include "assay/context.h"
#include "assay/run.h"
#include "assay/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Exactly one of `evidence` and `predictions`. */
typedef struct assay_verify_request {
    size_t struct_size;      /**< sizeof(assay_verify_request) */
    const char *plan;        /**< plan with the requirements; required */
    const char *evidence;    /**< evidence folder of a run, or its results.json */
    const char *predictions; /**< predictions file (.csv, .parquet, .jsonl) instead */
    const char *model;       /**< with predictions: whose they are [the plan's only model] */
    const char *data;        /**< with predictions: of which data [the plan's only data] */
    const char *
        sequential; /**< judge while results arrive: "mixture", "betting", "empirical_bernstein", "normal_mixture", "sprt", "pool"
                                  [as the plan says]; requests that end before this are accepted */
    const char *order; /**< column whose values are the order of arrival [that of the rows] */
} assay_verify_request;

/** Nothing is written and no model is opened. *json: rule, verdicts, findings as in results.json;
 *  *text: the same for a terminal; either may be NULL when it is not wanted. The caller frees both
 *  with assay_text_free. `summary->report` stays empty. */
ASSAY_API ASSAY_NODISCARD assay_status assay_verify(char **json, char **text,
                                                    assay_run_summary *summary,
                                                    assay_context *context,
                                                    const assay_verify_request *request,
                                                    assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
