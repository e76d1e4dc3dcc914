/**
 * @file memory.h
 * How much memory running a graph takes, from the lives of its values: a value takes room from the node
 * that makes it to the last node that reads it. An estimate: runtimes keep some longer, lay them out
 * anew for faster kernels, and lose room to gaps.
 */
#ifndef ASSAY_ONNX_MEMORY_H
#define ASSAY_ONNX_MEMORY_H

#include "onnx/graph.h"

typedef struct assay_onnx_memory {
    bool known; /* false: the size of a value depends on the data; the rest is 0 */
    int64_t
        weights;  /* bytes of the initialisers, and of what runtimes compute of them beforehand */
    int64_t file; /* of the initialisers alone: the file's size, nearly */
    int64_t
        values; /* most that lives at the same time while it runs, inputs and outputs included */
} assay_onnx_memory;

/**
 * Of a graph in an order in which it can run, pruned, its shapes inferred (infer.h). What reshapes
 * (Reshape, Flatten, Squeeze, Unsqueeze, Identity) takes no room of its own; nothing else is taken to
 * work in place.
 */
ASSAY_NODISCARD assay_status assay_onnx_memory_of(assay_onnx_memory *out, assay_onnx_graph *graph,
                                                  assay_error *err);

#endif
