/** @file read_internal.h  The two files that turn unpacked messages into a graph. */
#ifndef ASSAY_ONNX_READ_INTERNAL_H
#define ASSAY_ONNX_READ_INTERNAL_H

#include <onnx.pb-c.h>

#include "onnx/internal.h"

typedef struct reader {
    assay_onnx_graph *graph;
    assay_onnx_external_fn external;
    void *payload;
} reader;

ASSAY_NODISCARD assay_status assay_onnx_read_tensor(const assay_onnx_data **out,
                                                    const Onnx__TensorProto *proto,
                                                    const reader *self, assay_error *err);

#endif
