/** @file model.h  Looking into model files: what they are made of, whether gradients can be trusted. */
#ifndef ASSAY_MODEL_H
#define ASSAY_MODEL_H

#include "assay/context.h"
#include "assay/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Inputs, outputs, operators, parameters, operations per datum, metadata of an ONNX file, and whether
 * it can be differentiated. *json as an object, *text in plain words; either may be NULL when it is
 * not wanted. The caller frees both with assay_text_free.
 */
ASSAY_API ASSAY_NODISCARD assay_status assay_model_info(char **json, char **text, const char *path,
                                                        assay_error *err);

typedef struct assay_gradient_check_request {
    size_t struct_size; /**< sizeof(assay_gradient_check_request) */
    const char *model;  /**< ONNX file or model.yaml */
    const char *data;   /**< data set whose first data are used; NULL = random input in 0..1 */
    int64_t samples;    /**< data to try [8] */
    int64_t directions; /**< random directions for each datum [8] */
    uint64_t seed;      /**< [1] */
} assay_gradient_check_request;

typedef struct assay_gradient_check_summary {
    int trusted;         /**< 1: gradients agree with what the model does */
    double median_error; /**< relative difference, over data and directions */
    double agreeing;     /**< share of directions that agree within 5 % */
    double zero;         /**< share of data whose gradient is zero */
    int64_t n;           /**< data tried */
} assay_gradient_check_summary;

/** Compare the gradient of the cross-entropy with central differences of it along random directions.
 *  A model without gradients is ASSAY_EUNSUPPORTED and says which node stops it. */
ASSAY_API ASSAY_NODISCARD assay_status assay_model_check_gradient(
    assay_gradient_check_summary *out, char **json, char **text, assay_context *context,
    const assay_gradient_check_request *request, assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
