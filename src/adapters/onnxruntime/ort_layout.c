#include "adapters/onnxruntime/ort_layout.h"

#include <math.h>
#include <string.h>

#include "adapters/onnxruntime/ort_kernel.h"
#include "base/alloc.h"

enum { NUMBERS = ASSAY_ORT_INTERLEAVE_BLOCK + 1, LANES = 8 };

typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t words __attribute__((vector_size(LANES * sizeof(int32_t))));

/* ---- in the graph --------------------------------------------------------------------------- */

/* The node that gives the first input if it is of that operator. */
static const assay_onnx_node *from(const assay_onnx_node *node, const char *op)
{
    const assay_onnx_value *x = node != NULL ? assay_onnx_in(node, 0) : NULL;
    return x != NULL && x->node != NULL && assay_onnx_is(x->node, op) ? x->node : NULL;
}

static bool turns(const assay_onnx_node *node, const int64_t *perm, size_t n)
{
    const int64_t *found = NULL;
    return node != NULL && assay_onnx_attribute_ints(&found, node, "perm") == n &&
           memcmp(found, perm, n * sizeof *perm) == 0;
}

static bool has_shape(const assay_onnx_value *x, int32_t rank, const int64_t *shape)
{
    return x->rank == rank && memcmp(x->shape, shape, (size_t)rank * sizeof *shape) == 0;
}

/* What a Pad fills up with channels of zeros at the end; NULL if it does anything else. */
static assay_onnx_value *without_zeros(const assay_onnx_value *x)
{
    int64_t pads[8];
    const assay_onnx_node *pad = x->node;
    if (pad == NULL || !assay_onnx_is(pad, "Pad") || assay_onnx_in(pad, 2) != NULL ||
        assay_onnx_in(pad, 3) != NULL || pad->n_attributes > 0 ||
        assay_onnx_constant_ints(pads, 8, assay_onnx_in(pad, 1)) != 8) {
        return NULL;
    }
    for (int i = 0; i < 8; i++) {
        if (i != 5 && pads[i] != 0) {
            return NULL;
        }
    }
    return pads[5] > 0 ? pad->in[0] : NULL;
}

/* Does this transposition end what onnx_interleave writes? Then its source and step. */
static assay_onnx_value *source_of(int64_t *step, const assay_onnx_node *node)
{
    static const int64_t lift[5] = {0, 2, 3, 1, 4};
    static const int64_t turn[4] = {0, 1, 3, 2};
    if (!assay_onnx_is(node, "Transpose") || !turns(node, lift, 5)) {
        return NULL;
    }
    const assay_onnx_node *rows = from(node, "Reshape");
    const assay_onnx_node *turned = from(rows, "Transpose");
    const assay_onnx_node *flat = turns(turned, turn, 4) ? from(turned, "Reshape") : NULL;
    assay_onnx_value *x = flat != NULL ? flat->in[0] : NULL;
    if (x == NULL || x->rank != 4 || x->type != ASSAY_ONNX_FLOAT || !assay_onnx_is_static(x) ||
        flat->out[0]->rank != 4) {
        return NULL;
    }
    const int64_t s = flat->out[0]->shape[1];
    const int64_t channels = s > 0 ? x->shape[1] / (s * s) : 0;
    const int64_t phases[4] = {x->shape[0], s, s, channels * x->shape[2] * x->shape[3]};
    const int64_t wide[5] = {x->shape[0], s, channels, x->shape[2], s * x->shape[3]};
    *step = s;
    return channels > 0 && channels * s * s == x->shape[1] && has_shape(flat->out[0], 4, phases) &&
                   has_shape(rows->out[0], 5, wide)
               ? x
               : NULL;
}

assay_status assay_ort_interleave_replace(assay_onnx_graph *graph, assay_error *err)
{
    bool any = false;
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        assay_onnx_node *node = graph->nodes[i];
        int64_t s = 0;
        assay_onnx_value *x = source_of(&s, node);
        if (x == NULL || node->out[0]->output) {
            continue;
        }
        assay_onnx_value *few = without_zeros(x);
        bool one = few != NULL && few->shape[1] * s * s == x->shape[1];
        const int64_t numbers[NUMBERS] = {s, one ? 1 : s * s, 0};
        const int64_t shape[4] = {x->shape[0], x->shape[1] / (s * s), s * x->shape[2],
                                  s * x->shape[3]};
        ASSAY_TRY(assay_ort_kernel_become(node, graph, ASSAY_ORT_INTERLEAVE,
                                          ASSAY_ORT_INTERLEAVE_NUMBERS, numbers, NUMBERS, err));
        node->in[0] = one ? few : x;
        node->out[0]->rank = 4;
        memcpy(node->out[0]->shape, shape, sizeof shape);
        any = true;
    }
    if (!any) {
        return ASSAY_OK;
    }
    assay_onnx_prune(graph);
    return assay_ort_kernel_declare(graph, err);
}

bool assay_ort_gates_agree(const assay_onnx_graph *graph)
{
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        const assay_onnx_node *node = graph->nodes[i];
        for (int32_t k = 0; k < node->n_in; k++) {
            const assay_onnx_value *mask = node->in[k];
            if (mask == NULL || mask->node == NULL || !assay_ort_is_gate(mask->node)) {
                continue;
            }
            const assay_onnx_value *other = assay_onnx_in(node, 1 - k);
            if (!assay_onnx_is(node, "Mul") || other == NULL || !assay_onnx_is_static(mask) ||
                !has_shape(other, mask->rank, mask->shape)) {
                return false;
            }
        }
    }
    return true;
}

/* A step from 0 to 1 at zero, or a ramp that lies between two neighbouring numbers: see onnx_gate. */
bool assay_ort_is_gate(const assay_onnx_node *node)
{
    enum { DIGITS = 25 };
    const float steepest = 1e38F;
    const float alpha = fabsf(assay_onnx_attribute_float(node, "alpha", 0.2F));
    const float beta = fabsf(assay_onnx_attribute_float(node, "beta", 0.5F));
    int exponent = 0;
    if (!assay_onnx_is(node, "HardSigmoid")) {
        return false;
    }
    if (beta == 0.0F) {
        return alpha >= steepest;
    }
    (void)frexpf(beta / alpha, &exponent);
    return alpha == ldexpf(1.0F, DIGITS - exponent);
}

/* ---- for the runtime: phases ---------------------------------------------------------------- */

typedef struct phases {
    const OrtApi *api;
    int64_t step, given, block;
} phases;

static OrtStatus *create_phases(const OrtCustomOp *self, const OrtApi *api,
                                const OrtKernelInfo *info, void **out)
{
    (void)self;
    int64_t numbers[NUMBERS] = {0};
    size_t n = NUMBERS;
    phases *made = assay_alloc(1, sizeof *made);
    if (made == NULL) {
        return api->CreateStatus(ORT_FAIL, "out of memory");
    }
    OrtStatus *status =
        api->KernelInfoGetAttributeArray_int64(info, ASSAY_ORT_INTERLEAVE_NUMBERS, numbers, &n);
    if (status != NULL) {
        assay_free(made);
        return status;
    }
    *made = (phases){.api = api,
                     .step = numbers[0],
                     .given = numbers[ASSAY_ORT_INTERLEAVE_GIVEN],
                     .block = numbers[ASSAY_ORT_INTERLEAVE_BLOCK]};
    *out = made;
    return NULL;
}

/* One row of one phase to every step-th place of a row; x NULL = zeros. */
static void spread(float *to, const float *x, int64_t n, int64_t step)
{
    for (int64_t i = 0; i < n; i++) {
        to[i * step] = x != NULL ? x[i] : 0.0F;
    }
}

static void spread_blocks(float *to, const float *x, int64_t n, int64_t step, int64_t block)
{
    enum { WIDE = ASSAY_ORT_BLOCK_LEAST };
    static const float zeros[WIDE] = {0.0F};
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < block; k += WIDE) {
            memcpy(to + i * step * block + k, x != NULL ? x + i * block + k : zeros, sizeof zeros);
        }
    }
}

/* `planes` of one image, of `block` channels each; phases lie one after the other. */
static void interleave(float *y, const float *x, const phases *p, int64_t planes, int64_t block,
                       const int64_t in[2])
{
    const int64_t size = in[0] * in[1] * block;
    const int64_t width = in[1] * p->step * block;
    for (int64_t c = 0; c < planes; c++) {
        for (int64_t row = 0; row < in[0] * p->step; row++) {
            for (int64_t column = 0; column < p->step; column++) {
                int64_t phase = row % p->step * p->step + column;
                const float *source = phase < p->given ? x + (phase * planes + c) * size +
                                                             row / p->step * in[1] * block
                                                       : NULL;
                float *to = y + (c * in[0] * p->step + row) * width + column * block;
                if (block > 1) {
                    spread_blocks(to, source, in[1], p->step, block);
                } else {
                    spread(to, source, in[1], p->step);
                }
            }
        }
    }
}

static OrtStatus *compute_phases(void *self, OrtKernelContext *context)
{
    const phases *p = self;
    assay_ort_kernel_tensor x;
    float *y = NULL;
    ASSAY_ORT_PASS(assay_ort_kernel_input(&x, p->api, context, 0));
    const int64_t block = p->block > 0 ? p->block : 1;
    const int64_t channels = x.shape[1] / p->given;
    const int64_t shape[4] = {x.shape[0], channels, x.shape[2] * p->step, x.shape[3] * p->step};
    ASSAY_ORT_PASS(assay_ort_kernel_output(&y, p->api, context, shape, 4));
    for (int64_t i = 0; i < x.shape[0]; i++) {
        interleave(y + i * channels * shape[2] * shape[3],
                   x.data + i * x.shape[1] * x.shape[2] * x.shape[3], p, channels / block, block,
                   x.shape + 2);
    }
    return NULL;
}

static void add_blocks(float *to, const float *x, int64_t n, int64_t step, int64_t block)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < block; k += LANES) {
            floats sum;
            floats more;
            memcpy(&sum, to + i * step * block + k, sizeof sum);
            memcpy(&more, x + i * block + k, sizeof more);
            sum += more;
            memcpy(to + i * step * block + k, &sum, sizeof sum);
        }
    }
}

/* Only the first phase is given: a quarter of the places, or less, of maps that are there already. */
static OrtStatus *compute_onto(void *self, OrtKernelContext *context)
{
    const phases *p = self;
    assay_ort_kernel_tensor onto;
    assay_ort_kernel_tensor x;
    float *y = NULL;
    ASSAY_ORT_PASS(assay_ort_kernel_input(&onto, p->api, context, 0));
    ASSAY_ORT_PASS(assay_ort_kernel_input(&x, p->api, context, 1));
    const int64_t h = x.shape[2];
    const int64_t w = x.shape[3];
    if (p->given != 1 || p->block % LANES != 0 || onto.shape[0] != x.shape[0] ||
        onto.shape[1] != x.shape[1] || onto.shape[2] != h * p->step ||
        onto.shape[3] != w * p->step) {
        return p->api->CreateStatus(ORT_FAIL, "phases of other maps");
    }
    ASSAY_ORT_PASS(assay_ort_kernel_output(&y, p->api, context, onto.shape, 4));
    if (y != onto.data) {
        memcpy(y, onto.data, onto.count * sizeof *y);
    }
    for (int64_t row = 0; row < x.shape[0] * x.shape[1] / p->block * h; row++) {
        add_blocks(y + row * p->step * w * p->step * p->block, x.data + row * w * p->block, w,
                   p->step, p->block);
    }
    return NULL;
}

static const char *phases_name(const OrtCustomOp *self)
{
    (void)self;
    return ASSAY_ORT_INTERLEAVE;
}

static const char *onto_name(const OrtCustomOp *self)
{
    (void)self;
    return ASSAY_ORT_INTERLEAVE_ONTO;
}

static size_t two(const OrtCustomOp *self)
{
    (void)self;
    return 2;
}

const OrtCustomOp *assay_ort_interleave_operator(void)
{
    static const OrtCustomOp op =
        ASSAY_ORT_OPERATOR(phases_name, assay_ort_kernel_one, create_phases, compute_phases);
    return &op;
}

const OrtCustomOp *assay_ort_onto_operator(bool in_place)
{
    static const OrtCustomOp op = ASSAY_ORT_OPERATOR(onto_name, two, create_phases, compute_onto);
    static const OrtCustomOp more =
        ASSAY_ORT_OPERATOR_IN_PLACE(onto_name, two, create_phases, compute_onto);
    return in_place ? &more : &op;
}

/* ---- for the runtime: masks ----------------------------------------------------------------- */

typedef struct masks {
    const OrtApi *api;
    float alpha, beta;
    bool wide; /* the processor has AVX2 */
} masks;

static OrtStatus *create_masks(masks **out, const OrtApi *api)
{
    *out = assay_alloc(1, sizeof **out);
    if (*out == NULL) {
        return api->CreateStatus(ORT_FAIL, "out of memory");
    }
    (*out)->api = api;
#ifdef __x86_64__
    (*out)->wide = __builtin_cpu_supports("avx2") != 0;
#endif
    return NULL;
}

static OrtStatus *create_mask(const OrtCustomOp *self, const OrtApi *api, const OrtKernelInfo *info,
                              void **out)
{
    (void)self;
    masks *made = NULL;
    ASSAY_ORT_PASS(create_masks(&made, api));
    OrtStatus *status = api->KernelInfoGetAttribute_float(info, "alpha", &made->alpha);
    if (status == NULL) {
        status = api->KernelInfoGetAttribute_float(info, "beta", &made->beta);
    }
    if (status != NULL) {
        assay_free(made);
        return status;
    }
    *out = made;
    return NULL;
}

static inline uint8_t bits_of(const float *x, size_t n, float alpha, float beta)
{
    unsigned bits = 0;
    for (size_t k = 0; k < n; k++) {
        bits |= (alpha * x[k] + beta > 0.0F ? 1U : 0U) << k;
    }
    return (uint8_t)bits;
}

static void mask_plain(uint8_t *to, const float *x, size_t n, const masks *m)
{
    for (size_t i = 0; i < n; i += LANES) {
        to[i / LANES] = bits_of(x + i, n - i < LANES ? n - i : LANES, m->alpha, m->beta);
    }
}

/* Lanes do not touch each other, so wider registers leave the bits as they are. */
__attribute__((always_inline)) static inline void gate_all(float *y, const float *x,
                                                           const uint8_t *mask, size_t n)
{
    const words which = {1, 2, 4, 8, 16, 32, 64, 128};
    const words none = {0};
    const size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        words at;
        memcpy(&at, x + i, sizeof at);
        at &= ((none + (int32_t)mask[i / LANES]) & which) == which;
        memcpy(y + i, &at, sizeof at);
    }
    for (size_t i = whole; i < n; i++) {
        y[i] = (mask[i / LANES] >> i % LANES & 1) != 0 ? x[i] : 0.0F;
    }
}

static void gate_plain(float *y, const float *x, const uint8_t *mask, size_t n)
{
    gate_all(y, x, mask, n);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void mask_wide(uint8_t *to, const float *x, size_t n,
                                                      const masks *m)
{
    const size_t whole = n - n % LANES;
    const floats zero = {0.0F};
    for (size_t i = 0; i < whole; i += LANES) {
        floats at;
        memcpy(&at, x + i, sizeof at);
        at = m->alpha * at + m->beta;
        to[i / LANES] = (uint8_t)__builtin_ia32_movmskps256((floats)(at > zero));
    }
    if (whole < n) {
        to[whole / LANES] = bits_of(x + whole, n - whole, m->alpha, m->beta);
    }
}

__attribute__((target("avx2"))) static void gate_wide(float *y, const float *x, const uint8_t *mask,
                                                      size_t n)
{
    gate_all(y, x, mask, n);
}
#else
#define mask_wide mask_plain
#define gate_wide gate_plain
#endif

static OrtStatus *compute_mask(void *self, OrtKernelContext *context)
{
    const masks *m = self;
    assay_ort_kernel_tensor x;
    float *y = NULL;
    ASSAY_ORT_PASS(assay_ort_kernel_input(&x, m->api, context, 0));
    const int64_t count = (int64_t)assay_ort_kernel_words(x.count);
    ASSAY_ORT_PASS(assay_ort_kernel_output(&y, m->api, context, &count, 1));
    (m->wide ? mask_wide : mask_plain)((uint8_t *)y, x.data, x.count, m);
    return NULL;
}

static OrtStatus *create_gate(const OrtCustomOp *self, const OrtApi *api, const OrtKernelInfo *info,
                              void **out)
{
    (void)self;
    (void)info;
    masks *made = NULL;
    ASSAY_ORT_PASS(create_masks(&made, api));
    *out = made;
    return NULL;
}

static OrtStatus *compute_gate(void *self, OrtKernelContext *context)
{
    const masks *m = self;
    assay_ort_kernel_tensor x;
    const uint8_t *mask = NULL;
    float *y = NULL;
    ASSAY_ORT_PASS(assay_ort_kernel_input(&x, m->api, context, 0));
    ASSAY_ORT_PASS(assay_ort_kernel_mask(&mask, m->api, context, 1, x.count));
    ASSAY_ORT_PASS(assay_ort_kernel_output(&y, m->api, context, x.shape, 4));
    (m->wide ? gate_wide : gate_plain)(y, x.data, mask, x.count);
    return NULL;
}

static const char *mask_name(const OrtCustomOp *self)
{
    (void)self;
    return ASSAY_ORT_MASK;
}

const OrtCustomOp *assay_ort_mask_operator(void)
{
    static const OrtCustomOp op =
        ASSAY_ORT_OPERATOR(mask_name, assay_ort_kernel_one, create_mask, compute_mask);
    return &op;
}

static const char *gate_name(const OrtCustomOp *self)
{
    (void)self;
    return ASSAY_ORT_GATE;
}

const OrtCustomOp *assay_ort_gate_operator(bool in_place)
{
    static const OrtCustomOp op = ASSAY_ORT_OPERATOR(gate_name, two, create_gate, compute_gate);
    static const OrtCustomOp more =
        ASSAY_ORT_OPERATOR_IN_PLACE(gate_name, two, create_gate, compute_gate);
    return in_place ? &more : &op;
}
