#include "adapters/onnxruntime/onnx_detect.h"

#include <string.h>

#include "adapters/filesystem/file.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"

enum { MOST_CONSTANT = 1 << 30 };

static const char *list_outputs(assay_model *model, const assay_ort_session *session)
{
    assay_buffer text;
    assay_buffer_init(&text, 4096);
    for (int32_t i = 0; i < model->n_outputs; i++) {
        assay_buffer_puts(&text, i > 0 ? "; " : "");
        assay_buffer_puts(&text, session->output_text[i]);
    }
    const char *copy = text.data != NULL ? assay_arena_strdup(model->arena, text.data) : NULL;
    assay_buffer_dispose(&text);
    return copy != NULL ? copy : "none";
}

static int32_t find_output(const assay_model *model, const char *name)
{
    for (int32_t i = 0; i < model->n_outputs; i++) {
        if (strcmp(model->outputs[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static float value_at(const void *data, assay_dtype type, size_t i)
{
    switch (type) {
    case ASSAY_DTYPE_F16:
        return assay_half_to_float(((const uint16_t *)data)[i]);
    case ASSAY_DTYPE_F32:
        return ((const float *)data)[i];
    case ASSAY_DTYPE_F64:
        return (float)((const double *)data)[i];
    case ASSAY_DTYPE_I64:
        return (float)((const int64_t *)data)[i];
    case ASSAY_DTYPE_I32:
        return (float)((const int32_t *)data)[i];
    case ASSAY_DTYPE_U8:
    case ASSAY_DTYPE_BOOL:
        return (float)((const uint8_t *)data)[i];
    default:
        return 0.0F;
    }
}

static bool is_numeric(assay_dtype type)
{
    return type == ASSAY_DTYPE_F16 || type == ASSAY_DTYPE_F32 || type == ASSAY_DTYPE_F64 ||
           type == ASSAY_DTYPE_I64 || type == ASSAY_DTYPE_I32 || type == ASSAY_DTYPE_U8 ||
           type == ASSAY_DTYPE_BOOL;
}

/* The file's numbers as float32; its digest goes into the model's. */
static assay_status read_constant(assay_tensor *out, assay_model *model, const char *path,
                                  assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    assay_tensor raw = {0};
    assay_digest *sum = NULL;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_file_read(&bytes, &size, path, MOST_CONSTANT, err));
    ASSAY_GOTO(assay_npy_read(&raw, bytes, size, MOST_CONSTANT, err), done);
    if (!is_numeric(raw.type)) {
        status = assay_fail(err, ASSAY_EUNSUPPORTED, "the array is of %s, expected float32",
                            assay_dtype_name(raw.type));
        goto done;
    }
    ASSAY_GOTO(assay_tensor_new(out, ASSAY_DTYPE_F32, raw.rank, raw.shape, err), done);
    for (int64_t i = 0; i < assay_tensor_count(&raw); i++) {
        ((float *)out->data)[i] = value_at(raw.data, raw.type, (size_t)i);
    }
    ASSAY_GOTO(assay_digest_new(&sum, err), done);
    assay_digest_text(sum, model->digest);
    assay_digest_update(sum, bytes, size);
    status = assay_digest_hex(model->digest, sum, err);
done:
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    assay_digest_free(sum);
    assay_tensor_dispose(&raw);
    assay_free(bytes);
    return status;
}

static assay_status bind_declared(assay_onnx_roles *roles, assay_model *model,
                                  const assay_ort_session *session, const assay_decoder *decoder,
                                  assay_error *err)
{
    const assay_detector_spec *d = &model->spec.detector;
    for (int32_t b = 0; b < d->n_bindings; b++) {
        const assay_output_binding *binding = &d->bindings[b];
        int32_t r = 0;
        while (r < decoder->n_roles && strcmp(decoder->roles[r].name, binding->role) != 0) {
            r++;
        }
        if (r == decoder->n_roles) {
            return assay_fail(err, ASSAY_EFORMAT, "the decoder %s has no output called \"%s\"",
                              d->decoder->op->name, binding->role);
        }
        if (assay_text_ends_nocase(binding->name, ".npy")) {
            ASSAY_TRY(read_constant(&roles->constant[r], model, binding->name, err));
            continue;
        }
        roles->output[r] = find_output(model, binding->name);
        if (roles->output[r] < 0) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "there is no output called \"%s\"; the model has %s", binding->name,
                              list_outputs(model, session));
        }
    }
    return ASSAY_OK;
}

static assay_status bind_rest(assay_onnx_roles *roles, assay_model *model,
                              const assay_ort_session *session, const assay_decoder *decoder,
                              assay_error *err)
{
    for (int32_t r = 0; r < decoder->n_roles; r++) {
        if (roles->output[r] >= 0 || roles->constant[r].data != NULL) {
            continue;
        }
        roles->output[r] = find_output(model, decoder->roles[r].name);
        if (roles->output[r] < 0 && r == 0 && model->n_outputs == 1) {
            roles->output[r] = 0;
        }
        if (roles->output[r] < 0 && !decoder->roles[r].optional) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "the decoder %s needs \"%s\": declare outputs: {%s: NAME} under "
                              "`output`; the model has %s",
                              model->spec.detector.decoder->op->name, decoder->roles[r].name,
                              decoder->roles[r].name, list_outputs(model, session));
        }
    }
    for (int32_t r = 0; r < decoder->n_roles; r++) {
        int32_t o = roles->output[r];
        if (o >= 0 && !is_numeric(model->outputs[o].type)) {
            return assay_fail(err, ASSAY_EUNSUPPORTED, "output %s cannot be read as numbers",
                              session->output_text[o]);
        }
    }
    return ASSAY_OK;
}

/* Shapes as the model declares them, without the batch. */
static int32_t count_classes(const assay_onnx_roles *roles, const assay_model *model,
                             const assay_decoder *decoder)
{
    assay_raw raw[ASSAY_DECODER_ROLES] = {0};
    for (int32_t r = 0; r < decoder->n_roles; r++) {
        const assay_tensor *constant = &roles->constant[r];
        if (constant->data != NULL) {
            raw[r].rank = constant->rank;
            memcpy(raw[r].shape, constant->shape, (size_t)constant->rank * sizeof raw[r].shape[0]);
        }
        if (roles->output[r] < 0) {
            continue;
        }
        const assay_port *port = &model->outputs[roles->output[r]];
        bool batched = decoder->roles[r].rank == 0 || port->rank == decoder->roles[r].rank + 1;
        if (port->rank < 1 || (!batched && port->rank != decoder->roles[r].rank)) {
            return 0;
        }
        raw[r].name = port->name;
        raw[r].rank = port->rank - (batched ? 1 : 0);
        memcpy(raw[r].shape, port->shape + (batched ? 1 : 0),
               (size_t)raw[r].rank * sizeof raw[r].shape[0]);
    }
    return decoder->classes(raw, model->spec.detector.decoder->params);
}

assay_status assay_onnx_roles_resolve(assay_onnx_roles *out, int32_t *classes, assay_model *model,
                                      const assay_ort_session *session, assay_error *err)
{
    const assay_decoder *decoder = model->spec.detector.decoder->op->decoder;
    *classes = 0;
    for (int32_t r = 0; r < ASSAY_DECODER_ROLES; r++) {
        out->output[r] = -1;
    }
    ASSAY_TRY(bind_declared(out, model, session, decoder, err));
    ASSAY_TRY(bind_rest(out, model, session, decoder, err));
    *classes = count_classes(out, model, decoder);
    return ASSAY_OK;
}

void assay_onnx_roles_dispose(assay_onnx_roles *roles)
{
    for (int32_t r = 0; r < ASSAY_DECODER_ROLES; r++) {
        assay_tensor_dispose(&roles->constant[r]);
    }
}

/* One output as float32; *owned is set when it had to be converted. */
static assay_status read_value(assay_raw *raw, float **owned, const assay_ort *ort, OrtValue *value,
                               const char *name, assay_error *err)
{
    assay_status status = ASSAY_OK;
    OrtTensorTypeAndShapeInfo *info = NULL;
    ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    size_t count = 0;
    size_t rank = 0;
    void *data = NULL;
    const OrtApi *api = ort->api;
    ASSAY_TRY(assay_ort_check(ort, api->GetTensorTypeAndShape(value, &info), ASSAY_EBACKEND, err));
    ASSAY_GOTO(assay_ort_check(ort, api->GetTensorElementType(info, &element), ASSAY_EBACKEND, err),
               done);
    ASSAY_GOTO(
        assay_ort_check(ort, api->GetTensorShapeElementCount(info, &count), ASSAY_EBACKEND, err),
        done);
    ASSAY_GOTO(assay_ort_check(ort, api->GetDimensionsCount(info, &rank), ASSAY_EBACKEND, err),
               done);
    assay_dtype type = assay_ort_dtype(element);
    if (rank > ASSAY_TENSOR_RANK || !is_numeric(type)) {
        status = assay_fail(err, ASSAY_EFORMAT, "output \"%s\" cannot be read as numbers", name);
        goto done;
    }
    ASSAY_GOTO(
        assay_ort_check(ort, api->GetDimensions(info, raw->shape, rank), ASSAY_EBACKEND, err),
        done);
    ASSAY_GOTO(assay_ort_check(ort, api->GetTensorMutableData(value, &data), ASSAY_EBACKEND, err),
               done);
    raw->name = name;
    raw->rank = (int32_t)rank;
    raw->data = data;
    if (type != ASSAY_DTYPE_F32) {
        *owned = assay_alloc_raw(count, sizeof **owned);
        if (*owned == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
        for (size_t i = 0; i < count; i++) {
            (*owned)[i] = value_at(data, type, i);
        }
        raw->data = *owned;
    } else if (count == 0) {
        static const float nothing = 0.0F;
        raw->data = &nothing; /* never read, but not NULL */
    }
done:
    api->ReleaseTensorTypeAndShapeInfo(info);
    return status;
}

assay_status assay_onnx_roles_run(const assay_onnx_roles *roles, const assay_model *model,
                                  const assay_ort_session *session, const OrtValue *input,
                                  assay_infer_fn take, void *payload, assay_error *err)
{
    const assay_decoder *decoder = model->spec.detector.decoder->op->decoder;
    const OrtApi *api = session->ort.api;
    const char *names[ASSAY_DECODER_ROLES] = {NULL};
    int32_t role[ASSAY_DECODER_ROLES];
    OrtValue *values[ASSAY_DECODER_ROLES] = {NULL};
    float *owned[ASSAY_DECODER_ROLES] = {NULL};
    assay_raw raw[ASSAY_DECODER_ROLES] = {0};
    size_t n = 0;
    for (int32_t r = 0; r < decoder->n_roles; r++) {
        const assay_tensor *constant = &roles->constant[r];
        if (roles->output[r] >= 0) {
            role[n] = r;
            names[n++] = model->outputs[roles->output[r]].name;
        } else if (constant->data != NULL) {
            raw[r].name = decoder->roles[r].name;
            raw[r].data = constant->data;
            raw[r].rank = constant->rank;
            memcpy(raw[r].shape, constant->shape, sizeof raw[r].shape);
        }
    }
    assay_status status =
        assay_ort_check(&session->ort,
                        api->Run(session->session, NULL, &model->inputs[model->input].name, &input,
                                 1, names, n, values),
                        ASSAY_EBACKEND, err);
    for (size_t i = 0; status == ASSAY_OK && i < n; i++) {
        status = read_value(&raw[role[i]], &owned[i], &session->ort, values[i], names[i], err);
    }
    if (status == ASSAY_OK) {
        status = take(payload, raw, model->spec.batch, err);
    }
    for (size_t i = 0; i < n; i++) {
        if (values[i] != NULL) {
            api->ReleaseValue(values[i]);
        }
        assay_free(owned[i]);
    }
    return status;
}
