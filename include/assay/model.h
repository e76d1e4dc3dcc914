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

typedef struct assay_embed_request {
    size_t struct_size; /**< sizeof(assay_embed_request) */
    const char *model;  /**< ONNX file or model.yaml; required */
    const char *data;   /**< folder, manifest, IDX, NPY or NPZ; required */
    const char *out;    /**< file to write: .npy (n x numbers, float32, in the order of the data) or
                             .parquet (id, target, e0, e1, ...); required */
    const char *layer;  /**< value or node of the graph [what the last layer with weights gets] */
    int32_t whole;      /**< 1: all places of a map in a row; 0: their mean for each channel */
    const char *target; /**< manifest column of the class ["target"] */
    const char *labels; /**< file of the targets, for IDX and NPY */
    int32_t skip_bad;   /**< 1: leave bad data out and count them */
} assay_embed_request;

typedef struct assay_embed_summary {
    int64_t n;       /**< rows written */
    int64_t width;   /**< numbers in a row */
    int64_t skipped; /**< bad data left out */
} assay_embed_summary;

/** The activations of one layer for every datum. *json as an object, *text in plain words, both say which
 *  layer it was and what was averaged; either may be NULL. The caller frees them with assay_text_free. */
ASSAY_API ASSAY_NODISCARD assay_status assay_model_embed(assay_embed_summary *out, char **json,
                                                         char **text, assay_context *context,
                                                         const assay_embed_request *request,
                                                         assay_error *err);

typedef struct assay_cut_request {
    size_t struct_size;         /**< sizeof(assay_cut_request) */
    const char *model;          /**< ONNX file or model.yaml; required */
    const char *out;            /**< ONNX file to write; required */
    const char *const *outputs; /**< values or nodes that the new model gives [as before] */
    int64_t n_outputs;
    int32_t strip; /**< 1: without the Softmax, LogSoftmax or Sigmoid that closes each output */
    const char
        *head; /**< put at the end [none]: cross_entropy, margin, logit, logit_difference, dlr
                                or dlr_targeted of a classifier; verdict, vanish, fabricate, mislabel or
                                shift of a detector (docs/gradients.md) */
    double threshold;       /**< detectors: the score from which on a box counts; 0 = 0.25 */
    const char *class_name; /**< mislabel: towards this class [away from each box's own] */
    int64_t batch;          /**< of the new model, when it gets a head [1] */
    int32_t gradient; /**< 1: with a head: another output, the gradient of its sum in the input */
} assay_cut_request;

/** Another model out of a model. Next to a verdict its description is written (OUT.yaml), so that it can be
 *  attacked at once. *text says what the new model takes and gives; the caller frees it. */
ASSAY_API ASSAY_NODISCARD assay_status assay_model_cut(char **text,
                                                       const assay_cut_request *request,
                                                       assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
