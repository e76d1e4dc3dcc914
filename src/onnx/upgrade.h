/**
 * @file upgrade.h
 * Older graphs in the words of opset 18, so that shapes, surgery and gradients know one form of each
 * operator: attributes that became inputs, Softmax over flattened dimensions, Upsample, Scatter,
 * Dropout at inference. The function that is computed does not change.
 */
#ifndef ASSAY_ONNX_UPGRADE_H
#define ASSAY_ONNX_UPGRADE_H

#include "onnx/graph.h"

/** Also infers all shapes. Opsets outside of 7 to 23 are ASSAY_EUNSUPPORTED. */
ASSAY_NODISCARD assay_status assay_onnx_upgrade(assay_onnx_graph *graph, assay_error *err);

#endif
