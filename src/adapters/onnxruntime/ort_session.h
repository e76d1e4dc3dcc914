/** @file ort_session.h  One ONNX Runtime session with its ports, as people would describe them. */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_SESSION_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_SESSION_H

#include <stdbool.h>

#include "adapters/onnxruntime/ort_library.h"
#include "core/model.h"

typedef struct assay_ort_session {
    assay_ort ort;
    OrtEnv *env;
    OrtSession *session;
    OrtMemoryInfo *memory;
    OrtCustomOpDomain *kernels; /* of our own; NULL in sessions of files */
    /* One line each, parallel to the model's ports: "x": float32[batch, 3, 224, 224]. */
    const char **input_text, **output_text;
} assay_ort_session;

/** Open the library, load the file. One thread per run, in the caller's thread, all graph
 *  optimisations, deterministic kernels, silent. */
ASSAY_NODISCARD assay_status assay_ort_session_open(assay_ort_session *out, const char *path,
                                                    assay_error *err);
/** The same of a model in memory (whose bytes are not needed any more afterwards). */
ASSAY_NODISCARD assay_status assay_ort_session_open_bytes(assay_ort_session *out, const void *bytes,
                                                          size_t size, assay_error *err);
/** The same, and the graph as the library has optimised it is written to a file. */
ASSAY_NODISCARD assay_status assay_ort_session_open_saving(assay_ort_session *out,
                                                           const void *bytes, size_t size,
                                                           const char *save, assay_error *err);
/** Of a graph that is optimised already: it is run as it stands. */
ASSAY_NODISCARD assay_status assay_ort_session_open_finished(assay_ort_session *out,
                                                             const void *bytes, size_t size,
                                                             assay_error *err);
void assay_ort_session_close(assay_ort_session *self);

/** Fill model->inputs and ->outputs and the describing texts. Ports that are no tensors, or tensors
 *  of a type that Assay has no name for, get type 0. */
ASSAY_NODISCARD assay_status assay_ort_session_ports(assay_model *model, assay_ort_session *self,
                                                     assay_error *err);

/** 0 when there is none. */
assay_dtype assay_ort_dtype(ONNXTensorElementDataType element);
ONNXTensorElementDataType assay_ort_element(assay_dtype type);

#endif
