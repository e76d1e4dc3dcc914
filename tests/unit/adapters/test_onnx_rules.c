/* Every rule of differentiation, as a graph that ONNX Runtime runs, against gradients measured by the
 * oracle (tests/oracle/onnx_gradient.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/onnxruntime/ort_once.h"
#include "onnx/gradient.h"
#include "onnx/head.h"
#include "onnx/upgrade.h"

enum { FIELDS = 32, MOST = 8, LINE = 1 << 16 };

static size_t decode(uint8_t *out, const char *text)
{
    size_t n = 0;
    uint32_t bits = 0;
    int held = 0;
    for (; *text != '\0' && *text != '='; text++) {
        char c = *text;
        int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                    : c >= 'a' && c <= 'z' ? c - 'a' + 26
                    : c >= '0' && c <= '9' ? c - '0' + 52
                    : c == '+'             ? 62
                                           : 63;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[n++] = (uint8_t)(bits >> held);
        }
    }
    return n;
}

/* The packed model with the gradients of its inputs as outputs. */
static void differentiate(assay_buffer *packed, const char *names[MOST],
                          const char *gradients[MOST], assay_onnx_graph *graph, int n,
                          const char *what)
{
    static char kept[2 * MOST][200];
    assay_error err = {0};
    assay_onnx_value *wanted[MOST] = {NULL};
    assay_onnx_value *found[MOST] = {NULL};
    assay_status status = assay_onnx_upgrade(graph, &err);
    for (int i = 0; i < n; i++) {
        wanted[i] = assay_onnx_find(graph, names[i]);
        assert_non_null(wanted[i]);
    }
    const assay_onnx_gradient_request request = {
        .outputs = graph->outputs, .n_outputs = graph->n_outputs, .wanted = wanted, .n_wanted = n};
    if (status == ASSAY_OK) {
        status = assay_onnx_gradient(found, NULL, graph, &request, &err);
    }
    if (status != ASSAY_OK) {
        fail_msg("%s: %s", what, err.message);
    }
    assert_int_equal(assay_onnx_set_outputs(graph, found, n, &err), ASSAY_OK);
    assay_onnx_prune(graph);
    for (int i = 0; i < n; i++) {
        (void)snprintf(kept[i], sizeof kept[i], "%s", found[i]->name);
        gradients[i] = kept[i];
    }
    assert_int_equal(assay_onnx_write(packed, graph, &err), ASSAY_OK);
}

static void check_row(char *field[FIELDS], int fields)
{
    static _Alignas(64) uint8_t model[LINE], values[MOST][LINE], wanted[MOST][LINE];
    const char *names[MOST];
    const char *gradients[MOST];
    assay_tensor in[MOST];
    static float got[MOST][LINE / 4];
    float *out[MOST];
    size_t counts[MOST];
    assay_error err = {0};
    assay_onnx_graph *graph = NULL;
    assay_buffer packed;
    int n = (fields - 3) / 3;
    double tolerance = strtod(field[1], NULL);
    size_t size = decode(model, field[2]);
    assay_buffer_init(&packed, 0);
    if (assay_onnx_read(&graph, model, size, NULL, NULL, &err) != ASSAY_OK) {
        fail_msg("%s: %s", field[0], err.message);
    }
    for (int i = 0; i < n; i++) {
        names[i] = field[3 + 3 * i];
        counts[i] = decode(values[i], field[4 + 3 * i]) / sizeof(float);
        assert_int_equal(decode(wanted[i], field[5 + 3 * i]), counts[i] * sizeof(float));
        const assay_onnx_value *value = assay_onnx_find(graph, names[i]);
        assert_non_null(value);
        in[i] = (assay_tensor){.type = ASSAY_DTYPE_F32, .rank = value->rank, .data = values[i]};
        memcpy(in[i].shape, value->shape, sizeof in[i].shape);
        out[i] = got[i];
    }
    differentiate(&packed, names, gradients, graph, n, field[0]);
    if (assay_ort_run_once(out, counts, gradients, n, packed.data, packed.size, names, in, n,
                           &err) != ASSAY_OK) {
        fail_msg("%s: %s", field[0], err.message);
    }
    for (int i = 0; i < n; i++) {
        const float *want = (const float *)(const void *)wanted[i];
        double scale = 1.0;
        for (size_t k = 0; k < counts[i]; k++) {
            scale = fmax(scale, 1.0 + fabs((double)want[k]));
        }
        for (size_t k = 0; k < counts[i]; k++) {
            if (!(fabs((double)got[i][k] - (double)want[k]) <= tolerance * scale)) {
                fail_msg("%s: gradient of %s at %zu is %.7g, expected %.7g", field[0], names[i], k,
                         (double)got[i][k], (double)want[k]);
            }
        }
    }
    assay_buffer_dispose(&packed);
    assay_onnx_graph_free(graph);
}

static void test_rules(void **state)
{
    (void)state;
    static char line[LINE];
    int rows = 0;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/onnx_gradient/rules.tsv", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char *field[FIELDS];
        int n = 0;
        char *at = line;
        line[strcspn(line, "\n")] = '\0';
        while (line[0] != '#' && n < FIELDS && at != NULL) {
            field[n++] = strsep(&at, "\t");
        }
        if (n > 3) {
            check_row(field, n);
            rows++;
        }
    }
    assert_int_equal(fclose(file), 0);
    print_message("%d gradients of operators\n", rows);
    assert_true(rows > 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
