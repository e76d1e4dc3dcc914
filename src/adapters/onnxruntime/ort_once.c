#include "adapters/onnxruntime/ort_once.h"

#include <string.h>

#include "adapters/onnxruntime/ort_blocked.h"
#include "adapters/onnxruntime/ort_session.h"

enum { MOST = 64 };

static assay_status put_inputs(OrtValue **values, const assay_ort_session *session,
                               const assay_tensor *in, int32_t n, assay_error *err)
{
    for (int32_t i = 0; i < n; i++) {
        size_t bytes = (size_t)assay_tensor_count(&in[i]) * sizeof(float);
        if (in[i].type != ASSAY_DTYPE_F32) {
            return assay_fail(err, ASSAY_EINVAL, "input %d is not of float32", i);
        }
        ASSAY_TRY(
            assay_ort_check(&session->ort,
                            session->ort.api->CreateTensorWithDataAsOrtValue(
                                session->memory, in[i].data, bytes, in[i].shape, (size_t)in[i].rank,
                                ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &values[i]),
                            ASSAY_EBACKEND, err));
    }
    return ASSAY_OK;
}

static assay_status take_output(float *out, size_t count, const assay_ort_session *session,
                                OrtValue *value, const char *name, assay_error *err)
{
    const OrtApi *api = session->ort.api;
    OrtTensorTypeAndShapeInfo *info = NULL;
    ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    size_t n = 0;
    void *data = NULL;
    ASSAY_TRY(assay_ort_check(&session->ort, api->GetTensorTypeAndShape(value, &info),
                              ASSAY_EBACKEND, err));
    assay_status status = assay_ort_check(&session->ort, api->GetTensorShapeElementCount(info, &n),
                                          ASSAY_EBACKEND, err);
    if (status == ASSAY_OK) {
        status = assay_ort_check(&session->ort, api->GetTensorElementType(info, &element),
                                 ASSAY_EBACKEND, err);
    }
    api->ReleaseTensorTypeAndShapeInfo(info);
    ASSAY_TRY(status);
    if (n != count || element != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
        return assay_fail(err, ASSAY_EFORMAT, "output %s has %zu values, expected %zu of float32",
                          name, n, count);
    }
    ASSAY_TRY(assay_ort_check(&session->ort, api->GetTensorMutableData(value, &data),
                              ASSAY_EBACKEND, err));
    if (n > 0) {
        memcpy(out, data, n * sizeof *out);
    }
    return ASSAY_OK;
}

/* Closes the session. */
static assay_status run(float *const *out, const size_t *counts, const char *const *out_names,
                        int32_t n_out, assay_ort_session *session, const char *const *in_names,
                        const assay_tensor *in, int32_t n_in, assay_error *err)
{
    assay_status status = ASSAY_OK;
    OrtValue *inputs[MOST] = {NULL};
    OrtValue *outputs[MOST] = {NULL};
    const OrtApi *api = session->ort.api;
    ASSAY_GOTO(put_inputs(inputs, session, in, n_in, err), done);
    ASSAY_GOTO(
        assay_ort_check(&session->ort,
                        api->Run(session->session, NULL, in_names, (const OrtValue *const *)inputs,
                                 (size_t)n_in, out_names, (size_t)n_out, outputs),
                        ASSAY_EBACKEND, err),
        done);
    for (int32_t i = 0; i < n_out; i++) {
        ASSAY_GOTO(take_output(out[i], counts[i], session, outputs[i], out_names[i], err), done);
    }
done:
    for (int32_t i = 0; i < MOST; i++) {
        api->ReleaseValue(inputs[i]);
        api->ReleaseValue(outputs[i]);
    }
    assay_ort_session_close(session);
    return status;
}

static assay_status check_counts(int32_t n_in, int32_t n_out, assay_error *err)
{
    return n_in > MOST || n_out > MOST
               ? assay_fail(err, ASSAY_ELIMIT, "more than %d inputs or outputs", (int)MOST)
               : ASSAY_OK;
}

assay_status assay_ort_run_once(float *const *out, const size_t *counts,
                                const char *const *out_names, int32_t n_out, const void *bytes,
                                size_t size, const char *const *in_names, const assay_tensor *in,
                                int32_t n_in, assay_error *err)
{
    assay_ort_session session;
    ASSAY_TRY(check_counts(n_in, n_out, err));
    ASSAY_TRY(assay_ort_session_open_bytes(&session, bytes, size, err));
    return run(out, counts, out_names, n_out, &session, in_names, in, n_in, err);
}

assay_status assay_ort_run_blocked(float *const *out, const size_t *counts, int32_t *changed,
                                   const char *const *out_names, int32_t n_out,
                                   const assay_onnx_graph *graph, const char *const *in_names,
                                   const assay_tensor *in, int32_t n_in, assay_error *err)
{
    assay_ort_session session;
    ASSAY_TRY(check_counts(n_in, n_out, err));
    ASSAY_TRY(assay_ort_blocked_open(&session, changed, graph, err));
    return run(out, counts, out_names, n_out, &session, in_names, in, n_in, err);
}
