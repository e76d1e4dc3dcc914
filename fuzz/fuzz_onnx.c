/* A whole ONNX model: read, brought to one opset with all shapes inferred, written and read again. */
#include <stdint.h>
#include <stdlib.h>

#include "onnx/infer.h"
#include "onnx/upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(const assay_onnx_graph *graph)
{
    assay_buffer packed;
    assay_onnx_graph *again = NULL;
    assay_buffer_init(&packed, 0);
    if (assay_onnx_write(&packed, graph, NULL) == ASSAY_OK) {
        assay_status status =
            assay_onnx_read(&again, (const uint8_t *)packed.data, packed.size, NULL, NULL, NULL);
        if (status == ASSAY_OK && again->n_nodes != graph->n_nodes) {
            abort();
        }
        assay_onnx_graph_free(again);
    }
    assay_buffer_dispose(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_onnx_graph *graph = NULL;
    if (assay_onnx_read(&graph, data, size, NULL, NULL, NULL) != ASSAY_OK) {
        return 0;
    }
    if (assay_onnx_upgrade(graph, NULL) == ASSAY_OK) {
        for (int32_t i = 0; i < graph->n_nodes; i++) {
            (void)assay_onnx_flops(graph->nodes[i]);
        }
    }
    assay_onnx_prune(graph);
    write_and_read(graph);
    assay_onnx_graph_free(graph);
    return 0;
}
