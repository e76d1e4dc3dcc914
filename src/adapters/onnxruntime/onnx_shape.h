/** @file onnx_shape.h  From what the model declares and what the user declares to one input shape. */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_SHAPE_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_SHAPE_H

#include "core/model.h"

/**
 * Set the batch, the channels, height and width of the prepared input, its type, and the colour and
 * layout of the preprocessing, and give the shape to run with. `text` describes the port in messages.
 * Accepted: [N, C, H, W], [N, H, W, C], [N, H, W] (grey) and [N, values] (flattened), with 1 or 3
 * channels. Anything else, or a contradiction, is an error that shows the shape and says what to
 * declare.
 */
ASSAY_NODISCARD assay_status assay_onnx_input_resolve(int64_t shape[4], assay_model *model,
                                                      const assay_port *port, const char *text,
                                                      assay_error *err);

#endif
