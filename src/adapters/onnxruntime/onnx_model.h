/** @file onnx_model.h  ONNX files through ONNX Runtime, opened with dlopen. */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_MODEL_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_MODEL_H

#include "core/model.h"

/**
 * ONNX Runtime is looked for in this order: the file named by the environment variable
 * ASSAY_ONNXRUNTIME; beside the program (and ../lib of it); the system's libonnxruntime.so; the
 * copy that tools/setup made. When none is found: ASSAY_EBACKEND and a message that says exactly
 * where it looked.
 */
ASSAY_NODISCARD assay_status assay_onnx_model_open(assay_model **out, const assay_model_spec *spec,
                                                   const char *name, assay_error *err);

#endif
