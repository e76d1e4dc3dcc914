#include "adapters/onnxruntime/ort_session.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/onnxruntime/ort_kernel.h"
#include "adapters/onnxruntime/ort_layout.h"
#include "adapters/onnxruntime/ort_picture.h"
#include "adapters/onnxruntime/ort_pool.h"
#include "base/alloc.h"
#include "base/buffer.h"

/* Errors come back as statuses; what the library would print is not for people. */
static void ORT_API_CALL silence(void *param, OrtLoggingLevel severity, const char *category,
                                 const char *id, const char *location, const char *message)
{
    (void)param;
    (void)severity;
    (void)category;
    (void)id;
    (void)location;
    (void)message;
}

#define ORT_TRY(call)                                                                              \
    do {                                                                                           \
        status = assay_ort_check(&self->ort, self->ort.api->call, ASSAY_EBACKEND, err);            \
        if (status != ASSAY_OK) {                                                                  \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)

static assay_status set_options(assay_ort_session *self, OrtSessionOptions *options,
                                assay_error *err)
{
    assay_status status = ASSAY_OK;
    ORT_TRY(SetIntraOpNumThreads(options, 1));
    ORT_TRY(SetInterOpNumThreads(options, 1));
    ORT_TRY(SetSessionExecutionMode(options, ORT_SEQUENTIAL));
    ORT_TRY(SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
    ORT_TRY(SetSessionLogSeverityLevel(options, ORT_LOGGING_LEVEL_ERROR));
    ORT_TRY(SetDeterministicCompute(options, true));
    /* One arena for all sessions, filled as a run goes: laid out ahead, every session would keep room
     * of its own for its largest batch, twice. */
    ORT_TRY(DisableMemPattern(options));
    ORT_TRY(AddSessionConfigEntry(options, "session.use_env_allocators", "1"));
    ORT_TRY(AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0"));
    ORT_TRY(AddSessionConfigEntry(options, "session.inter_op.allow_spinning", "0"));
done:
    return status;
}

static assay_status add_kernels(assay_ort_session *self, OrtSessionOptions *options,
                                assay_error *err)
{
    assay_status status = ASSAY_OK;
    const char *version = self->ort.version;
    bool in_place = strncmp(version, "1.", 2) != 0 ||
                    strtol(version + 2, NULL, 10) >= ASSAY_ORT_KERNEL_IN_PLACE;
    const OrtCustomOp *const operators[] = {
        assay_ort_pool_operator(),         assay_ort_interleave_operator(),
        assay_ort_four_operator(),         assay_ort_four_gated_operator(),
        assay_ort_onto_operator(in_place), assay_ort_mask_operator(),
        assay_ort_gate_operator(in_place), assay_ort_picture_operator(),
        assay_ort_picture_gated_operator()};
    ORT_TRY(CreateCustomOpDomain(ASSAY_ORT_KERNELS, &self->kernels));
    for (size_t i = 0; i < ASSAY_COUNT(operators); i++) {
        ORT_TRY(CustomOpDomain_Add(self->kernels, operators[i]));
    }
    ORT_TRY(AddCustomOpDomain(options, self->kernels));
done:
    return status;
}

/* An arena that sessions share, that of the model and those for its gradients: the environment is one for
 * the process, and the last arena it was given is that of the sessions opened from then on. Without one
 * each session has its own. */
static assay_status share_arena(assay_ort_session *self, assay_error *err)
{
    assay_status status = ASSAY_OK;
    OrtArenaCfg *settings = NULL;
    ORT_TRY(CreateArenaCfg(0, -1, -1, -1, &settings));
    OrtStatus *there = self->ort.api->CreateAndRegisterAllocator(self->env, self->memory, settings);
    if (there != NULL) { /* older versions keep the first */
        self->ort.api->ReleaseStatus(there);
    }
done:
    if (settings != NULL) {
        self->ort.api->ReleaseArenaCfg(settings);
    }
    return status;
}

typedef struct source {
    const char *path; /* NULL = the bytes */
    const void *bytes;
    size_t size;
    const char *save; /* where the optimised graph goes; NULL = nowhere */
    bool finished;    /* optimised already */
} source;

static assay_status open_session(assay_ort_session *self, const source *from, assay_error *err)
{
    const char *path = from->path;
    assay_status status = ASSAY_OK;
    OrtSessionOptions *options = NULL;
    *self = (assay_ort_session){0};
    ASSAY_GOTO(assay_ort_open(&self->ort, err), done);
    ORT_TRY(CreateEnvWithCustomLogger(silence, NULL, ORT_LOGGING_LEVEL_ERROR, "assay", &self->env));
    ORT_TRY(DisableTelemetryEvents(self->env));
    ORT_TRY(CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &self->memory));
    if (path != NULL) {
        ASSAY_GOTO(share_arena(self, err), done);
    }
    ORT_TRY(CreateSessionOptions(&options));
    ASSAY_GOTO(set_options(self, options, err), done);
    if (path == NULL) {
        ASSAY_GOTO(add_kernels(self, options, err), done);
    }
    if (from->save != NULL) {
        ORT_TRY(SetOptimizedModelFilePath(options, from->save));
    }
    if (from->finished) {
        ORT_TRY(SetSessionGraphOptimizationLevel(options, ORT_DISABLE_ALL));
    }
    const OrtApi *api = self->ort.api;
    status = assay_ort_check(&self->ort,
                             path != NULL
                                 ? api->CreateSession(self->env, path, options, &self->session)
                                 : api->CreateSessionFromArray(self->env, from->bytes, from->size,
                                                               options, &self->session),
                             ASSAY_EFORMAT, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path != NULL ? path : "the model with its gradients");
        goto done;
    }
#ifdef __GLIBC__
    (void)malloc_trim(0); /* unpacking takes several times the weights; they are given back */
#endif
done:
    if (options != NULL) {
        self->ort.api->ReleaseSessionOptions(options);
    }
    if (status != ASSAY_OK) {
        assay_ort_session_close(self);
    }
    return status;
}

assay_status assay_ort_session_open(assay_ort_session *self, const char *path, assay_error *err)
{
    const source from = {.path = path};
    return open_session(self, &from, err);
}

assay_status assay_ort_session_open_bytes(assay_ort_session *self, const void *bytes, size_t size,
                                          assay_error *err)
{
    const source from = {.bytes = bytes, .size = size};
    return open_session(self, &from, err);
}

assay_status assay_ort_session_open_saving(assay_ort_session *self, const void *bytes, size_t size,
                                           const char *save, assay_error *err)
{
    const source from = {.bytes = bytes, .size = size, .save = save};
    return open_session(self, &from, err);
}

assay_status assay_ort_session_open_finished(assay_ort_session *self, const void *bytes,
                                             size_t size, assay_error *err)
{
    const source from = {.bytes = bytes, .size = size, .finished = true};
    return open_session(self, &from, err);
}

void assay_ort_session_close(assay_ort_session *self)
{
    const OrtApi *api = self->ort.api;
    if (self->memory != NULL) {
        api->ReleaseMemoryInfo(self->memory);
    }
    if (self->session != NULL) {
        api->ReleaseSession(self->session);
    }
    if (self->kernels != NULL) { /* the session runs them to its end */
        api->ReleaseCustomOpDomain(self->kernels);
    }
    if (self->env != NULL) {
        api->ReleaseEnv(self->env);
    }
    assay_ort_close(&self->ort);
    *self = (assay_ort_session){0};
}

static const struct {
    ONNXTensorElementDataType element;
    assay_dtype type;
} types[] = {
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, ASSAY_DTYPE_F32},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, ASSAY_DTYPE_F16},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, ASSAY_DTYPE_F64},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, ASSAY_DTYPE_U8},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, ASSAY_DTYPE_I8},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16, ASSAY_DTYPE_U16},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16, ASSAY_DTYPE_I16},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32, ASSAY_DTYPE_U32},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, ASSAY_DTYPE_I32},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64, ASSAY_DTYPE_U64},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, ASSAY_DTYPE_I64},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, ASSAY_DTYPE_BOOL},
};

assay_dtype assay_ort_dtype(ONNXTensorElementDataType element)
{
    for (size_t i = 0; i < ASSAY_COUNT(types); i++) {
        if (types[i].element == element) {
            return types[i].type;
        }
    }
    return (assay_dtype)0;
}

ONNXTensorElementDataType assay_ort_element(assay_dtype type)
{
    for (size_t i = 0; i < ASSAY_COUNT(types); i++) {
        if (types[i].type == type) {
            return types[i].element;
        }
    }
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

static const char *kind_text(enum ONNXType kind)
{
    switch (kind) {
    case ONNX_TYPE_SEQUENCE:
        return "a sequence (scikit-learn exports give maps this way unless zipmap is off)";
    case ONNX_TYPE_MAP:
        return "a map";
    case ONNX_TYPE_SPARSETENSOR:
        return "a sparse tensor";
    case ONNX_TYPE_OPTIONAL:
        return "an optional value";
    default:
        return "not a tensor";
    }
}

static void append_shape(assay_buffer *text, const assay_port *port, const char *const *symbols)
{
    assay_buffer_putc(text, '[');
    for (int32_t d = 0; d < port->rank; d++) {
        assay_buffer_puts(text, d > 0 ? ", " : "");
        if (port->shape[d] >= 0) {
            assay_buffer_printf(text, "%" PRId64, port->shape[d]);
        } else {
            bool named = symbols[d] != NULL && symbols[d][0] != '\0';
            assay_buffer_puts(text, named ? symbols[d] : "?");
        }
    }
    assay_buffer_putc(text, ']');
}

static assay_status read_tensor(assay_port *port, assay_buffer *text, assay_ort_session *self,
                                const OrtTensorTypeAndShapeInfo *info, assay_error *err)
{
    assay_status status = ASSAY_OK;
    ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    size_t rank = 0;
    const char *symbols[ASSAY_TENSOR_RANK] = {0};
    ORT_TRY(GetTensorElementType(info, &element));
    ORT_TRY(GetDimensionsCount(info, &rank));
    port->type = assay_ort_dtype(element);
    assay_buffer_puts(text, (int)port->type != 0 ? assay_dtype_name(port->type)
                            : element == ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING
                                ? "text"
                                : "a number type that Assay does not handle");
    if (rank > ASSAY_TENSOR_RANK) {
        port->type = (assay_dtype)0;
        assay_buffer_printf(text, " with %zu dimensions", rank);
        goto done;
    }
    port->rank = (int32_t)rank;
    if (rank > 0) {
        ORT_TRY(GetDimensions(info, port->shape, rank));
        ORT_TRY(GetSymbolicDimensions(info, symbols, rank));
    }
    append_shape(text, port, symbols);
done:
    return status;
}

static assay_status read_port(assay_port *port, const char **described, assay_model *model,
                              assay_ort_session *self, bool input, size_t index, assay_error *err)
{
    assay_status status = ASSAY_OK;
    OrtAllocator *allocator = NULL; /* the library's own, not ours */
    OrtTypeInfo *info = NULL;
    const OrtTensorTypeAndShapeInfo *shape = NULL; /* part of info */
    enum ONNXType kind = ONNX_TYPE_UNKNOWN;
    char *name = NULL;
    assay_buffer text;
    assay_buffer_init(&text, 4096);
    ORT_TRY(GetAllocatorWithDefaultOptions(&allocator));
    if (input) {
        ORT_TRY(SessionGetInputName(self->session, index, allocator, &name));
        ORT_TRY(SessionGetInputTypeInfo(self->session, index, &info));
    } else {
        ORT_TRY(SessionGetOutputName(self->session, index, allocator, &name));
        ORT_TRY(SessionGetOutputTypeInfo(self->session, index, &info));
    }
    port->name = assay_arena_strdup(model->arena, name);
    assay_buffer_printf(&text, "\"%.200s\": ", name);
    ORT_TRY(GetOnnxTypeFromTypeInfo(info, &kind));
    if (kind == ONNX_TYPE_TENSOR) {
        ORT_TRY(CastTypeInfoToTensorInfo(info, &shape));
        ASSAY_GOTO(read_tensor(port, &text, self, shape, err), done);
    } else {
        assay_buffer_puts(&text, kind_text(kind));
    }
    ASSAY_GOTO(assay_buffer_status(&text, err), done);
    *described = assay_arena_strdup(model->arena, text.data);
    if (port->name == NULL || *described == NULL) {
        status = assay_fail_memory(err);
    }
done:
    if (name != NULL) {
        OrtStatus *freed = self->ort.api->AllocatorFree(allocator, name);
        if (freed != NULL) {
            self->ort.api->ReleaseStatus(freed);
        }
    }
    if (info != NULL) {
        self->ort.api->ReleaseTypeInfo(info);
    }
    assay_buffer_dispose(&text);
    return status;
}

assay_status assay_ort_session_ports(assay_model *model, assay_ort_session *self, assay_error *err)
{
    assay_status status = ASSAY_OK;
    size_t inputs = 0;
    size_t outputs = 0;
    ORT_TRY(SessionGetInputCount(self->session, &inputs));
    ORT_TRY(SessionGetOutputCount(self->session, &outputs));
    if (inputs > INT32_MAX || outputs > INT32_MAX) {
        return assay_fail(err, ASSAY_ELIMIT, "the model has too many inputs or outputs");
    }
    model->n_inputs = (int32_t)inputs;
    model->n_outputs = (int32_t)outputs;
    model->inputs = assay_arena_alloc(model->arena, inputs, sizeof *model->inputs);
    model->outputs = assay_arena_alloc(model->arena, outputs, sizeof *model->outputs);
    self->input_text = assay_arena_alloc(model->arena, inputs, sizeof *self->input_text);
    self->output_text = assay_arena_alloc(model->arena, outputs, sizeof *self->output_text);
    if (model->inputs == NULL || model->outputs == NULL || self->input_text == NULL ||
        self->output_text == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < inputs; i++) {
        ASSAY_GOTO(read_port(&model->inputs[i], &self->input_text[i], model, self, true, i, err),
                   done);
    }
    for (size_t i = 0; i < outputs; i++) {
        ASSAY_GOTO(read_port(&model->outputs[i], &self->output_text[i], model, self, false, i, err),
                   done);
    }
done:
    return status;
}
