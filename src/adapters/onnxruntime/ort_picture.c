#include "adapters/onnxruntime/ort_picture.h"

#include <string.h>

#include "adapters/onnxruntime/ort_kernel.h"
#include "base/alloc.h"
#include "onnx/window.h"

enum {
    LANES = 16, /* channels of the map that are summed side by side, whatever the processor */
    MOST_AT_ONCE = 8,
    LINE = 64,
    NUMBERS = ASSAY_ORT_PICTURE_BLOCK + 1,
    FARTHEST = 64 /* of kernels and steps */
};

typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
typedef float loose
    __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

/* Rows of the map around the picture's row, with zeros beside them; one after the other in a ring. */
typedef struct rows {
    float *room;           /* owned */
    float *ring, *weights; /* weights: [block, channel, tap row, tap column, LANES] */
    int64_t blocks, width, left;
    int64_t low, n; /* the rows that a row of the picture needs begin so much before its own */
    int64_t next;   /* the first that is not there yet */
} rows;

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static assay_status new_rows(rows *r, const float *w, const assay_picture *p, assay_error *err)
{
    const int64_t taps = p->kernel[0] * p->kernel[1];
    const int64_t first = floor_div(p->begin[1] - (p->kernel[1] - 1), p->stride[1]);
    const int64_t last = (p->stride[1] - 1 + p->begin[1]) / p->stride[1];
    const int64_t places = (p->out[1] + p->stride[1] - 1) / p->stride[1];
    const int64_t most = places + MOST_AT_ONCE + last;
    *r = (rows){.blocks = (p->depth + LANES - 1) / LANES, .left = first < 0 ? -first : 0};
    r->low = floor_div(p->begin[0] - (p->kernel[0] - 1), p->stride[0]);
    r->n = (p->stride[0] - 1 + p->begin[0]) / p->stride[0] - r->low + 1;
    r->width = r->left + (most > p->in[1] ? most : p->in[1]);
    size_t ring = (size_t)(r->n * r->blocks * r->width * LANES);
    size_t weights = (size_t)(r->blocks * taps * p->channels * LANES);
    r->room = assay_alloc(ring + weights + LANES, sizeof *r->room); /* zeros */
    if (r->room == NULL) {
        return assay_fail_memory(err);
    }
    /* Lanes that lie across two lines of the cache take twice as long to read. */
    r->ring = r->room + (LINE - (uintptr_t)r->room % LINE) % LINE / sizeof *r->room;
    r->weights = r->ring + ring;
    for (int64_t m = 0; m < p->depth; m++) {
        for (int64_t c = 0; c < p->channels; c++) {
            for (int64_t t = 0; t < taps; t++) {
                r->weights[((m / LANES * p->channels + c) * taps + t) * LANES + m % LANES] =
                    w[(m * p->channels + c) * taps + t];
            }
        }
    }
    return ASSAY_OK;
}

static void take_planes(float *to, const float *map, int64_t first, int64_t row,
                        const assay_picture *p)
{
    const int64_t n = p->depth - first < LANES ? p->depth - first : LANES;
    for (int64_t k = 0; k < n; k++) {
        const float *from = map + ((first + k) * p->in[0] + row) * p->in[1];
        for (int64_t i = 0; i < p->in[1]; i++) {
            to[i * LANES + k] = from[i];
        }
    }
}

/* A row of a block of 8 or 16 channels; `at` is its place in the map, whose bits the mask has. */
static void take_block(float *to, const float *map, const uint8_t *mask, int64_t at,
                       const assay_picture *p)
{
    enum { BITS = 8 };
    typedef int32_t part __attribute__((vector_size(BITS * sizeof(int32_t))));
    const part which = {1, 2, 4, 8, 16, 32, 64, 128};
    const part none = {0};
    if (mask == NULL && p->block == LANES) {
        memcpy(to, map + at, (size_t)(p->in[1] * LANES) * sizeof *to);
        return;
    }
    for (int64_t i = 0; i < p->in[1]; i++) {
        for (int64_t k = 0; k < p->block; k += BITS) {
            part x;
            memcpy(&x, map + at + i * p->block + k, sizeof x);
            if (mask != NULL) {
                x &= ((none + (int32_t)mask[(at + i * p->block + k) / BITS]) & which) == which;
            }
            memcpy(to + i * LANES + k, &x, sizeof x);
        }
    }
}

__attribute__((always_inline)) static inline void
take_rows(rows *r, const float *map, const uint8_t *mask, int64_t end, const assay_picture *p)
{
    end = end < p->in[0] ? end : p->in[0];
    for (; r->next < end; r->next++) {
        for (int64_t b = 0; b < r->blocks; b++) {
            float *to = r->ring + ((r->next % r->n * r->blocks + b) * r->width + r->left) * LANES;
            if (p->block == 0) {
                take_planes(to, map, b * LANES, r->next, p);
                continue;
            }
            for (int64_t k = 0; k < LANES && b * LANES + k < p->depth; k += p->block) {
                int64_t plane = (b * LANES + k) / p->block;
                take_block(to + k, map, mask, (plane * p->in[0] + r->next) * p->in[1] * p->block,
                           p);
            }
        }
    }
}

/* The sums of the lanes, each as the same tree of neighbours, of n = 1, 2, 4 or 8. */
__attribute__((always_inline)) static inline void sum_lanes(float *out, floats *x, int n)
{
#pragma GCC unroll 4
    for (int level = 1; level < LANES; level *= 2) {
        int left = n / level > 1 ? n / level : 1;
#pragma GCC unroll 4
        for (int i = 0; i < (left + 1) / 2; i++) {
            const floats a = x[left > 1 ? 2 * i : i];
            const floats b = x[left > 1 ? 2 * i + 1 : i];
            x[i] = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26,
                                           28, 30) +
                   __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27,
                                           29, 31);
        }
    }
    memcpy(out, x, (size_t)n * sizeof *out);
}

/* What a row of the picture is the sum of: rows of the map, each times a row of the kernel. */
typedef struct terms {
    int32_t n;
    int64_t at[FARTHEST];  /* in the ring, of the first block */
    int64_t tap[FARTHEST]; /* in the weights of a channel */
} terms;

/* Some places of one phase of that row, of one channel. */
typedef struct spot {
    int64_t shift;         /* in the ring: its first place at the first tap across */
    int64_t across, count; /* that tap, and how many there are */
    int64_t channel;
} spot;

static void find_terms(terms *out, const rows *r, int64_t row, const assay_picture *p)
{
    out->n = 0;
    for (int64_t t = (row + p->begin[0]) % p->stride[0]; t < p->kernel[0]; t += p->stride[0]) {
        int64_t from = (row + p->begin[0] - t) / p->stride[0];
        if (row + p->begin[0] >= t && from < p->in[0]) {
            out->at[out->n] = (from % r->n * r->blocks * r->width + r->left) * LANES;
            out->tap[out->n++] = t * p->kernel[1] * LANES;
        }
    }
}

#define LANES_AT(x, i) (*(const loose *)((x) + (i)*LANES))
#define ADD_PLACE(i)                                                                               \
    do {                                                                                           \
        const floats at##i = LANES_AT(from, i);                                                    \
        s##i += tap * at##i;                                                                       \
        if (two) {                                                                                 \
            t##i += other * at##i;                                                                 \
        }                                                                                          \
    } while (0)

/* `n` places from the spot on, of one channel or two. Sums in variables of their own stay in registers. */
__attribute__((always_inline)) static inline void sum_places(float out[2][MOST_AT_ONCE],
                                                             const rows *r, const terms *lines,
                                                             const spot *at, int n, bool two,
                                                             const assay_picture *p)
{
    const int64_t taps = p->kernel[0] * p->kernel[1] * LANES;
    const floats zero = {0.0F};
    floats s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero;
    floats t0 = zero, t1 = zero, t2 = zero, t3 = zero, t4 = zero, t5 = zero, t6 = zero, t7 = zero;
    for (int64_t b = 0; b < r->blocks; b++) {
        for (int32_t i = 0; i < lines->n; i++) {
            const float *x = r->ring + lines->at[i] + b * r->width * LANES + at->shift;
            const float *w = r->weights + (b * p->channels + at->channel) * taps + lines->tap[i] +
                             at->across * LANES;
            for (int64_t u = 0; u < at->count; u++) {
                const float *from = x - u * LANES;
                const floats tap = LANES_AT(w, u * p->stride[1]);
                const floats other = LANES_AT(two ? w + taps : w, u * p->stride[1]);
                ADD_PLACE(0);
                if (n > 1) {
                    ADD_PLACE(1);
                }
                if (n > 2) {
                    ADD_PLACE(2);
                    ADD_PLACE(3);
                }
                if (n > 4) {
                    ADD_PLACE(4);
                    ADD_PLACE(5);
                    ADD_PLACE(6);
                    ADD_PLACE(7);
                }
            }
        }
    }
    floats sum[MOST_AT_ONCE] = {s0, s1, s2, s3, s4, s5, s6, s7};
    sum_lanes(out[0], sum, n);
    if (two) {
        floats more[MOST_AT_ONCE] = {t0, t1, t2, t3, t4, t5, t6, t7};
        sum_lanes(out[1], more, n);
    }
}

/* n places, or what is left of a row, to every step-th place. */
__attribute__((always_inline)) static inline void put_places(float *to, const float *found,
                                                             int64_t left, int64_t step, int n)
{
    if (step == 1 && n <= left) {
        memcpy(to, found, (size_t)n * sizeof *to);
        return;
    }
    for (int64_t k = 0; k < n && k < left; k++) {
        to[k * step] = found[k];
    }
}

/* All phases and channels of n places of each, while their part of the map is near the processor. */
__attribute__((always_inline)) static inline void one_group(float *out, const rows *r,
                                                            const terms *lines, int64_t place,
                                                            int n, const assay_picture *p)
{
    float found[2][MOST_AT_ONCE];
    const int64_t s = p->stride[1];
    const int64_t size = p->out[0] * p->out[1];
    for (int64_t phase = 0; phase < s; phase++) {
        const int64_t left = (p->out[1] - phase + s - 1) / s - place;
        spot at = {.across = (phase + p->begin[1]) % s};
        float *to = out + place * s + phase;
        at.shift = (place + (phase + p->begin[1] - at.across) / s) * LANES;
        at.count = at.across < p->kernel[1] ? (p->kernel[1] - 1 - at.across) / s + 1 : 0;
        for (; left > 0 && at.channel + 1 < p->channels; at.channel += 2) {
            sum_places(found, r, lines, &at, n, true, p);
            put_places(to + at.channel * size, found[0], left, s, n);
            put_places(to + (at.channel + 1) * size, found[1], left, s, n);
        }
        if (left > 0 && at.channel < p->channels) {
            sum_places(found, r, lines, &at, n, false, p);
            put_places(to + at.channel * size, found[0], left, s, n);
        }
    }
}

__attribute__((always_inline)) static inline void one_picture(float *out, rows *r, const float *map,
                                                              const uint8_t *mask, int n,
                                                              const assay_picture *p)
{
    terms lines;
    const int64_t places = (p->out[1] + p->stride[1] - 1) / p->stride[1];
    r->next = 0;
    for (int64_t row = 0; row < p->out[0]; row++) {
        take_rows(r, map, mask, row / p->stride[0] + r->low + r->n, p);
        find_terms(&lines, r, row, p);
        for (int64_t place = 0; place < places; place += n) {
            one_group(out + row * p->out[1], r, &lines, place, n, p);
        }
    }
}

typedef void one_fn(float *out, rows *r, const float *map, const uint8_t *mask,
                    const assay_picture *p);

/* As many places at once as registers hold sums. */
static void one_plain(float *out, rows *r, const float *map, const uint8_t *mask,
                      const assay_picture *p)
{
    one_picture(out, r, map, mask, 2, p);
}

#ifdef __x86_64__
__attribute__((target("avx2,fma"))) static void
one_avx2(float *out, rows *r, const float *map, const uint8_t *mask, const assay_picture *p)
{
    one_picture(out, r, map, mask, 4, p);
}

__attribute__((target("avx512f,avx2,fma"))) static void
one_avx512(float *out, rows *r, const float *map, const uint8_t *mask, const assay_picture *p)
{
    one_picture(out, r, map, mask, 8, p);
}
#endif

static one_fn *pick_one(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f")) {
        return one_avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return one_avx2;
    }
#endif
    return one_plain;
}

assay_status assay_picture_gradient(float *out, const float *map, const float *w,
                                    const uint8_t *mask, int64_t n, const assay_picture *p,
                                    assay_error *err)
{
    one_fn *one = pick_one();
    const int64_t size = p->depth * p->in[0] * p->in[1];
    rows r;
    ASSAY_TRY(new_rows(&r, w, p, err));
    for (int64_t i = 0; i < n; i++) {
        one(out + i * p->channels * p->out[0] * p->out[1], &r, map + i * size,
            mask != NULL ? mask + i * size / 8 : NULL, p);
    }
    assay_free(r.room);
    return ASSAY_OK;
}

/* ---- in the graph --------------------------------------------------------------------------- */

static bool suits(assay_onnx_window *w, const assay_onnx_node *node)
{
    const assay_onnx_value *x = assay_onnx_in(node, 0);
    const assay_onnx_value *weights = assay_onnx_in(node, 1);
    const assay_onnx_value *y = assay_onnx_out(node, 0);
    if (!assay_onnx_is(node, "ConvTranspose") || x == NULL || weights == NULL || y == NULL ||
        assay_onnx_in(node, 2) != NULL || x->type != ASSAY_ONNX_FLOAT || x->rank != 4 ||
        weights->rank != 4 || y->rank != 4 || !assay_onnx_is_static(x) ||
        !assay_onnx_is_static(weights) || !assay_onnx_is_static(y) ||
        assay_onnx_window_of(w, node, NULL) != ASSAY_OK) {
        return false;
    }
    bool fits = w->n == 2 && w->group == 1 && weights->shape[1] <= (int64_t)ASSAY_PICTURE_CHANNELS;
    for (int i = 0; fits && i < 2; i++) {
        fits = w->dilation[i] == 1 && w->begin[i] >= 0 && w->begin[i] < w->kernel[i] &&
               w->kernel[i] <= FARTHEST && w->stride[i] <= FARTHEST;
    }
    return fits;
}

assay_status assay_ort_picture_replace(assay_onnx_graph *graph, assay_error *err)
{
    bool any = false;
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        assay_onnx_node *node = graph->nodes[i];
        assay_onnx_window w;
        if (!suits(&w, node)) {
            continue;
        }
        const int64_t *size = node->out[0]->shape + 2;
        const int64_t numbers[NUMBERS] = {w.stride[0], w.stride[1], w.begin[0], w.begin[1],
                                          size[0],     size[1],     0};
        ASSAY_TRY(assay_ort_kernel_become(node, graph, ASSAY_ORT_PICTURE, ASSAY_ORT_PICTURE_NUMBERS,
                                          numbers, NUMBERS, err));
        any = true;
    }
    return any ? assay_ort_kernel_declare(graph, err) : ASSAY_OK;
}

/* ---- for the runtime ------------------------------------------------------------------------ */

typedef struct kernel {
    const OrtApi *api;
    int64_t numbers[NUMBERS];
} kernel;

static OrtStatus *create(const OrtCustomOp *self, const OrtApi *api, const OrtKernelInfo *info,
                         void **out)
{
    size_t n = NUMBERS;
    (void)self;
    kernel *made = assay_alloc(1, sizeof *made);
    if (made == NULL) {
        return api->CreateStatus(ORT_FAIL, "out of memory");
    }
    OrtStatus *status =
        api->KernelInfoGetAttributeArray_int64(info, ASSAY_ORT_PICTURE_NUMBERS, made->numbers, &n);
    if (status != NULL) {
        assay_free(made);
        return status;
    }
    made->api = api;
    *out = made;
    return NULL;
}

static OrtStatus *compute(void *self, OrtKernelContext *context)
{
    const kernel *k = self;
    assay_error err = {0};
    assay_ort_kernel_tensor x;
    assay_ort_kernel_tensor w;
    const uint8_t *mask = NULL;
    float *y = NULL;
    ASSAY_ORT_PASS(assay_ort_kernel_input(&x, k->api, context, 0));
    ASSAY_ORT_PASS(assay_ort_kernel_input(&w, k->api, context, 1));
    ASSAY_ORT_PASS(assay_ort_kernel_mask(&mask, k->api, context, 2, x.count));
    const int64_t *numbers = k->numbers;
    const assay_picture p = {.depth = x.shape[1],
                             .in = {x.shape[2], x.shape[3]},
                             .block = numbers[ASSAY_ORT_PICTURE_BLOCK],
                             .channels = w.shape[1],
                             .out = {numbers[4], numbers[5]},
                             .kernel = {w.shape[2], w.shape[3]},
                             .stride = {numbers[0], numbers[1]},
                             .begin = {numbers[2], numbers[3]}};
    const int64_t shape[4] = {x.shape[0], p.channels, p.out[0], p.out[1]};
    ASSAY_ORT_PASS(assay_ort_kernel_output(&y, k->api, context, shape, 4));
    assay_status status = assay_picture_gradient(y, x.data, w.data, mask, x.shape[0], &p, &err);
    return status != ASSAY_OK ? k->api->CreateStatus(ORT_FAIL, err.message) : NULL;
}

static const char *name(const OrtCustomOp *self)
{
    (void)self;
    return ASSAY_ORT_PICTURE;
}

static const char *gated_name(const OrtCustomOp *self)
{
    (void)self;
    return ASSAY_ORT_PICTURE_GATED;
}

static size_t two(const OrtCustomOp *self)
{
    (void)self;
    return 2;
}

static size_t three(const OrtCustomOp *self)
{
    (void)self;
    return 3;
}

const OrtCustomOp *assay_ort_picture_operator(void)
{
    static const OrtCustomOp op = ASSAY_ORT_OPERATOR(name, two, create, compute);
    return &op;
}

const OrtCustomOp *assay_ort_picture_gated_operator(void)
{
    static const OrtCustomOp op = ASSAY_ORT_OPERATOR(gated_name, three, create, compute);
    return &op;
}
