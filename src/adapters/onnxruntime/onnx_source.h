/** @file onnx_source.h  An ONNX file as a graph, with the files beside it that hold its weights. */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_SOURCE_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_SOURCE_H

#include "onnx/graph.h"

typedef struct assay_onnx_source {
    assay_onnx_graph *graph;
    assay_arena *arena;
    const char *folder;
    const char **names; /* of the files beside it */
    uint8_t **files;
    size_t *sizes;
    int32_t n, capacity;
} assay_onnx_source;

/** Weights outside of the model's folder are refused. On failure nothing is left open. */
ASSAY_NODISCARD assay_status assay_onnx_source_open(assay_onnx_source *out, const char *path,
                                                    assay_error *err);
void assay_onnx_source_close(assay_onnx_source *source);

#endif
