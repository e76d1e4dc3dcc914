/** @file summary.h  What a graph is made of, for people. */
#ifndef ASSAY_ONNX_SUMMARY_H
#define ASSAY_ONNX_SUMMARY_H

#include "onnx/gradient.h"

typedef struct assay_onnx_count_of {
    const char *op; /* with its domain: "com.microsoft.FusedConv" */
    int64_t n;
    int64_t flops; /* of all of them; -1 = not known */
} assay_onnx_count_of;

typedef struct assay_onnx_summary {
    const char **inputs, **outputs; /* "\"x\": float32[N, 3, 224, 224]" */
    int32_t n_inputs, n_outputs;
    assay_onnx_count_of *operators; /* most frequent first, then by name */
    int32_t n_operators;
    int64_t nodes;
    int64_t parameters, parameter_bytes; /* real numbers among the initialisers and constants */
    int64_t flops; /* of one datum: a multiplication and an addition are two; -1 = not known */
    const char *activation;    /* the closing Softmax, LogSoftmax or Sigmoid; NULL = none */
    const char *trouble;       /* why shapes could not be inferred; NULL = they could */
    assay_onnx_names blockers; /* nodes on the way from inputs to outputs without gradient rule */
    assay_onnx_names steps;    /* rounding and the like: straight-through */
    assay_onnx_names flat;     /* nodes behind which it is zero, when it is zero for every output */
    bool differentiable;
} assay_onnx_summary;

/** Texts live in the graph's arena. The graph is upgraded, its first dimensions that were open are 1
 *  afterwards. */
ASSAY_NODISCARD assay_status assay_onnx_summarise(assay_onnx_summary *out, assay_onnx_graph *graph,
                                                  assay_error *err);

#endif
