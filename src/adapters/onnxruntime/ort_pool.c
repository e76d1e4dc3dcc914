#include "adapters/onnxruntime/ort_pool.h"

#include <math.h>
#include <string.h>

#include "adapters/onnxruntime/ort_kernel.h"
#include "base/alloc.h"
#include "onnx/window.h"

enum {
    LANES = 4,
    NUMBERS = ASSAY_ORT_POOL_BLOCK + 1,
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

typedef int32_t eight __attribute__((vector_size(2 * LANES * sizeof(int32_t))));
typedef float reals __attribute__((vector_size(2 * LANES * sizeof(float))));

/* One window of 8 channels: what it has goes to the first tap at which the maximum is. */
__attribute__((always_inline)) static inline void
one_window(float *dx, const float *x, const float *y, const float *dy, int64_t from,
           const int64_t rows[2], const int64_t columns[2], const int64_t step[2])
{
    reals most;
    eight left;
    memcpy(&most, y, sizeof most);
    memcpy(&left, dy, sizeof left);
    for (int64_t r = rows[0]; r < rows[1]; r++) {
        for (int64_t c = columns[0]; c < columns[1]; c++) {
            const int64_t place = from + r * step[0] + c * step[1];
            reals at;
            reals sum;
            memcpy(&at, x + place, sizeof at);
            memcpy(&sum, dx + place, sizeof sum);
            const eight here = at == most;
            sum += (reals)(left & here);
            left &= ~here;
            memcpy(dx + place, &sum, sizeof sum);
        }
    }
}

/* The taps of a window that begins at `start` which lie in the map. */
static inline void taps_inside(int64_t taps[2], int64_t start, int64_t size, int64_t kernel,
                               int64_t dilation)
{
    taps[0] = start < 0 ? (-start + dilation - 1) / dilation : 0;
    taps[1] = start < size ? (size - 1 - start) / dilation + 1 : 0;
    taps[1] = taps[1] < kernel ? taps[1] : kernel;
}

/* The maps were made long before: what the windows of the next row see first is fetched meanwhile. */
__attribute__((always_inline)) static inline void look_ahead(const float *x, int64_t row,
                                                             int64_t column, int64_t block,
                                                             const int64_t in[2],
                                                             const assay_pool *p)
{
    for (int64_t r = row; r < row + p->stride[0] && r < in[0]; r++) {
        for (int64_t c = column < 0 ? 0 : column; c < column + p->stride[1] && c < in[1]; c++) {
            __builtin_prefetch(x + (r * in[1] + c) * block);
        }
    }
}

__attribute__((always_inline)) static inline void
one_block(float *dx, const float *x, const float *y, const float *dy, int64_t block,
          const int64_t in[2], const int64_t out[2], const assay_pool *p)
{
    const int64_t step[2] = {p->dilation[0] * in[1] * block, p->dilation[1] * block};
    int64_t rows[2];
    int64_t columns[2];
    const int64_t size = in[0] * in[1] * block;
    int64_t cleared = 0; /* as far as the windows have come: what is about to be added to */
    for (int64_t o = 0; o < out[0]; o++) {
        const int64_t row = o * p->stride[0] - p->begin[0];
        const int64_t last = (row + (p->kernel[0] - 1) * p->dilation[0] + 1) * in[1] * block;
        const int64_t end = o + 1 < out[0] && last < size ? last : size;
        if (end > cleared) {
            memset(dx + cleared, 0, (size_t)(end - cleared) * sizeof *dx);
            cleared = end;
        }
        taps_inside(rows, row, in[0], p->kernel[0], p->dilation[0]);
        for (int64_t i = out[1]; i-- > 0;) { /* backwards: sums in the order of the other layout */
            const int64_t column = i * p->stride[1] - p->begin[1];
            taps_inside(columns, column, in[1], p->kernel[1], p->dilation[1]);
            const int64_t at = (row * in[1] + column) * block;
            const int64_t to = (o * out[1] + i) * block;
            look_ahead(x, row + p->kernel[0] * p->dilation[0], column, block, in, p);
            if (o + 1 < out[0]) {
                __builtin_prefetch(y + to + out[1] * block);
                __builtin_prefetch(dy + to + out[1] * block);
            }
            for (int64_t k = 0; k < block; k += 2 * LANES) {
                one_window(dx, x, y + to + k, dy + to + k, at + k, rows, columns, step);
            }
        }
    }
}

static void one_block_plain(float *dx, const float *x, const float *y, const float *dy,
                            int64_t block, const int64_t in[2], const int64_t out[2],
                            const assay_pool *p)
{
    one_block(dx, x, y, dy, block, in, out, p);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void
one_block_wide(float *dx, const float *x, const float *y, const float *dy, int64_t block,
               const int64_t in[2], const int64_t out[2], const assay_pool *p)
{
    one_block(dx, x, y, dy, block, in, out, p);
}
#else
#define one_block_wide one_block_plain
#endif

void assay_pool_gradient_blocked(float *dx, const float *x, const float *y, const float *dy,
                                 int64_t planes, int64_t block, const int64_t in[2],
                                 const int64_t out[2], const assay_pool *pool)
{
    bool wide = false;
#ifdef __x86_64__
    wide = __builtin_cpu_supports("avx2") != 0;
#endif
    for (int64_t i = 0; i < planes; i++) {
        const int64_t at = i * block * in[0] * in[1];
        const int64_t to = i * block * out[0] * out[1];
        (wide ? one_block_wide : one_block_plain)(dx + at, x + at, y + to, dy + to, block, in, out,
                                                  pool);
    }
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
    int64_t numbers[NUMBERS] = {0};
    for (int i = 0; i < 2; i++) {
        numbers[i] = w.kernel[i];
        numbers[2 + i] = w.stride[i];
        numbers[4 + i] = w.dilation[i];
        numbers[6 + i] = w.begin[i];
    }
    node->in[0] = pool->in[0];
    node->in[1] = pool->out[0];
    return assay_ort_kernel_become(node, graph, ASSAY_ORT_POOL, ASSAY_ORT_POOL_NUMBERS, numbers,
                                   NUMBERS, err);
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
    return assay_ort_kernel_declare(graph, err);
}

/* ---- for the runtime ------------------------------------------------------------------------ */

typedef struct kernel {
    const OrtApi *api;
    assay_pool pool;
    int64_t block; /* of channels that lie beside one another; 0 = planes */
} kernel;

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
    OrtStatus *status =
        api->KernelInfoGetAttributeArray_int64(info, ASSAY_ORT_POOL_NUMBERS, numbers, &n);
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
    made->block = numbers[ASSAY_ORT_POOL_BLOCK];
    *out = made;
    return NULL;
}

static OrtStatus *compute(void *self, OrtKernelContext *context)
{
    const kernel *k = self;
    const OrtApi *api = k->api;
    assay_error err = {0};
    assay_ort_kernel_tensor x;
    assay_ort_kernel_tensor y;
    assay_ort_kernel_tensor dy;
    float *dx = NULL;
    ASSAY_ORT_PASS(assay_ort_kernel_input(&x, api, context, 0));
    ASSAY_ORT_PASS(assay_ort_kernel_input(&y, api, context, 1));
    ASSAY_ORT_PASS(assay_ort_kernel_input(&dy, api, context, 2));
    int64_t planes = x.shape[0] * x.shape[1];
    int64_t count = (int64_t)x.count;
    assay_status status = ASSAY_OK;
    if (k->block > 0) {
        ASSAY_ORT_PASS(assay_ort_kernel_output(&dx, api, context, x.shape, 4));
        assay_pool_gradient_blocked(dx, x.data, y.data, dy.data, planes / k->block, k->block,
                                    x.shape + 2, y.shape + 2, &k->pool);
    } else {
        ASSAY_ORT_PASS(assay_ort_kernel_output(&dx, api, context, &count, 1));
        status = assay_pool_gradient(dx, x.data, y.data, dy.data, planes, x.shape + 2, y.shape + 2,
                                     &k->pool, &err);
    }
    return status != ASSAY_OK ? api->CreateStatus(ORT_FAIL, err.message) : NULL;
}

static const char *name(const OrtCustomOp *self)
{
    (void)self;
    return ASSAY_ORT_POOL;
}

static size_t three(const OrtCustomOp *self)
{
    (void)self;
    return 3;
}

const OrtCustomOp *assay_ort_pool_operator(void)
{
    static const OrtCustomOp op = ASSAY_ORT_OPERATOR(name, three, create, compute);
    return &op;
}
