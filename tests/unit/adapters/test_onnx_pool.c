/* The kernel for gradients of MaxPool: against the definition, with many ties, and in the place of the
 * plain operators of a graph, whose answer it must give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/onnxruntime/ort_once.h"
#include "adapters/onnxruntime/ort_pool.h"
#include "onnx/build.h"
#include "onnx/gradient.h"
#include "onnx/head.h"

enum { PLANES = 2, MOST = PLANES * 40 * 40 };

typedef struct shape {
    int64_t in[2], out[2];
    assay_pool pool;
} shape;

/* A few levels only, so that maxima are met more than once in a window. */
static void fill(float *x, int64_t n, uint64_t seed, int levels)
{
    uint64_t state = 88172645463325252ULL + seed;
    for (int64_t i = 0; i < n; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        x[i] = (float)(state >> 40) / 16777216.0F;
        x[i] = levels > 0 ? floorf(x[i] * (float)levels) - 1.0F : x[i];
    }
}

static void define(float *y, float *dx, const float *x, const float *dy, const shape *s)
{
    memset(dx, 0, sizeof(float) * (size_t)(PLANES * s->in[0] * s->in[1]));
    for (int64_t w = 0; w < PLANES * s->out[0] * s->out[1]; w++) {
        int64_t plane = w / (s->out[0] * s->out[1]);
        int64_t o[2] = {w / s->out[1] % s->out[0], w % s->out[1]};
        int64_t best = -1;
        for (int64_t k = 0; k < s->pool.kernel[0] * s->pool.kernel[1]; k++) {
            int64_t tap[2] = {k / s->pool.kernel[1], k % s->pool.kernel[1]};
            int64_t at[2];
            bool inside = true;
            for (int i = 0; i < 2; i++) {
                at[i] = o[i] * s->pool.stride[i] - s->pool.begin[i] + tap[i] * s->pool.dilation[i];
                inside = inside && at[i] >= 0 && at[i] < s->in[i];
            }
            int64_t place = (plane * s->in[0] + at[0]) * s->in[1] + at[1];
            if (inside && (best < 0 || x[place] > x[best])) {
                best = place;
            }
        }
        assert_true(best >= 0);
        y[w] = x[best];
        dx[best] += dy[w];
    }
}

static void check(int64_t height, int64_t width, const assay_pool *pool, int levels)
{
    static float x[MOST], y[MOST], dy[MOST], wanted[MOST], got[MOST];
    assay_error err = {0};
    shape s = {.in = {height, width}, .pool = *pool};
    for (int i = 0; i < 2; i++) {
        s.out[i] = (s.in[i] + 2 * pool->begin[i] - (pool->kernel[i] - 1) * pool->dilation[i] - 1) /
                       pool->stride[i] +
                   1;
    }
    fill(x, PLANES * height * width, (uint64_t)(height * 100 + width), levels);
    fill(dy, PLANES * s.out[0] * s.out[1], 7, 0);
    define(y, wanted, x, dy, &s);
    assert_int_equal(assay_pool_gradient(got, x, y, dy, PLANES, s.in, s.out, pool, &err), ASSAY_OK);
    for (int64_t i = 0; i < PLANES * height * width; i++) {
        if (!(fabsf(got[i] - wanted[i]) <= 1e-5F)) {
            fail_msg("%dx%d, kernel %dx%d: at %d %.7g, expected %.7g", (int)height, (int)width,
                     (int)pool->kernel[0], (int)pool->kernel[1], (int)i, (double)got[i],
                     (double)wanted[i]);
        }
    }
}

static void test_definition(void **state)
{
    (void)state;
    static const assay_pool pools[] = {
        {{3, 3}, {2, 2}, {1, 1}, {1, 1}}, {{2, 2}, {2, 2}, {1, 1}, {0, 0}},
        {{5, 5}, {1, 1}, {1, 1}, {2, 2}}, {{3, 2}, {1, 3}, {1, 1}, {1, 1}},
        {{3, 3}, {2, 2}, {2, 2}, {2, 2}}, {{1, 4}, {3, 4}, {1, 2}, {0, 3}},
        {{2, 3}, {3, 5}, {1, 1}, {0, 0}},
    };
    static const int64_t sizes[] = {7, 8, 13, 16, 31, 40};
    for (size_t p = 0; p < ASSAY_COUNT(pools); p++) {
        for (size_t h = 0; h < ASSAY_COUNT(sizes); h++) {
            for (size_t w = 0; w < ASSAY_COUNT(sizes); w++) {
                check(sizes[h], sizes[w], &pools[p], 0);
                check(sizes[h], sizes[w], &pools[p], 3);
            }
        }
    }
}

/* x, the maxima of its windows, the gradient of their sum. */
static void pool_graph(assay_onnx_graph **out, assay_onnx_value **x, assay_onnx_value **gradient,
                       int64_t step)
{
    static const int64_t size[4] = {1, PLANES, 21, 18};
    static const int64_t kernel[2] = {3, 3};
    const int64_t stride[2] = {step, step};
    static const int64_t pads[4] = {1, 1, 1, 1};
    assay_error err = {0};
    assert_int_equal(assay_onnx_graph_new(out, &err), ASSAY_OK);
    (*out)->opset = ASSAY_ONNX_OPSET_COMMON;
    (*out)->ir_version = 8;
    assert_int_equal(assay_onnx_add_input(x, *out, "x", ASSAY_ONNX_FLOAT, 4, size, &err), ASSAY_OK);
    assay_onnx_build b = {.graph = *out, .err = &err};
    const assay_onnx_attribute attributes[3] = {ONNX_INTS("kernel_shape", kernel, 2),
                                                ONNX_INTS("strides", stride, 2),
                                                ONNX_INTS("pads", pads, 4)};
    assay_onnx_value *y = onnx_emit(&b, "MaxPool", 1, x, 3, attributes, 1);
    assert_int_equal(b.status, ASSAY_OK);
    const assay_onnx_gradient_request request = {
        .outputs = &y, .n_outputs = 1, .wanted = x, .n_wanted = 1};
    if (assay_onnx_gradient(gradient, NULL, *out, &request, &err) != ASSAY_OK ||
        assay_onnx_set_outputs(*out, gradient, 1, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assay_onnx_prune(*out);
}

static void run(float *out, assay_onnx_graph *graph, const assay_onnx_value *x,
                const assay_onnx_value *gradient, float *values)
{
    assay_error err = {0};
    assay_buffer packed;
    size_t count = (size_t)assay_onnx_count(x);
    assay_tensor in = {.type = ASSAY_DTYPE_F32, .rank = 4, .data = values};
    memcpy(in.shape, x->shape, 4 * sizeof(int64_t));
    assay_buffer_init(&packed, 0);
    assert_int_equal(assay_onnx_write(&packed, graph, &err), ASSAY_OK);
    if (assay_ort_run_once(&out, &count, &gradient->name, 1, packed.data, packed.size, &x->name,
                           &in, 1, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assay_buffer_dispose(&packed);
}

static void test_replaced(void **state)
{
    (void)state;
    static float values[MOST], plain[MOST], own[MOST];
    assay_onnx_graph *graph = NULL;
    assay_onnx_value *x = NULL;
    assay_onnx_value *gradient = NULL;
    assay_error err = {0};
    int32_t kernels = 0;
    pool_graph(&graph, &x, &gradient, 2);
    fill(values, assay_onnx_count(x), 3, 4);
    run(plain, graph, x, gradient, values);
    assert_int_equal(assay_ort_pool_replace(graph, &err), ASSAY_OK);
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        kernels += strcmp(graph->nodes[i]->domain, "assay") == 0;
        assert_false(assay_onnx_is(graph->nodes[i], "ScatterElements"));
        assert_true(!assay_onnx_is(graph->nodes[i], "MaxPool") || graph->nodes[i]->n_out == 1);
    }
    assert_int_equal(kernels, 1);
    run(own, graph, x, gradient, values);
    for (int64_t i = 0; i < assay_onnx_count(x); i++) {
        assert_true(plain[i] == own[i]); /* whole numbers: sums are exact in any order */
    }
    assay_onnx_graph_free(graph);
}

/* A model may say any step; what the kernel would need for such a one is memory for nothing. */
static void test_far_steps(void **state)
{
    (void)state;
    assay_onnx_graph *graph = NULL;
    assay_onnx_value *x = NULL;
    assay_onnx_value *gradient = NULL;
    assay_error err = {0};
    int32_t plain = 0;
    pool_graph(&graph, &x, &gradient, INT64_C(1) << 30);
    assert_int_equal(assay_ort_pool_replace(graph, &err), ASSAY_OK);
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        assert_string_equal(graph->nodes[i]->domain, "");
        plain += assay_onnx_is(graph->nodes[i], "ScatterElements");
    }
    assert_int_equal(plain, 1);
    assay_onnx_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_definition),
                                       cmocka_unit_test(test_replaced),
                                       cmocka_unit_test(test_far_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
