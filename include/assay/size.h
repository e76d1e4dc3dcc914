/** @file size.h  How many samples a question takes, before anything is measured. */
#ifndef ASSAY_SIZE_H
#define ASSAY_SIZE_H

#include "assay/context.h"
#include "assay/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum assay_size_kind {
    ASSAY_SIZE_PROPORTION = 1, /**< show that a rate reaches a limit */
    ASSAY_SIZE_DIFFERENCE,     /**< find the difference of two rates on different samples */
    ASSAY_SIZE_PAIRED,         /**< find the difference of two models on the same samples */
    ASSAY_SIZE_PRECISION       /**< measure a rate to within a half width */
} assay_size_kind;

/** Rates are shares of 0..1; NaN means not given. Zero fields take the defaults in brackets. */
typedef struct assay_size_request {
    size_t struct_size; /**< sizeof(assay_size_request) */
    assay_size_kind kind;
    double at_least;  /**< proportion: the limit; this or at_most */
    double at_most;   /**< proportion */
    double expect;    /**< proportion, precision: what the true rate probably is */
    int64_t failures; /**< proportion: results against it that are to be allowed; -1 = not asked,
                               `expect` and `power` decide */
    double first, second; /**< difference: the two rates; paired: share of the samples that only the
                               first, only the second gets right */
    double half_width;    /**< precision */
    double confidence;    /**< [0.95] one-sided for proportion, else two-sided */
    double power;         /**< [0.8] */
    int64_t pool;         /**< samples that exist; the statement is about them [0: unlimited] */
    double design_effect; /**< how much dependence between samples costs [1] */
    int exact;            /**< difference, paired: of Fisher's, McNemar's exact test [0: normal] */
    int64_t normal;       /**< proportion, precision: 1: the formulas of the normal approximation
                               [0: exact]; requests that end before this field are accepted too */
} assay_size_request;

/** *json: the answer as an object; *text: in plain words; either may be NULL when it is not wanted.
 *  The caller frees both with assay_text_free. */
ASSAY_API ASSAY_NODISCARD assay_status assay_size(char **json, char **text,
                                                  const assay_size_request *request,
                                                  assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
