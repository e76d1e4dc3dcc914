/** @file window.h  Sliding windows of Conv, ConvTranspose and the pools, with auto_pad resolved. */
#ifndef ASSAY_ONNX_WINDOW_H
#define ASSAY_ONNX_WINDOW_H

#include "onnx/graph.h"

enum { ASSAY_ONNX_AXES = ASSAY_ONNX_RANK - 2 };

typedef struct assay_onnx_window {
    int32_t n; /* spatial axes */
    int64_t in[ASSAY_ONNX_AXES], out[ASSAY_ONNX_AXES], kernel[ASSAY_ONNX_AXES];
    int64_t stride[ASSAY_ONNX_AXES], dilation[ASSAY_ONNX_AXES];
    int64_t begin[ASSAY_ONNX_AXES], end[ASSAY_ONNX_AXES]; /* padding */
    int64_t extra[ASSAY_ONNX_AXES];                       /* output_padding of ConvTranspose */
    int64_t group;
    bool known; /* all sizes are known */
} assay_onnx_window;

/** Of a Conv, MaxPool, AveragePool, LpPool or ConvTranspose, from its input's shape and its
 *  attributes (the kernel from the weights where the attribute is left out). ASSAY_EFORMAT when
 *  the attributes do not fit. */
ASSAY_NODISCARD assay_status assay_onnx_window_of(assay_onnx_window *out,
                                                  const assay_onnx_node *node, assay_error *err);

#endif
