/**
 * @file onnx_gradient.h
 * Gradients of an ONNX model: its graph with a loss and the gradient nodes added (src/onnx), as
 * sessions of their own. One per loss, built when it is first asked for.
 */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_GRADIENT_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_GRADIENT_H

#include <stdbool.h>

#include "core/model.h"
#include "onnx/memory.h"

typedef struct assay_onnx_gradients assay_onnx_gradients;

/** `output` is the port that gives the scores, `shape` that of the input batch (as many entries as
 *  the input port has dimensions). The model must outlive it. */
ASSAY_NODISCARD assay_status assay_onnx_gradients_new(assay_onnx_gradients **out,
                                                      assay_model *model, int32_t output,
                                                      const int64_t *shape, assay_error *err);

/** The backend's hook; may be called from several threads. */
ASSAY_NODISCARD assay_status assay_onnx_gradients_run(assay_onnx_gradients *self, float *gradient,
                                                      float *loss, float *logits,
                                                      const assay_model_batch *batch,
                                                      const assay_loss *what, assay_error *err);

/** What a session for batches of `batch` rows takes; ASSAY_EUNSUPPORTED when there are no gradients. */
ASSAY_NODISCARD assay_status assay_onnx_gradients_weigh(assay_onnx_memory *out,
                                                        const assay_onnx_gradients *self,
                                                        int64_t batch, assay_error *err);

/** From now on at most so many sessions are open at a time (0 = one for each loss and size): what was
 *  asked for longest ago is closed for another. `whole`: none for smaller batches. Before anybody asks. */
void assay_onnx_gradients_limit(assay_onnx_gradients *self, int32_t most, bool whole);

/** NULL is allowed. */
void assay_onnx_gradients_free(assay_onnx_gradients *self);

#endif
