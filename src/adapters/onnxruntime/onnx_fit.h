/**
 * @file onnx_fit.h
 * Which batch of an ONNX model fits into a given memory: by the lives of the graph's values
 * (onnx/memory.h) for its answers and for the gradient of a loss.
 */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_FIT_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_FIT_H

#include "adapters/onnxruntime/onnx_gradient.h"

/** `output` is the port that gives the scores, `shape` that of the input batch. Only chooses: the caller
 *  sets the batch. */
ASSAY_NODISCARD assay_status assay_onnx_fit(assay_model_fit *out, const assay_model *model,
                                            const assay_onnx_gradients *gradients, int32_t output,
                                            const int64_t *shape, const assay_model_room *room,
                                            assay_error *err);

#endif
