/** @file predict.h  Run a model over a data set and keep what it said. */
#ifndef ASSAY_PREDICT_H
#define ASSAY_PREDICT_H

#include "assay/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct assay_predict_request {
    size_t struct_size;       /**< sizeof(assay_predict_request) */
    const char *model;        /**< .onnx file, or a model description (.yaml); required */
    const char *data;         /**< folder, manifest, COCO annotations, IDX, NPY or NPZ; required */
    const char *out;          /**< file to write: .parquet; detectors also .json;
                                 segmentations: a folder of label maps; required */
    const char *target;       /**< manifest column of the class ["target"] */
    const char *labels;       /**< file of the targets, for IDX and NPY */
    const char *root;         /**< folder of the images, when not the manifest's */
    const char *truth;        /**< detectors: COCO annotations whose numbers of categories are used
                                 [data, when that is such a file] */
    const char *perturbation; /**< "name" or "name:param=value,..." [none] */
    uint64_t seed;            /**< [1] */
    int32_t skip_bad;         /**< 1: leave bad data out and count them */
    int32_t fresh;            /**< 1: compute even when `out` already holds this result */
} assay_predict_request;

typedef struct assay_predict_summary {
    int64_t n;       /**< rows written */
    int64_t images;  /**< detectors: images looked at */
    int32_t boxes;   /**< 1: the rows are boxes of a detector */
    int32_t maps;    /**< 1: label maps of a segmentation were written, n of them */
    int64_t skipped; /**< bad data left out */
    int32_t reused;  /**< 1: `out` already held exactly this result */
    double accuracy; /**< of rows with a target; NaN when there are none */
    char digest[65]; /**< of the predictions */
} assay_predict_summary;

/** Predictions are reused by content: when model, data, preprocessing, perturbation and versions are
 *  what they were, nothing is computed. Interrupted work is resumed. */
ASSAY_API ASSAY_NODISCARD assay_status assay_predict_file(assay_predict_summary *out,
                                                          assay_context *context,
                                                          const assay_predict_request *request,
                                                          assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
