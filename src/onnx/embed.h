/** @file embed.h  What a model knows about a datum before it decides: a layer as one row of numbers. */
#ifndef ASSAY_ONNX_EMBED_H
#define ASSAY_ONNX_EMBED_H

#include <stdbool.h>

#include "onnx/graph.h"

typedef struct assay_onnx_embedding_request {
    const char *output; /* whose last layer is meant; NULL = the first output */
    const char *layer;  /* value or node; NULL = what the last layer with weights gets */
    bool whole;         /* every place; false: the mean over places (pixels of a map, tokens) */
} assay_onnx_embedding_request;

typedef struct assay_onnx_embedding {
    assay_onnx_value *value; /* float32 [n, numbers] */
    const char *layer;       /* the value's name in the model */
    const char *before;      /* the operator that gets it, when it was found; NULL = named */
    int32_t averaged;        /* dimensions that the mean was taken over */
} assay_onnx_embedding;

/**
 * The first dimension is the batch; [n, channels, ...] gives a number per channel, [n, tokens, numbers]
 * a number each (means), or all of them in a row when `whole`. The graph must be upgraded. A name that
 * is not there is ASSAY_EINVAL and lists the last layers.
 */
ASSAY_NODISCARD assay_status assay_onnx_embed(assay_onnx_embedding *out, assay_onnx_graph *graph,
                                              const assay_onnx_embedding_request *request,
                                              assay_error *err);

#endif
