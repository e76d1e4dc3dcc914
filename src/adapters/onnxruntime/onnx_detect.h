/** @file onnx_detect.h  Detectors: outputs bound to the decoder's roles. Internal to this folder. */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_DETECT_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_DETECT_H

#include "adapters/onnxruntime/ort_session.h"

typedef struct assay_onnx_roles {
    int32_t output[ASSAY_DECODER_ROLES];        /* index of the model's output; -1 = none */
    assay_tensor constant[ASSAY_DECODER_ROLES]; /* float32, owned; data NULL = none */
} assay_onnx_roles;

/** Bind the roles by what is declared, by equal names, or because there is only one output; read
 *  constants and add them to the model's digest; find the number of classes. */
ASSAY_NODISCARD assay_status assay_onnx_roles_resolve(assay_onnx_roles *out, int32_t *classes,
                                                      assay_model *model,
                                                      const assay_ort_session *session,
                                                      assay_error *err);
void assay_onnx_roles_dispose(assay_onnx_roles *roles);

/** Run the session on `input` and hand its outputs over as float32. */
ASSAY_NODISCARD assay_status assay_onnx_roles_run(const assay_onnx_roles *roles,
                                                  const assay_model *model,
                                                  const assay_ort_session *session,
                                                  const OrtValue *input, assay_infer_fn take,
                                                  void *payload, assay_error *err);

#endif
