/* Gradient graphs in the runtime's blocked layout: the same bits as in the usual one, of a small net that
 * has everything that is treated there: a picture's first convolution, MaxPool, masks, strides with and
 * without a shortcut. And the kernels on their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/onnxruntime/ort_blocked.h"
#include "adapters/onnxruntime/ort_layout.h"
#include "adapters/onnxruntime/ort_once.h"
#include "adapters/onnxruntime/ort_picture.h"
#include "adapters/onnxruntime/ort_pool.h"
#include "onnx/build.h"
#include "onnx/gradient.h"
#include "onnx/head.h"

enum { MOST_SIDE = 64, WIDE = 32, MOST_PICTURE = 2 * 3 * MOST_SIDE * MOST_SIDE };

static uint64_t seed = 88172645463325252ULL;

static float draw(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (float)(seed >> 40) / 8388608.0F - 1.0F;
}

static assay_onnx_value *conv(assay_onnx_build *b, assay_onnx_value *x, int64_t channels,
                              int64_t kernel, int64_t stride)
{
    const int64_t shape[4] = {channels, x->shape[1], kernel, kernel};
    const int64_t count = channels * x->shape[1] * kernel * kernel;
    const int64_t strides[2] = {stride, stride};
    const int64_t p = kernel / 2;
    const int64_t pads[4] = {p, p, p, p};
    const assay_onnx_attribute attributes[2] = {ONNX_INTS("strides", strides, 2),
                                                ONNX_INTS("pads", pads, 4)};
    double *w = malloc((size_t)count * sizeof *w);
    assert_non_null(w);
    for (int64_t i = 0; i < count; i++) {
        w[i] = (double)(draw() / sqrtf((float)(count / channels)));
    }
    assay_onnx_value *in[2] = {x, onnx_reals(b, ASSAY_ONNX_FLOAT, w, 4, shape)};
    free(w);
    return onnx_emit(b, "Conv", 2, in, 2, attributes, 1);
}

static assay_onnx_value *pool(assay_onnx_build *b, assay_onnx_value *x)
{
    static const int64_t kernel[2] = {3, 3};
    static const int64_t stride[2] = {2, 2};
    static const int64_t pads[4] = {1, 1, 1, 1};
    const assay_onnx_attribute attributes[3] = {ONNX_INTS("kernel_shape", kernel, 2),
                                                ONNX_INTS("strides", stride, 2),
                                                ONNX_INTS("pads", pads, 4)};
    return onnx_emit(b, "MaxPool", 1, &x, 3, attributes, 1);
}

/* Gradient and answers, as they are asked for of models. */
static void net(assay_onnx_graph **out, assay_onnx_value **x, assay_onnx_value *ports[2],
                int64_t side)
{
    const int64_t size[4] = {2, 3, side, side};
    assay_error err = {0};
    assert_int_equal(assay_onnx_graph_new(out, &err), ASSAY_OK);
    (*out)->opset = ASSAY_ONNX_OPSET_COMMON;
    (*out)->ir_version = 8;
    assert_int_equal(assay_onnx_add_input(x, *out, "x", ASSAY_ONNX_FLOAT, 4, size, &err), ASSAY_OK);
    assay_onnx_build b = {.graph = *out, .err = &err};
    seed = 88172645463325252ULL;
    assay_onnx_value *t = pool(&b, onnx_1(&b, "Relu", conv(&b, *x, WIDE, 7, 2)));
    for (int i = 0; i < 2; i++) {
        assay_onnx_value *u = onnx_1(&b, "Relu", conv(&b, t, WIDE, 3, 2));
        u = onnx_2(&b, "Add", conv(&b, u, WIDE, 3, 1), conv(&b, t, WIDE, 1, 2));
        t = onnx_1(&b, "Relu", u);
    }
    t = onnx_1(&b, "GlobalAveragePool", t);
    ports[1] = onnx_2(&b, "Mul", t, t); /* so that the gradient is not constant at its start */
    if (b.status != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    const assay_onnx_gradient_request request = {
        .outputs = &ports[1], .n_outputs = 1, .wanted = x, .n_wanted = 1};
    if (assay_onnx_gradient(ports, NULL, *out, &request, &err) != ASSAY_OK ||
        assay_onnx_set_outputs(*out, ports, 2, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assay_onnx_prune(*out);
}

typedef struct answers {
    float gradient[MOST_PICTURE], logits[2 * WIDE];
} answers;

static int32_t ask(answers *to, const assay_onnx_graph *graph, const assay_onnx_value *x,
                   assay_onnx_value *const ports[2], float *values, bool blocked)
{
    assay_error err = {0};
    int32_t changed = 0;
    float *const out[2] = {to->gradient, to->logits};
    const size_t counts[2] = {(size_t)assay_onnx_count(x), (size_t)2 * WIDE};
    const char *const names[2] = {ports[0]->name, ports[1]->name};
    const assay_tensor in = {.type = ASSAY_DTYPE_F32,
                             .rank = 4,
                             .shape = {2, 3, x->shape[2], x->shape[3]},
                             .data = values};
    assay_buffer packed;
    assay_buffer_init(&packed, 0);
    assert_int_equal(assay_onnx_write(&packed, graph, &err), ASSAY_OK);
    assay_status status = blocked ? assay_ort_run_blocked(out, counts, &changed, names, 2, graph,
                                                          &x->name, &in, 1, &err)
                                  : assay_ort_run_once(out, counts, names, 2, packed.data,
                                                       packed.size, &x->name, &in, 1, &err);
    if (status != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assay_buffer_dispose(&packed);
    return changed;
}

static int32_t kernels(const assay_onnx_graph *graph, const char *op)
{
    int32_t n = 0;
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        n += strcmp(graph->nodes[i]->domain, "assay") == 0 && strcmp(graph->nodes[i]->op, op) == 0;
    }
    return n;
}

static void expect_same(const float *a, const float *b, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        if (!(a[i] == b[i])) { /* zeros may differ in sign */
            fail_msg("%s %d: %.9g, expected %.9g", what, (int)i, (double)b[i], (double)a[i]);
        }
    }
}

static void compare(int64_t side, int32_t most)
{
    static float values[MOST_PICTURE];
    static answers plain, own, blocked;
    assay_onnx_graph *graph = NULL;
    assay_onnx_value *x = NULL;
    assay_onnx_value *ports[2] = {NULL};
    assay_error err = {0};
    double size = 0.0;
    net(&graph, &x, ports, side);
    const int64_t count = assay_onnx_count(x);
    for (int64_t i = 0; i < count; i++) {
        values[i] = draw();
    }
    (void)ask(&plain, graph, x, ports, values, false);
    assert_int_equal(assay_ort_pool_replace(graph, &err), ASSAY_OK);
    assert_int_equal(assay_ort_interleave_replace(graph, &err), ASSAY_OK);
    assert_int_equal(assay_ort_picture_replace(graph, &err), ASSAY_OK);
    assert_int_equal(kernels(graph, ASSAY_ORT_POOL), 1);
    assert_int_equal(kernels(graph, ASSAY_ORT_PICTURE), 1);
    assert_int_equal(kernels(graph, ASSAY_ORT_INTERLEAVE), 4); /* two of each stride */
    assert_true(assay_ort_gates_agree(graph));
    (void)ask(&own, graph, x, ports, values, false);
    int32_t changed = ask(&blocked, graph, x, ports, values, true);
    assert_int_equal(changed, assay_ort_block_size() > 0 ? most : 0);
    for (int64_t i = 0; i < count; i++) {
        size = fmax(size, fabs((double)plain.gradient[i]));
    }
    assert_true(size > 1e-4);
    for (int64_t i = 0; i < count; i++) { /* the pool's kernel adds in another order */
        assert_true(fabs((double)plain.gradient[i] - (double)own.gradient[i]) <= 1e-5 * size);
    }
    expect_same(own.gradient, blocked.gradient, (size_t)count, "gradient");
    expect_same(own.logits, blocked.logits, (size_t)2 * WIDE, "answer");
    expect_same(plain.logits, blocked.logits, (size_t)2 * WIDE, "answer");
    assay_onnx_graph_free(graph);
}

static void test_same_bits(void **state)
{
    (void)state;
    compare(64,
            11); /* the picture, a pool, four interleaves, the masks of four Relus and the pool's */
    compare(38, 9); /* odd sizes: what is beyond the map is cut off in the usual order */
}

/* [planes * block, h, w] to [planes, h, w, block] */
static void to_blocks(float *to, const float *from, int64_t planes, int64_t block,
                      const int64_t size[2])
{
    for (int64_t c = 0; c < planes * block; c++) {
        for (int64_t i = 0; i < size[0] * size[1]; i++) {
            to[(c / block * size[0] * size[1] + i) * block + c % block] =
                from[c * size[0] * size[1] + i];
        }
    }
}

static void test_pool_of_blocks(void **state)
{
    (void)state;
    enum { PLANES = 2, BLOCK = 8, MOST = PLANES * BLOCK * 21 * 21 };
    static float x[MOST], y[MOST], dy[MOST], wanted[MOST], got[MOST];
    static float bx[MOST], by[MOST], bdy[MOST], bdx[MOST];
    static const assay_pool pools[] = {{{3, 3}, {2, 2}, {1, 1}, {1, 1}},
                                       {{2, 2}, {2, 2}, {1, 1}, {0, 0}},
                                       {{3, 2}, {1, 3}, {1, 1}, {1, 1}},
                                       {{3, 3}, {2, 2}, {2, 2}, {2, 2}},
                                       {{2, 3}, {3, 5}, {1, 1}, {0, 0}}};
    assay_error err = {0};
    for (size_t p = 0; p < ASSAY_COUNT(pools); p++) {
        const int64_t in[2] = {13 + (int64_t)p, 21 - (int64_t)p};
        int64_t out[2];
        for (int i = 0; i < 2; i++) {
            out[i] = (in[i] + 2 * pools[p].begin[i] -
                      (pools[p].kernel[i] - 1) * pools[p].dilation[i] - 1) /
                         pools[p].stride[i] +
                     1;
        }
        const int64_t count = (int64_t)PLANES * BLOCK;
        for (int64_t i = 0; i < count * in[0] * in[1]; i++) {
            x[i] = floorf(draw() * 3.0F); /* maxima are met more than once */
        }
        for (int64_t i = 0; i < count * out[0] * out[1]; i++) {
            y[i] = floorf(draw() * 3.0F);
            dy[i] = draw();
        }
        assert_int_equal(assay_pool_gradient(wanted, x, y, dy, count, in, out, &pools[p], &err),
                         ASSAY_OK);
        to_blocks(bx, x, PLANES, BLOCK, in);
        to_blocks(by, y, PLANES, BLOCK, out);
        to_blocks(bdy, dy, PLANES, BLOCK, out);
        assay_pool_gradient_blocked(bdx, bx, by, bdy, PLANES, BLOCK, in, out, &pools[p]);
        to_blocks(got, wanted, PLANES, BLOCK, in);
        expect_same(got, bdx, (size_t)(count * in[0] * in[1]), "pool");
    }
}

enum { PICTURES = 2, DEEP = 24, HIGH = 13, BROAD = 23, MOST_OUT = PICTURES * 4 * 64 * 64 };

typedef struct pictures {
    float map[PICTURES * DEEP * HIGH * BROAD], w[DEEP * 4 * 49],
        blocks[PICTURES * DEEP * HIGH * BROAD];
    float planes[MOST_OUT], blocked[MOST_OUT];
    double wanted[MOST_OUT], size[MOST_OUT];
    uint8_t mask[PICTURES * DEEP * HIGH * BROAD / 8];
} pictures;

/* Each number of the map times the kernel, added where it reaches. `size`: of what was added. */
static void define_picture(pictures *to, const float *map, const assay_picture *p)
{
    const int64_t size = p->out[0] * p->out[1];
    const int64_t taps = p->kernel[0] * p->kernel[1];
    memset(to->wanted, 0, sizeof to->wanted);
    memset(to->size, 0, sizeof to->size);
    for (int64_t i = 0; i < PICTURES * p->depth * p->in[0] * p->in[1]; i++) {
        const int64_t at[2] = {i / p->in[1] % p->in[0], i % p->in[1]};
        const int64_t m = i / (p->in[0] * p->in[1]);
        for (int64_t k = 0; k < p->channels * taps; k++) {
            int64_t y = at[0] * p->stride[0] - p->begin[0] + k % taps / p->kernel[1];
            int64_t x = at[1] * p->stride[1] - p->begin[1] + k % p->kernel[1];
            if (y < 0 || x < 0 || y >= p->out[0] || x >= p->out[1]) {
                continue;
            }
            int64_t place = (m / p->depth * p->channels + k / taps) * size + y * p->out[1] + x;
            double more = (double)map[i] * (double)to->w[m % p->depth * p->channels * taps + k];
            to->wanted[place] += more;
            to->size[place] += fabs(more);
        }
    }
}

static void check_picture(pictures *t, const assay_picture *shape, const uint8_t *mask)
{
    assay_error err = {0};
    assay_picture p = *shape;
    const int64_t size[2] = {p.in[0], p.in[1]};
    const int64_t count = PICTURES * p.channels * p.out[0] * p.out[1];
    const int64_t map = p.depth * p.in[0] * p.in[1];
    for (int64_t k = 0; mask != NULL && k < PICTURES * map; k++) { /* bits are of the blocks */
        int64_t i = k % p.block;
        int64_t place = k / p.block % (p.in[0] * p.in[1]);
        int64_t plane = k / p.block / (p.in[0] * p.in[1]) * p.block + i;
        if ((mask[k / 8] >> k % 8 & 1) == 0) {
            t->map[plane * p.in[0] * p.in[1] + place] = 0.0F;
        }
    }
    define_picture(t, t->map, &p);
    assert_int_equal(assay_picture_gradient(t->blocked, t->blocks, t->w, mask, PICTURES, &p, &err),
                     ASSAY_OK);
    to_blocks(t->blocks, t->map, PICTURES * p.depth / p.block, p.block, size);
    p.block = 0;
    assert_int_equal(assay_picture_gradient(t->planes, t->map, t->w, NULL, PICTURES, &p, &err),
                     ASSAY_OK);
    expect_same(t->planes, t->blocked, (size_t)count, "picture");
    for (int64_t i = 0; i < count; i++) {
        if (!(fabs((double)t->planes[i] - t->wanted[i]) <= 1e-6 * t->size[i] + 1e-30)) {
            fail_msg("picture %d: %.9g, expected %.9g", (int)i, (double)t->planes[i], t->wanted[i]);
        }
    }
}

/* Against the definition in double: kernels, steps, edges, channels, blocks, with and without a mask. */
static void test_pictures(void **state)
{
    (void)state;
    static pictures t;
    static const int64_t kernels[][6] = {/* kernel, stride, begin */
                                         {3, 3, 1, 1, 1, 1}, {7, 7, 2, 2, 3, 3},
                                         {2, 5, 3, 2, 0, 4}, {4, 4, 4, 4, 0, 0},
                                         {1, 2, 2, 3, 0, 1}, {5, 3, 1, 2, 4, 0}};
    for (size_t k = 0; k < ASSAY_COUNT(kernels); k++) {
        for (int64_t channels = 1; channels <= ASSAY_PICTURE_CHANNELS; channels++) {
            for (int64_t more = 0; more < 2; more++) {
                assay_picture p = {.depth = more > 0 ? 16 : DEEP,
                                   .in = {HIGH - more, BROAD - 5 * more},
                                   .block = more > 0 ? 16 : 8,
                                   .channels = channels};
                for (int i = 0; i < 2; i++) {
                    p.kernel[i] = kernels[k][i];
                    p.stride[i] = kernels[k][2 + i];
                    p.begin[i] = kernels[k][4 + i];
                    p.out[i] = (p.in[i] - 1) * p.stride[i] + p.kernel[i] - p.begin[i];
                    p.out[i] = p.out[i] < 64 ? p.out[i] : 64;
                }
                const int64_t size[2] = {p.in[0], p.in[1]};
                for (int64_t i = 0; i < PICTURES * p.depth * size[0] * size[1]; i++) {
                    t.map[i] = draw();
                    t.mask[i / 8] = (uint8_t)(fabsf(draw()) * 255.0F);
                }
                for (int64_t i = 0; i < p.depth * channels * p.kernel[0] * p.kernel[1]; i++) {
                    t.w[i] = draw();
                }
                to_blocks(t.blocks, t.map, PICTURES * p.depth / p.block, p.block, size);
                check_picture(&t, &p, NULL);
                check_picture(&t, &p, t.mask);
            }
        }
    }
}

/* What multiplies another shape, or is a ramp, is left as it is. */
static void test_other_gates(void **state)
{
    (void)state;
    static const int64_t size[4] = {1, 16, 4, 4};
    static const int64_t one[4] = {1, 16, 1, 1};
    const float slopes[] = {3e38F, 4194304.0F, 4194304.0F, 0.2F, 1048576.0F};
    const float beta[] = {0.0F, -4194304.0F * 6.0F, -4194304.0F * 3.0F, 0.5F, 0.0F};
    const bool gate[] = {true, true, false, false, false};
    for (size_t i = 0; i < ASSAY_COUNT(slopes); i++) {
        assay_onnx_graph *graph = NULL;
        assay_onnx_value *x = NULL;
        assay_onnx_value *scale = NULL;
        assay_error err = {0};
        assert_int_equal(assay_onnx_graph_new(&graph, &err), ASSAY_OK);
        graph->opset = ASSAY_ONNX_OPSET_COMMON;
        assert_int_equal(assay_onnx_add_input(&x, graph, "x", ASSAY_ONNX_FLOAT, 4, size, &err),
                         ASSAY_OK);
        assert_int_equal(assay_onnx_add_input(&scale, graph, "s", ASSAY_ONNX_FLOAT, 4, one, &err),
                         ASSAY_OK);
        assay_onnx_build b = {.graph = graph, .err = &err};
        const assay_onnx_attribute attributes[2] = {ONNX_FLOAT("alpha", slopes[i]),
                                                    ONNX_FLOAT("beta", beta[i])};
        assay_onnx_value *mask = onnx_emit(&b, "HardSigmoid", 1, &scale, 2, attributes, 1);
        (void)onnx_2(&b, "Mul", x, mask);
        assert_int_equal(b.status, ASSAY_OK);
        assert_int_equal(assay_ort_is_gate(mask->node), gate[i]);
        assert_int_equal(assay_ort_gates_agree(graph), !gate[i]);
        assay_onnx_graph_free(graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits), cmocka_unit_test(test_pool_of_blocks),
        cmocka_unit_test(test_pictures), cmocka_unit_test(test_other_gates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
