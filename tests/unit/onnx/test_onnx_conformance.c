/* The conformance models of the ONNX project (Debian's libonnx-testdata): every one is read, and the
 * shapes inferred from its stored inputs are those of its stored outputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "onnx/infer.h"
#include "onnx/upgrade.h"

/* What is not understood by name: its models are read, and their shapes stay open. */
static const char *const strangers[] = {"Adagrad",
                                        "Adam",
                                        "BlackmanWindow",
                                        "ConcatFromSequence",
                                        "ConvInteger",
                                        "DFT",
                                        "Det",
                                        "DynamicQuantizeLinear",
                                        "GRU",
                                        "Gradient",
                                        "HammingWindow",
                                        "HannWindow",
                                        "If",
                                        "LSTM",
                                        "Loop",
                                        "MaxUnpool",
                                        "MelWeightMatrix",
                                        "Momentum",
                                        "NonMaxSuppression",
                                        "NonZero",
                                        "OptionalGetElement",
                                        "OptionalHasElement",
                                        "QLinearConv",
                                        "QLinearMatMul",
                                        "RNN",
                                        "RoiAlign",
                                        "STFT",
                                        "Scan",
                                        "SequenceAt",
                                        "SequenceConstruct",
                                        "SequenceEmpty",
                                        "SequenceErase",
                                        "SequenceInsert",
                                        "SequenceLength",
                                        "SequenceMap",
                                        "SplitToSequence",
                                        "StringNormalizer",
                                        "TfIdfVectorizer",
                                        "Unique",
                                        "Compress"};

typedef struct tally {
    int models, outputs, matched, open, old;
} tally;

/* Inputs are stored with the values that shapes may depend on. */
static void bind_inputs(assay_onnx_graph *graph, const char *folder)
{
    char path[1200];
    for (int32_t i = 0; i < graph->n_inputs; i++) {
        size_t size = 0;
        (void)snprintf(path, sizeof path, "%.1000s/test_data_set_0/input_%d.pb", folder, i);
        uint8_t *bytes = conformance_read(&size, path);
        assay_onnx_value *value = graph->inputs[i];
        if (bytes == NULL || value->type == ASSAY_ONNX_UNKNOWN) {
            free(bytes);
            continue;
        }
        const assay_onnx_data *data = NULL;
        assert_int_equal(assay_onnx_read_data(&data, graph, bytes, size, NULL), ASSAY_OK);
        value->constant = data->type == value->type ? data : NULL;
        value->rank = data->rank;
        for (int32_t d = 0; d < data->rank; d++) {
            value->shape[d] = data->shape[d];
        }
        free(bytes);
    }
}

static bool is_stranger(const assay_onnx_node *node)
{
    for (size_t i = 0; i < ASSAY_COUNT(strangers); i++) {
        if (strcmp(node->op, strangers[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void compare_output(tally *all, assay_onnx_graph *graph, int32_t i, bool strange,
                           const char *folder)
{
    char path[1200];
    size_t size = 0;
    assay_onnx_value *value = graph->outputs[i];
    (void)snprintf(path, sizeof path, "%.1000s/test_data_set_0/output_%d.pb", folder, i);
    uint8_t *bytes = conformance_read(&size, path);
    const assay_onnx_data *data = NULL;
    if (bytes == NULL || value->type == ASSAY_ONNX_UNKNOWN) {
        free(bytes);
        return;
    }
    assert_int_equal(assay_onnx_read_data(&data, graph, bytes, size, NULL), ASSAY_OK);
    free(bytes);
    all->outputs++;
    /* bfloat16 is stored as its bits */
    bool bits = value->type == ASSAY_ONNX_BFLOAT16 && data->type == ASSAY_ONNX_UINT16;
    bool same = (data->type == value->type || bits) && data->rank == value->rank;
    bool open = value->rank < 0;
    for (int32_t d = 0; d < value->rank; d++) {
        same = same && data->shape[d] == value->shape[d];
        open = open || value->shape[d] < 0;
    }
    all->matched += same;
    all->open += !same && open && strange;
    if (!same && !(open && strange)) {
        print_message("%s: output %d: inferred", folder, i);
        for (int32_t d = 0; d < value->rank; d++) {
            print_message(" %lld", (long long)value->shape[d]);
        }
        print_message(" (type %d), stored", value->type);
        for (int32_t d = 0; d < data->rank; d++) {
            print_message(" %lld", (long long)data->shape[d]);
        }
        print_message(" (type %d)\n", data->type);
    }
}

/* Declared output shapes are forgotten, so that inference has to find them. */
static void forget_outputs(assay_onnx_graph *graph)
{
    for (int32_t i = 0; i < graph->n_outputs; i++) {
        assay_onnx_value *value = graph->outputs[i];
        if (value->type != ASSAY_ONNX_UNKNOWN && value->node != NULL && !is_stranger(value->node)) {
            value->rank = -1;
        }
    }
}

static void check_model(void *to, const char *folder)
{
    tally *all = to;
    char path[1200];
    size_t size = 0;
    assay_error err = {0};
    assay_onnx_graph *graph = NULL;
    (void)snprintf(path, sizeof path, "%.1000s/model.onnx", folder);
    uint8_t *bytes = conformance_read(&size, path);
    if (bytes == NULL) {
        return;
    }
    all->models++;
    assay_status status = assay_onnx_read(&graph, bytes, size, NULL, NULL, &err);
    if (status != ASSAY_OK) {
        fail_msg("%s: %s", folder, err.message);
    }
    bind_inputs(graph, folder);
    forget_outputs(graph);
    bool strange = false;
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        strange = strange || is_stranger(graph->nodes[i]);
    }
    if (graph->opset < ASSAY_ONNX_OPSET_LEAST) {
        assert_int_equal(assay_onnx_upgrade(graph, &err), ASSAY_EUNSUPPORTED);
        all->old++;
    } else {
        status = assay_onnx_upgrade(graph, &err);
        if (status != ASSAY_OK) {
            fail_msg("%s: %s", folder, err.message);
        }
        for (int32_t i = 0; i < graph->n_outputs; i++) {
            compare_output(all, graph, i, strange, folder);
        }
    }
    assay_buffer packed;
    assay_buffer_init(&packed, 0);
    assert_int_equal(assay_onnx_write(&packed, graph, &err), ASSAY_OK);
    assay_onnx_graph *again = NULL;
    assert_int_equal(
        assay_onnx_read(&again, (const uint8_t *)packed.data, packed.size, NULL, NULL, &err),
        ASSAY_OK);
    assert_int_equal(again->n_nodes, graph->n_nodes);
    assert_int_equal(again->opset, graph->opset);
    assay_onnx_graph_free(again);
    assay_buffer_dispose(&packed);
    assay_onnx_graph_free(graph);
    free(bytes);
}

static void test_conformance(void **state)
{
    (void)state;
    tally all = {0};
    conformance_each(&all, check_model);
    print_message(
        "%d models, %d outputs: %d as stored, %d decided by values; %d older than opset 7\n",
        all.models, all.outputs, all.matched, all.open, all.old);
    assert_true(all.models > 1000);
    assert_int_equal(all.outputs, all.matched + all.open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conformance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
