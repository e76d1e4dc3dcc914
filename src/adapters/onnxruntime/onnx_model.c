#include "adapters/onnxruntime/onnx_model.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "adapters/onnxruntime/onnx_detect.h"
#include "adapters/onnxruntime/onnx_file.h"
#include "adapters/onnxruntime/onnx_fit.h"
#include "adapters/onnxruntime/onnx_gradient.h"
#include "adapters/onnxruntime/onnx_shape.h"
#include "adapters/onnxruntime/ort_session.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"

typedef struct onnx_model {
    assay_ort_session session;
    int64_t shape[4]; /* of the input, in use: the port's rank */
    int32_t output;   /* index of the port that gives the answer */
    size_t tensor_bytes;
    assay_onnx_roles roles;          /* of a detector */
    assay_onnx_gradients *gradients; /* owned */
} onnx_model;

static void free_model(void *self)
{
    onnx_model *onnx = self;
    assay_onnx_roles_dispose(&onnx->roles);
    assay_onnx_gradients_free(onnx->gradients);
    assay_ort_session_close(&onnx->session);
    assay_free(onnx);
}

static const char *list_ports(assay_model *model, const char *const *texts, int32_t n)
{
    assay_buffer text;
    assay_buffer_init(&text, 600);
    for (int32_t i = 0; i < n; i++) {
        assay_buffer_puts(&text, i > 0 ? "; " : "");
        assay_buffer_puts(&text, texts[i]);
    }
    const char *copy = text.data != NULL ? assay_arena_strdup(model->arena, text.data) : NULL;
    assay_buffer_dispose(&text);
    return copy != NULL ? copy : "none";
}

/* The port of this name, or the only one. */
static assay_status choose_port(int32_t *out, assay_model *model, const char *kind,
                                const char *wanted, const assay_port *ports,
                                const char *const *texts, int32_t n, assay_error *err)
{
    for (int32_t i = 0; wanted != NULL && i < n; i++) {
        if (strcmp(ports[i].name, wanted) == 0) {
            *out = i;
            return ASSAY_OK;
        }
    }
    if (wanted != NULL) {
        return assay_fail(err, ASSAY_EFORMAT, "there is no %s called \"%s\"; the model has %s",
                          kind, wanted, list_ports(model, texts, n));
    }
    if (n != 1) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the model has %d %ss: declare which one by `name` under `%s`: %s", n,
                          kind, kind, list_ports(model, texts, n));
    }
    *out = 0;
    return ASSAY_OK;
}

static assay_status choose_ports(assay_model *model, onnx_model *onnx, assay_error *err)
{
    const assay_ort_session *session = &onnx->session;
    if (model->n_inputs > 1) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "the model needs %d inputs (%s); only models with one input, the image, "
                          "can be run",
                          model->n_inputs, list_ports(model, session->input_text, model->n_inputs));
    }
    ASSAY_TRY(choose_port(&model->input, model, "input", model->spec.input, model->inputs,
                          session->input_text, model->n_inputs, err));
    if (assay_model_is_detector(model)) {
        return ASSAY_OK;
    }
    return choose_port(&onnx->output, model, "output", model->spec.output, model->outputs,
                       session->output_text, model->n_outputs, err);
}

static bool is_label_type(assay_dtype type)
{
    return type == ASSAY_DTYPE_I64 || type == ASSAY_DTYPE_I32;
}

/* The number of classes that the output's shape tells; 0 when it is left open. */
static assay_status read_output_port(int32_t *classes, assay_model *model, const onnx_model *onnx,
                                     assay_error *err)
{
    const assay_port *port = &model->outputs[onnx->output];
    const char *text = onnx->session.output_text[onnx->output];
    bool labels = is_label_type(port->type);
    *classes = 0;
    if (!labels && port->type != ASSAY_DTYPE_F32 && port->type != ASSAY_DTYPE_F16 &&
        port->type != ASSAY_DTYPE_F64) {
        return assay_fail(
            err, ASSAY_EUNSUPPORTED,
            "output %s is neither scores (float32, float16, float64) nor labels "
            "(int64, int32)%s",
            text, model->n_outputs > 1 ? ": declare another one by `name` under `output`" : "");
    }
    if (labels) {
        model->spec.scores = ASSAY_SCORES_LABELS;
        return ASSAY_OK;
    }
    if (model->spec.scores == ASSAY_SCORES_LABELS) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "scores: labels is declared, but output %s is not of whole numbers",
                          text);
    }
    bool fits = port->rank == 0 || port->rank == 2 ||
                (port->rank == 4 && port->shape[2] <= 1 && port->shape[3] <= 1);
    if (!fits) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "output %s is not one row of class scores per image; expected "
                          "[N, classes]",
                          text);
    }
    if (port->rank > 0 && port->shape[1] > 0) {
        *classes = port->shape[1] > INT32_MAX ? INT32_MAX : (int32_t)port->shape[1];
    }
    return ASSAY_OK;
}

/* The tensor as a value of the runtime; the caller releases it. */
static assay_status make_input(OrtValue **out, const assay_model *model, const onnx_model *onnx,
                               const void *tensor, int64_t batch, assay_error *err)
{
    const OrtApi *api = onnx->session.ort.api;
    const assay_port *port = &model->inputs[model->input];
    void *data = NULL;
    int64_t shape[4];
    memcpy(shape, onnx->shape, sizeof shape);
    shape[0] = batch;
    size_t bytes = onnx->tensor_bytes / (size_t)model->spec.batch * (size_t)batch;
    /* The interface wants a mutable pointer but only reads inputs. */
    memcpy(&data, &tensor, sizeof data);
    *out = NULL;
    return assay_ort_check(&onnx->session.ort,
                           api->CreateTensorWithDataAsOrtValue(onnx->session.memory, data, bytes,
                                                               shape, (size_t)port->rank,
                                                               assay_ort_element(port->type), out),
                           ASSAY_EBACKEND, err);
}

/* Run the session on a whole batch. *value must be released by the caller. */
static assay_status run_session(OrtValue **value, const assay_model *model, onnx_model *onnx,
                                const void *tensor, int64_t batch, assay_error *err)
{
    const OrtApi *api = onnx->session.ort.api;
    const assay_port *port = &model->inputs[model->input];
    const char *output = model->outputs[onnx->output].name;
    OrtValue *input = NULL;
    *value = NULL;
    ASSAY_TRY(make_input(&input, model, onnx, tensor, batch, err));
    const OrtValue *inputs[1] = {input};
    assay_status status = assay_ort_check(
        &onnx->session.ort,
        api->Run(onnx->session.session, NULL, &port->name, inputs, 1, &output, 1, value),
        ASSAY_EBACKEND, err);
    api->ReleaseValue(input);
    return status;
}

static assay_status infer(assay_model *model, const assay_model_batch *batch, assay_infer_fn take,
                          void *payload, assay_error *err)
{
    onnx_model *onnx = model->self;
    OrtValue *input = NULL;
    ASSAY_TRY(make_input(&input, model, onnx, batch->tensor, model->spec.batch, err));
    assay_status status =
        assay_onnx_roles_run(&onnx->roles, model, &onnx->session, input, take, payload, err);
    onnx->session.ort.api->ReleaseValue(input);
    return status;
}

static assay_status value_data(const void **data, assay_dtype *type, size_t *count,
                               const onnx_model *onnx, OrtValue *value, assay_error *err)
{
    const assay_ort *ort = &onnx->session.ort;
    assay_status status = ASSAY_OK;
    OrtTensorTypeAndShapeInfo *info = NULL;
    ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    void *raw = NULL;
    ASSAY_TRY(
        assay_ort_check(ort, ort->api->GetTensorTypeAndShape(value, &info), ASSAY_EBACKEND, err));
    ASSAY_GOTO(
        assay_ort_check(ort, ort->api->GetTensorElementType(info, &element), ASSAY_EBACKEND, err),
        done);
    ASSAY_GOTO(assay_ort_check(ort, ort->api->GetTensorShapeElementCount(info, count),
                               ASSAY_EBACKEND, err),
               done);
    ASSAY_GOTO(
        assay_ort_check(ort, ort->api->GetTensorMutableData(value, &raw), ASSAY_EBACKEND, err),
        done);
    *type = assay_ort_dtype(element);
    *data = raw;
done:
    ort->api->ReleaseTensorTypeAndShapeInfo(info);
    return status;
}

static void copy_scores(float *scores, const void *data, assay_dtype type, size_t n)
{
    if (type == ASSAY_DTYPE_F32) {
        memcpy(scores, data, n * sizeof *scores);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        scores[i] = type == ASSAY_DTYPE_F16 ? assay_half_to_float(((const uint16_t *)data)[i])
                                            : (float)((const double *)data)[i];
    }
}

static void copy_labels(int32_t *labels, const void *data, assay_dtype type, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t label = type == ASSAY_DTYPE_I64 ? ((const int64_t *)data)[i]
                                                : (int64_t)((const int32_t *)data)[i];
        /* Out of range either way; the model's boundary says so. */
        labels[i] = label < 0 || label > INT32_MAX ? -1 : (int32_t)label;
    }
}

static assay_status run_model(assay_model *model, float *scores, int32_t *labels,
                              const assay_model_batch *batch, assay_error *err)
{
    onnx_model *onnx = model->self;
    OrtValue *value = NULL;
    const void *data = NULL;
    assay_dtype type = (assay_dtype)0;
    size_t count = 0;
    bool is_labels = model->spec.scores == ASSAY_SCORES_LABELS;
    size_t width = is_labels ? 1 : (size_t)model->spec.classes;
    /* The last batch, and what is left of an attack, need not be filled up where the model leaves the
     * batch open. The numbers are the same bit for bit as long as there are two rows: a product with one
     * row is summed in another order. */
    bool open = assay_model_batch_is_open(model) && model->spec.batch > 1;
    int64_t rows = !open ? model->spec.batch : batch->n > 2 ? batch->n : 2;
    ASSAY_TRY(run_session(&value, model, onnx, batch->tensor, rows, err));
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(value_data(&data, &type, &count, onnx, value, err), done);
    if (count != (size_t)rows * width || type != model->outputs[onnx->output].type) {
        status = assay_fail(err, ASSAY_EFORMAT,
                            "output %s gave %zu values for a batch of %" PRId64
                            ", expected %zu for each image",
                            onnx->session.output_text[onnx->output], count, rows, width);
        goto done;
    }
    if (is_labels) {
        copy_labels(labels, data, type, (size_t)batch->n);
    } else {
        copy_scores(scores, data, type, (size_t)batch->n * width);
    }
done:
    onnx->session.ort.api->ReleaseValue(value);
    return status;
}

/* A grey ramp as input: enough to see the output's width and whether rows sum to one. */
static void fill_ramp(void *tensor, assay_dtype type, size_t bytes)
{
    size_t n = bytes / assay_dtype_size(type);
    for (size_t i = 0; i < n; i++) {
        float value = (float)(i % 7) / 7.0F;
        if (type == ASSAY_DTYPE_F32) {
            ((float *)tensor)[i] = value;
        } else if (type == ASSAY_DTYPE_F16) {
            ((uint16_t *)tensor)[i] = assay_float_to_half(value);
        } else if (type == ASSAY_DTYPE_F64) {
            ((double *)tensor)[i] = (double)value;
        }
    }
}

static bool rows_sum_to_one(const void *data, assay_dtype type, int64_t rows, int32_t classes)
{
    for (int64_t i = 0; i < rows; i++) {
        double sum = 0.0;
        for (int32_t c = 0; c < classes; c++) {
            float score = 0.0F;
            size_t index = (size_t)i * (size_t)classes + (size_t)c;
            copy_scores(&score, (const char *)data + index * assay_dtype_size(type), type, 1);
            if (!(score >= 0.0F)) {
                return false;
            }
            sum += (double)score;
        }
        if (!(fabs(sum - 1.0) <= 1e-3)) {
            return false;
        }
    }
    return true;
}

static assay_status check_width(int64_t classes, const onnx_model *onnx, assay_error *err)
{
    if (classes != 1) {
        return ASSAY_OK;
    }
    return assay_fail(err, ASSAY_EUNSUPPORTED,
                      "output %s gives one score per image (a binary model with a sigmoid); "
                      "export it with one score per class",
                      onnx->session.output_text[onnx->output]);
}

static assay_status read_probe(int32_t *classes, assay_model *model, const onnx_model *onnx,
                               OrtValue *value, int64_t batch, assay_error *err)
{
    const void *data = NULL;
    assay_dtype type = (assay_dtype)0;
    size_t count = 0;
    ASSAY_TRY(value_data(&data, &type, &count, onnx, value, err));
    int64_t width = (int64_t)count / batch;
    if (type != model->outputs[onnx->output].type || width < 1 || width > INT32_MAX ||
        (int64_t)count != width * batch || (*classes > 0 && width != *classes)) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "output %s gave %zu values for a batch of %" PRId64
                          "; expected [N, classes]",
                          onnx->session.output_text[onnx->output], count, batch);
    }
    ASSAY_TRY(check_width(width, onnx, err));
    *classes = (int32_t)width;
    if ((int)model->spec.scores == 0) {
        if (!rows_sum_to_one(data, type, batch, *classes)) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "output %s does not give probabilities (rows that sum to one): "
                              "declare `scores: logits` under `output` if a softmax belongs after "
                              "it",
                              onnx->session.output_text[onnx->output]);
        }
        model->spec.scores = ASSAY_SCORES_PROBABILITIES;
    }
    return ASSAY_OK;
}

/* Find out by one run what the declarations leave open. */
static assay_status probe(int32_t *classes, assay_model *model, onnx_model *onnx, assay_error *err)
{
    bool fixed = model->inputs[model->input].shape[0] > 0;
    int64_t batch = fixed ? model->spec.batch : 1;
    size_t bytes = onnx->tensor_bytes / (size_t)model->spec.batch * (size_t)batch;
    OrtValue *value = NULL;
    void *tensor = assay_alloc(bytes, 1);
    if (tensor == NULL) {
        return assay_fail_memory(err);
    }
    fill_ramp(tensor, model->input_type, bytes);
    assay_status status = run_session(&value, model, onnx, tensor, batch, err);
    if (status == ASSAY_OK) {
        status = read_probe(classes, model, onnx, value, batch, err);
        onnx->session.ort.api->ReleaseValue(value);
    }
    assay_free(tensor);
    return status;
}

static assay_status resolve(assay_model *model, onnx_model *onnx, assay_error *err)
{
    int32_t classes = 0;
    ASSAY_TRY(assay_ort_session_ports(model, &onnx->session, err));
    ASSAY_TRY(choose_ports(model, onnx, err));
    ASSAY_TRY(assay_onnx_input_resolve(onnx->shape, model, &model->inputs[model->input],
                                       onnx->session.input_text[model->input], err));
    onnx->tensor_bytes = (size_t)model->spec.batch * (size_t)model->channels *
                         (size_t)model->height * (size_t)model->width *
                         assay_dtype_size(model->input_type);
    if (assay_model_is_detector(model)) {
        ASSAY_TRY(assay_onnx_roles_resolve(&onnx->roles, &classes, model, &onnx->session, err));
        return assay_model_set_classes(model, classes, NULL, err);
    }
    ASSAY_TRY(read_output_port(&classes, model, onnx, err));
    bool labels = model->spec.scores == ASSAY_SCORES_LABELS;
    ASSAY_TRY(check_width(classes, onnx, err));
    if (!labels && (classes == 0 || (int)model->spec.scores == 0)) {
        ASSAY_TRY(probe(&classes, model, onnx, err));
    }
    return assay_model_set_classes(model, classes, NULL, err);
}

static assay_status gradient(assay_model *model, float *out, float *loss, float *logits,
                             const assay_model_batch *batch, const assay_loss *what,
                             assay_error *err)
{
    const onnx_model *onnx = model->self;
    return assay_onnx_gradients_run(onnx->gradients, out, loss, logits, batch, what, err);
}

/* A model that cannot be differentiated is asked for answers only. */
static assay_status fit(assay_model *model, assay_model_fit *out, const assay_model_room *room,
                        assay_error *err)
{
    onnx_model *onnx = model->self;
    assay_model_room plain = *room;
    plain.gradients = room->gradients && model->spec.scores != ASSAY_SCORES_LABELS &&
                      model->input_type == ASSAY_DTYPE_F32 && !assay_model_is_detector(model);
    assay_status status =
        assay_onnx_fit(out, model, onnx->gradients, onnx->output, onnx->shape, &plain, err);
    if (status == ASSAY_EUNSUPPORTED && plain.gradients) {
        plain.gradients = false;
        status =
            assay_onnx_fit(out, model, onnx->gradients, onnx->output, onnx->shape, &plain, err);
    }
    if (status == ASSAY_EUNSUPPORTED) { /* a graph that is only run, never looked into */
        *out = (assay_model_fit){.fits = true, .batch = model->spec.batch};
        return ASSAY_OK;
    }
    ASSAY_TRY(status);
    onnx->tensor_bytes = onnx->tensor_bytes / (size_t)model->spec.batch * (size_t)out->batch;
    model->spec.batch = out->batch;
    onnx->shape[0] = out->batch;
    if (plain.gradients) {
        assay_onnx_gradients_limit(onnx->gradients, out->sessions,
                                   out->sessions > 0 && out->sessions < 4);
    }
    return ASSAY_OK;
}

static const assay_model_backend backend = {.name = "onnxruntime",
                                            .wants_images = 0,
                                            .concurrent = 1,
                                            .run = run_model,
                                            .infer = infer,
                                            .gradient = gradient,
                                            .fit = fit,
                                            .free = free_model};

assay_status assay_onnx_model_open(assay_model **out, const assay_model_spec *spec,
                                   const char *name, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_model *model = NULL;
    *out = NULL;
    if (spec->path == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "the model has no file");
    }
    ASSAY_GOTO(assay_model_new(&model, spec, name, err), done);
    ASSAY_GOTO(assay_onnx_file_check(model->digest, model->spec.path, model->arena, err), done);
    onnx_model *onnx = assay_alloc(1, sizeof *onnx);
    if (onnx == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    model->backend = &backend;
    model->self = onnx;
    if (spec->graph != NULL) {
        model->spec.graph = NULL;
        ASSAY_GOTO(
            assay_ort_session_open_bytes(&onnx->session, spec->graph, spec->graph_bytes, err),
            done);
    } else {
        ASSAY_GOTO(assay_ort_session_open(&onnx->session, model->spec.path, err), done);
    }
    model->backend_version =
        assay_arena_printf(model->arena, "onnxruntime %s", onnx->session.ort.version);
    if (model->backend_version == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    status = resolve(model, onnx, err);
    if (status == ASSAY_OK) {
        status = assay_onnx_gradients_new(&onnx->gradients, model, onnx->output, onnx->shape, err);
    }
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", model->spec.path);
        goto done;
    }
    *out = model;
    model = NULL;
done:
    assay_model_free(model);
    return status;
}
