/** @file ort_once.h  One run of a graph in memory: float32 tensors in, float32 values out. */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_ONCE_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_ONCE_H

#include "codec/npy.h"
#include "onnx/graph.h"

/** out[i] has room for counts[i] values; another number of values is ASSAY_EFORMAT naming the output.
 *  Only float32 inputs are taken. */
ASSAY_NODISCARD assay_status assay_ort_run_once(float *const *out, const size_t *counts,
                                                const char *const *out_names, int32_t n_out,
                                                const void *bytes, size_t size,
                                                const char *const *in_names, const assay_tensor *in,
                                                int32_t n_in, assay_error *err);

/** The same of a graph by assay_ort_blocked_open. */
ASSAY_NODISCARD assay_status assay_ort_run_blocked(float *const *out, const size_t *counts,
                                                   int32_t *changed, const char *const *out_names,
                                                   int32_t n_out, const assay_onnx_graph *graph,
                                                   const char *const *in_names,
                                                   const assay_tensor *in, int32_t n_in,
                                                   assay_error *err);

#endif
