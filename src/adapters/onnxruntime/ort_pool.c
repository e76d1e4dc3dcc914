#include "adapters/onnxruntime/ort_pool.h"

#include <math.h>
#include <string.h>

#include "adapters/onnxruntime/ort_library.h"
#include "base/alloc.h"
#include "onnx/window.h"

enum {
    LANES = 4,
    NUMBERS = 8,    /* of the attribute "window" */
    FARTHEST = 4096 /* steps between windows and places within one: a sheet grows with them */
};

/* A plane with the columns of each phase of the stride side by side, so that neighbouring windows look
 * at neighbouring places; margins hold what is no maximum of any window. */
typedef struct sheet {
    float *x, *dx;
    int64_t rows, phases, left, width; /* width of one phase's row, margins included */
} sheet;

typedef struct line {
    float *y, *rest; /* of one row of windows, filled up to whole lanes */
    int64_t n;
} line;

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static void lay_out(sheet *s, const float *x, int64_t width)
{
    for (int64_t row = 0; row < s->rows; row++) {
        for (int64_t phase = 0; phase < s->phases; phase++) {
            float *to = s->x + (row * s->phases + phase) * s->width + s->left;
            const float *from = x + row * width;
            for (int64_t i = 0, at = phase; at < width; i++, at += s->phases) {
                to[i] = from[at];
            }
        }
    }
    memset(s->dx, 0, (size_t)(s->rows * s->phases * s->width) * sizeof *s->dx);
}

static void put_back(float *dx, const sheet *s, int64_t width)
{
    for (int64_t row = 0; row < s->rows; row++) {
        for (int64_t phase = 0; phase < s->phases; phase++) {
            const float *from = s->dx + (row * s->phases + phase) * s->width + s->left;
            float *to = dx + row * width;
            for (int64_t i = 0, at = phase; at < width; i++, at += s->phases) {
                to[at] = from[i];
            }
        }
    }
}

typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t words __attribute__((vector_size(LANES * sizeof(int32_t))));

/* What a window has left goes to this tap if the maximum is there. */
static void give(float *dx, float *rest, const float *x, const float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        floats at;
        floats most;
        floats left;
        floats sum;
        memcpy(&at, x + i, sizeof at);
        memcpy(&most, y + i, sizeof most);
        memcpy(&left, rest + i, sizeof left);
        memcpy(&sum, dx + i, sizeof sum);
        words here = at == most;
        sum += (floats)((words)left & here);
        left = (floats)((words)left & ~here);
        memcpy(dx + i, &sum, sizeof sum);
        memcpy(rest + i, &left, sizeof left);
    }
}

static void one_plane(sheet *s, line *l, const float *y, const float *dy, const int64_t out[2],
                      const assay_pool *p)
{
    for (int64_t o = 0; o < out[0]; o++) {
        memcpy(l->y, y + o * out[1], (size_t)out[1] * sizeof *y);
        memcpy(l->rest, dy + o * out[1], (size_t)out[1] * sizeof *dy);
        for (int64_t r = 0; r < p->kernel[0]; r++) {
            int64_t row = o * p->stride[0] - p->begin[0] + r * p->dilation[0];
            for (int64_t c = 0; row >= 0 && row < s->rows && c < p->kernel[1]; c++) {
                int64_t from = c * p->dilation[1] - p->begin[1];
                int64_t start = floor_div(from, p->stride[1]);
                int64_t phase = from - start * p->stride[1];
                int64_t at = (row * s->phases + phase) * s->width + s->left + start;
                give(s->dx + at, l->rest, s->x + at, l->y, l->n);
            }
        }
    }
}

assay_status assay_pool_gradient(float *dx, const float *x, const float *y, const float *dy,
                                 int64_t planes, const int64_t in[2], const int64_t out[2],
                                 const assay_pool *pool, assay_error *err)
{
    const int64_t step = pool->stride[1];
    const int64_t reach = (pool->kernel[1] - 1) * pool->dilation[1];
    line l = {.n = (out[1] + LANES - 1) / LANES * LANES};
    sheet s = {.rows = in[0], .phases = step, .left = (pool->begin[1] + step - 1) / step};
    int64_t most = l.n + reach / step + 1;
    int64_t columns = (in[1] + step - 1) / step;
    s.width = s.left + (most > columns ? most : columns);
    size_t size = (size_t)(s.rows * s.phases * s.width);
    float *room = assay_alloc(2 * size + 2 * (size_t)l.n, sizeof *room);
    if (room == NULL) {
        return assay_fail_memory(err);
    }
    s.x = room;
    s.dx = room + size;
    l.y = s.dx + size;
    l.rest = l.y + l.n;
    for (size_t i = 0; i < size; i++) {
        s.x[i] = NAN;
    }
    for (int64_t i = 0; i < l.n; i++) { /* windows beyond the last have nothing to give */
        l.y[i] = NAN;
        l.rest[i] = 0.0F;
    }
    for (int64_t i = 0; i < planes; i++) {
        lay_out(&s, x + i * in[0] * in[1], in[1]);
        one_plane(&s, &l, y + i * out[0] * out[1], dy + i * out[0] * out[1], out, pool);
        put_back(dx + i * in[0] * in[1], &s, in[1]);
    }
    assay_free(room);
    return ASSAY_OK;
}

/* ---- in the graph --------------------------------------------------------------------------- */

/* The MaxPool whose places a ScatterElements adds at; NULL if it is anything else. */
static assay_onnx_node *pool_of(const assay_onnx_node *node)
{
    const assay_onnx_value *flat = assay_onnx_in(node, 1);
    if (!assay_onnx_is(node, "ScatterElements") || flat == NULL || flat->node == NULL ||
        !assay_onnx_is(flat->node, "Reshape") ||
        strcmp(assay_onnx_attribute_text(node, "reduction", ""), "add") != 0) {
        return NULL;
    }
    const assay_onnx_value *places = assay_onnx_in(flat->node, 0);
    assay_onnx_node *pool = places != NULL ? places->node : NULL;
    bool fits = pool != NULL && assay_onnx_is(pool, "MaxPool") &&
                places == assay_onnx_out(pool, 1) && pool->in[0]->type == ASSAY_ONNX_FLOAT &&
                pool->in[0]->rank == 4 && assay_onnx_is_static(pool->in[0]) &&
                pool->out[0] != NULL && assay_onnx_is_static(pool->out[0]);
    return fits ? pool : NULL;
}

/* Of the gradient itself: it starts with zeros everywhere, all places of which are known. */
static bool starts_empty(const assay_onnx_node *node)
{
    const assay_onnx_value *zeros = assay_onnx_in(node, 0);
    const assay_onnx_value *zero =
        zeros != NULL && zeros->node != NULL && assay_onnx_is(zeros->node, "Expand")
            ? zeros->node->in[0]
            : NULL;
    float number = 1.0F;
    if (zero == NULL || zero->constant == NULL || zero->constant->count != 1 ||
        zero->constant->type != ASSAY_ONNX_FLOAT || zero->constant->bytes == NULL) {
        return false;
    }
    memcpy(&number, zero->constant->bytes, sizeof number);
    return number == 0.0F;
}

static bool fits(const assay_onnx_window *w)
{
    bool all = true;
    for (int i = 0; i < 2; i++) {
        all = all && w->begin[i] >= 0 && w->begin[i] <= FARTHEST && w->stride[i] <= FARTHEST &&
              (w->kernel[i] - 1) * w->dilation[i] <= FARTHEST;
    }
    return all;
}

static assay_status replace(assay_onnx_graph *graph, assay_onnx_node *node, assay_onnx_node *pool,
                            assay_error *err)
{
    assay_onnx_window w;
    ASSAY_TRY(assay_onnx_window_of(&w, pool, err));
    if (!fits(&w)) {
        return ASSAY_OK;
    }
    assay_onnx_attribute *window = assay_arena_alloc(graph->arena, 1, sizeof *window);
    int64_t *numbers = assay_arena_alloc(graph->arena, NUMBERS, sizeof *numbers);
    if (window == NULL || numbers == NULL) {
        return assay_fail_memory(err);
    }
    for (int i = 0; i < 2; i++) {
        numbers[i] = w.kernel[i];
        numbers[2 + i] = w.stride[i];
        numbers[4 + i] = w.dilation[i];
        numbers[6 + i] = w.begin[i];
    }
    *window = (assay_onnx_attribute){
        .name = "window", .type = ASSAY_ONNX_A_INTS, .ints = numbers, .n = NUMBERS};
    node->op = "MaxPoolGradient";
    node->domain = "assay";
    node->attributes = window;
    node->n_attributes = 1;
    node->in[0] = pool->in[0];
    node->in[1] = pool->out[0];
    return ASSAY_OK;
}

static bool used(const assay_onnx_graph *graph, const assay_onnx_value *value)
{
    bool found = value->output;
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        for (int32_t k = 0; k < graph->nodes[i]->n_in; k++) {
            found = found || graph->nodes[i]->in[k] == value;
        }
    }
    return found;
}

static assay_status declare(assay_onnx_graph *graph, assay_error *err)
{
    size_t n = (size_t)graph->n_domains;
    assay_onnx_opset *domains = assay_arena_alloc(graph->arena, n + 1, sizeof *domains);
    if (domains == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        domains[i] = graph->domains[i];
    }
    domains[n] = (assay_onnx_opset){"assay", 1};
    graph->domains = domains;
    graph->n_domains++;
    return ASSAY_OK;
}

assay_status assay_ort_pool_replace(assay_onnx_graph *graph, assay_error *err)
{
    bool any = false;
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        assay_onnx_node *pool = pool_of(graph->nodes[i]);
        if (pool != NULL && starts_empty(graph->nodes[i])) {
            ASSAY_TRY(replace(graph, graph->nodes[i], pool, err));
            any = any || graph->nodes[i]->domain[0] != '\0';
        }
    }
    if (!any) {
        return ASSAY_OK;
    }
    assay_onnx_prune(graph);
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        assay_onnx_node *node = graph->nodes[i];
        if (assay_onnx_is(node, "MaxPool") && node->n_out == 2 && node->out[1] != NULL &&
            !used(graph, node->out[1])) {
            node->n_out = 1; /* asked for its places, the runtime's MaxPool is slow */
        }
    }
    return declare(graph, err);
}

/* ---- for the runtime ------------------------------------------------------------------------ */

typedef struct kernel {
    const OrtApi *api;
    assay_pool pool;
} kernel;

typedef struct tensor {
    int64_t shape[4];
    void *data;
} tensor;

static OrtStatus *create(const OrtCustomOp *self, const OrtApi *api, const OrtKernelInfo *info,
                         void **out)
{
    (void)self;
    int64_t numbers[NUMBERS] = {0};
    size_t n = NUMBERS;
    kernel *made = assay_alloc(1, sizeof *made);
    if (made == NULL) {
        return api->CreateStatus(ORT_FAIL, "out of memory");
    }
    OrtStatus *status = api->KernelInfoGetAttributeArray_int64(info, "window", numbers, &n);
    if (status != NULL) {
        assay_free(made);
        return status;
    }
    made->api = api;
    for (int i = 0; i < 2; i++) {
        made->pool.kernel[i] = numbers[i];
        made->pool.stride[i] = numbers[2 + i];
        made->pool.dilation[i] = numbers[4 + i];
        made->pool.begin[i] = numbers[6 + i];
    }
    *out = made;
    return NULL;
}

static void destroy(void *self)
{
    assay_free(self);
}

/* Interface functions return a status on failure: stop there. */
#define ORT_PASS(call)                                                                             \
    do {                                                                                           \
        OrtStatus *failed = (call);                                                                \
        if (failed != NULL) {                                                                      \
            return failed;                                                                         \
        }                                                                                          \
    } while (0)

static OrtStatus *input(tensor *out, const OrtApi *api, const OrtKernelContext *context,
                        size_t index)
{
    const OrtValue *value = NULL;
    OrtTensorTypeAndShapeInfo *info = NULL;
    OrtValue *mutable = NULL;
    size_t rank = 0;
    ORT_PASS(api->KernelContext_GetInput(context, index, &value));
    memcpy(&mutable, &value, sizeof mutable); /* only read */
    ORT_PASS(api->GetTensorMutableData(mutable, &out->data));
    ORT_PASS(api->GetTensorTypeAndShape(value, &info));
    OrtStatus *status = api->GetDimensionsCount(info, &rank);
    if (status == NULL && rank == 4) {
        status = api->GetDimensions(info, out->shape, rank);
    }
    api->ReleaseTensorTypeAndShapeInfo(info);
    return status;
}

static OrtStatus *compute(void *self, OrtKernelContext *context)
{
    const kernel *k = self;
    const OrtApi *api = k->api;
    assay_error err = {0};
    tensor x = {.data = NULL};
    tensor y = {.data = NULL};
    tensor dy = {.data = NULL};
    OrtValue *made = NULL;
    void *dx = NULL;
    ORT_PASS(input(&x, api, context, 0));
    ORT_PASS(input(&y, api, context, 1));
    ORT_PASS(input(&dy, api, context, 2));
    int64_t planes = x.shape[0] * x.shape[1];
    int64_t count = planes * x.shape[2] * x.shape[3];
    ORT_PASS(api->KernelContext_GetOutput(context, 0, &count, 1, &made));
    ORT_PASS(api->GetTensorMutableData(made, &dx));
    if (assay_pool_gradient(dx, x.data, y.data, dy.data, planes, x.shape + 2, y.shape + 2, &k->pool,
                            &err) != ASSAY_OK) {
        return api->CreateStatus(ORT_FAIL, err.message);
    }
    return NULL;
}

static const char *name(const OrtCustomOp *self)
{
    (void)self;
    return "MaxPoolGradient";
}

static const char *provider(const OrtCustomOp *self)
{
    (void)self;
    return NULL; /* the processor */
}

static ONNXTensorElementDataType type(const OrtCustomOp *self, size_t index)
{
    (void)self;
    (void)index;
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

static size_t three(const OrtCustomOp *self)
{
    (void)self;
    return 3;
}

static size_t one(const OrtCustomOp *self)
{
    (void)self;
    return 1;
}

static OrtCustomOpInputOutputCharacteristic required(const OrtCustomOp *self, size_t index)
{
    (void)self;
    (void)index;
    return INPUT_OUTPUT_REQUIRED;
}

static OrtMemType memory(const OrtCustomOp *self, size_t index)
{
    (void)self;
    (void)index;
    return OrtMemTypeDefault;
}

static int first_version(const OrtCustomOp *self)
{
    (void)self;
    return 1;
}

static int last_version(const OrtCustomOp *self)
{
    (void)self;
    return 1;
}

const OrtCustomOp *assay_ort_pool_operator(void)
{
    static const OrtCustomOp op = {.version = ASSAY_ORT_API,
                                   .GetName = name,
                                   .GetExecutionProviderType = provider,
                                   .GetInputType = type,
                                   .GetInputTypeCount = three,
                                   .GetOutputType = type,
                                   .GetOutputTypeCount = one,
                                   .KernelDestroy = destroy,
                                   .GetInputCharacteristic = required,
                                   .GetOutputCharacteristic = required,
                                   .GetInputMemoryType = memory,
                                   .CreateKernelV2 = create,
                                   .KernelComputeV2 = compute,
                                   .GetStartVersion = first_version,
                                   .GetEndVersion = last_version};
    return &op;
}
