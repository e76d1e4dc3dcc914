/* The lives of values, on graphs small enough to count by hand: floats of 4 bytes, batches of 2 x 100. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onnx/build.h"
#include "onnx/head.h"
#include "onnx/memory.h"

enum { MAP = 2 * 100 * 4 };

typedef struct graph_of {
    assay_onnx_graph *graph;
    assay_onnx_build b;
    assay_onnx_value *x;
    assay_error err;
} graph_of;

static void begin(graph_of *g, int64_t rows)
{
    const int64_t shape[2] = {rows, 100};
    *g = (graph_of){.graph = NULL};
    assert_int_equal(assay_onnx_graph_new(&g->graph, &g->err), ASSAY_OK);
    g->b = (assay_onnx_build){.graph = g->graph, .err = &g->err};
    assert_int_equal(
        assay_onnx_add_input(&g->x, g->graph, "x", ASSAY_ONNX_FLOAT, 2, shape, &g->err), ASSAY_OK);
}

static assay_onnx_memory end(graph_of *g, assay_onnx_value *y)
{
    assay_onnx_memory memory;
    assert_int_equal(g->b.status, ASSAY_OK);
    assert_int_equal(assay_onnx_set_outputs(g->graph, &y, 1, &g->err), ASSAY_OK);
    assay_onnx_prune(g->graph);
    assert_int_equal(assay_onnx_memory_of(&memory, g->graph, &g->err), ASSAY_OK);
    assay_onnx_graph_free(g->graph);
    return memory;
}

static void test_chain(void **state)
{
    (void)state;
    graph_of g;
    begin(&g, 2);
    assay_onnx_value *y = g.x;
    for (int i = 0; i < 5; i++) {
        y = onnx_1(&g.b, "Exp", y);
    }
    assay_onnx_memory m = end(&g, y);
    assert_true(m.known);
    assert_int_equal(m.values, 3 * MAP); /* the input, which its caller holds; one read, one made */
    assert_int_equal(m.weights, 0);
}

static void test_kept_for_later(void **state)
{
    (void)state;
    graph_of g;
    begin(&g, 2);
    assay_onnx_value *kept = onnx_1(&g.b, "Exp", g.x);
    assay_onnx_value *y = kept;
    for (int i = 0; i < 5; i++) {
        y = onnx_1(&g.b, "Exp", y);
    }
    assay_onnx_memory m = end(&g, onnx_2(&g.b, "Add", y, kept));
    assert_int_equal(m.values, 4 * MAP);
}

static void test_reshaped(void **state)
{
    (void)state;
    graph_of g;
    const int64_t flat[1] = {200};
    begin(&g, 2);
    assay_onnx_value *y = onnx_reshape(&g.b, onnx_1(&g.b, "Exp", g.x), 1, flat);
    assay_onnx_memory m = end(&g, onnx_1(&g.b, "Exp", onnx_1(&g.b, "Identity", y)));
    assert_int_equal(m.values, 3 * MAP);
}

/* What hangs on constants alone is made once, and only what is read while the graph runs is kept. */
static void test_constants(void **state)
{
    (void)state;
    graph_of g;
    double numbers[300] = {1.0};
    const int64_t shape[2] = {3, 100};
    const int64_t turn[2] = {1, 0};
    begin(&g, 2);
    assay_onnx_value *w = onnx_reals(&g.b, ASSAY_ONNX_FLOAT, numbers, 2, shape);
    assay_onnx_value *turned = onnx_transpose(&g.b, w, turn);
    assay_onnx_memory m = end(&g, onnx_2(&g.b, "MatMul", g.x, turned));
    assert_int_equal(m.weights, 3 * 100 * 4);
    assert_int_equal(m.values, MAP + 2 * 3 * 4);
}

static void test_unknown(void **state)
{
    (void)state;
    graph_of g;
    begin(&g, -1);
    assay_onnx_memory m = end(&g, onnx_1(&g.b, "Exp", g.x));
    assert_false(m.known);
    assert_int_equal(m.values, 0);
    begin(&g, (int64_t)1 << 60); /* no machine has this; no sum overflows */
    assert_false(end(&g, onnx_1(&g.b, "Exp", g.x)).known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain), cmocka_unit_test(test_kept_for_later),
        cmocka_unit_test(test_reshaped), cmocka_unit_test(test_constants),
        cmocka_unit_test(test_unknown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
