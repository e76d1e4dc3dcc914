#include "onnx/summary.h"

#include <inttypes.h>
#include <string.h>

#include "base/sort.h"
#include "base/text_index.h"
#include "onnx/head.h"
#include "onnx/infer.h"
#include "onnx/upgrade.h"

static const char *port_text(assay_onnx_graph *graph, const assay_onnx_value *value)
{
    assay_buffer text;
    assay_buffer_init(&text, 4096);
    assay_buffer_printf(&text, "\"%.200s\": %s", value->name,
                        value->type != 0 ? assay_onnx_type_name(value->type) : "not a tensor");
    if (value->type != 0 && value->rank >= 0) {
        assay_buffer_putc(&text, '[');
        for (int32_t d = 0; d < value->rank; d++) {
            const char *symbol = value->symbols != NULL ? value->symbols[d] : NULL;
            assay_buffer_puts(&text, d > 0 ? ", " : "");
            if (value->shape[d] >= 0) {
                assay_buffer_printf(&text, "%" PRId64, value->shape[d]);
            } else {
                assay_buffer_printf(&text, "%.60s",
                                    symbol != NULL && symbol[0] != '\0' ? symbol : "?");
            }
        }
        assay_buffer_putc(&text, ']');
    }
    const char *copy = text.data != NULL ? assay_arena_strdup(graph->arena, text.data) : NULL;
    assay_buffer_dispose(&text);
    return copy;
}

static assay_status describe_ports(const char ***out, assay_onnx_graph *graph,
                                   assay_onnx_value *const *ports, int32_t n, assay_error *err)
{
    *out = assay_arena_alloc(graph->arena, (size_t)n + 1, sizeof(const char *));
    for (int32_t i = 0; *out != NULL && i < n; i++) {
        (*out)[i] = port_text(graph, ports[i]);
        if ((*out)[i] == NULL) {
            return assay_fail_memory(err);
        }
    }
    return *out == NULL ? assay_fail_memory(err) : ASSAY_OK;
}

/* Most frequent first, then by name. */
static assay_status sort_operators(assay_onnx_summary *out, assay_onnx_graph *graph,
                                   assay_error *err)
{
    size_t n = (size_t)out->n_operators;
    assay_onnx_count_of *named = assay_arena_alloc(graph->arena, n + 1, sizeof *named);
    const char **names = assay_arena_alloc(graph->arena, n + 1, sizeof *names);
    int64_t *counts = assay_arena_alloc(graph->arena, n + 1, sizeof *counts);
    int64_t *order = assay_arena_alloc(graph->arena, n + 1, sizeof *order);
    if (named == NULL || names == NULL || counts == NULL || order == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = out->operators[i].op;
    }
    ASSAY_TRY(assay_sort_order_text(order, names, (int64_t)n, err));
    for (size_t i = 0; i < n; i++) {
        named[i] = out->operators[order[i]];
        counts[i] = -named[i].n;
    }
    ASSAY_TRY(assay_sort_order_i64(order, counts, (int64_t)n, err));
    for (size_t i = 0; i < n; i++) {
        out->operators[i] = named[order[i]];
    }
    return ASSAY_OK;
}

static const char *full_name(assay_onnx_graph *graph, const assay_onnx_node *node)
{
    return node->domain[0] == '\0'
               ? node->op
               : assay_arena_printf(graph->arena, "%s.%s", node->domain, node->op);
}

static assay_status count_operators(assay_onnx_summary *out, assay_onnx_graph *graph,
                                    assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_text_index *index = NULL;
    size_t n = (size_t)graph->n_nodes + 1;
    const char **names = assay_arena_alloc(graph->arena, n, sizeof *names);
    out->operators = assay_arena_alloc(graph->arena, n, sizeof *out->operators);
    if (names == NULL || out->operators == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_text_index_new(&index, 0, err));
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        const assay_onnx_node *node = graph->nodes[i];
        int64_t found = -1;
        names[out->n_operators] = full_name(graph, node);
        if (names[out->n_operators] == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
        ASSAY_GOTO(assay_text_index_put(&found, index, names, out->n_operators, err), done);
        if (found < 0) {
            found = out->n_operators++;
            out->operators[found].op = names[found];
        }
        out->operators[found].n++;
    }
    status = sort_operators(out, graph, err);
done:
    assay_text_index_free(index);
    return status;
}

static void add_parameters(assay_onnx_summary *out, const assay_onnx_data *data)
{
    if (data != NULL && (assay_onnx_type_is_float(data->type) || data->count > 64)) {
        out->parameters += data->count;
        out->parameter_bytes += (int64_t)data->size;
    }
}

static void count_parameters(assay_onnx_summary *out, const assay_onnx_graph *graph)
{
    for (int32_t i = 0; i < graph->n_values; i++) {
        if (graph->values[i]->initialiser) {
            add_parameters(out, graph->values[i]->constant);
        }
    }
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        const assay_onnx_node *node = graph->nodes[i];
        const assay_onnx_attribute *value =
            assay_onnx_is(node, "Constant") ? assay_onnx_attribute_find(node, "value") : NULL;
        add_parameters(out, value != NULL ? value->tensor : NULL);
    }
}

/* Of the upgraded nodes, booked under the names of the operators as the file has them. */
static void count_flops(assay_onnx_summary *out, const assay_onnx_graph *graph)
{
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        int64_t flops = assay_onnx_flops(graph->nodes[i]);
        for (int32_t k = 0; k < out->n_operators; k++) {
            assay_onnx_count_of *of = &out->operators[k];
            if (strcmp(of->op, graph->nodes[i]->op) == 0) {
                of->flops = flops < 0 || of->flops < 0 ? -1 : of->flops + flops;
            }
        }
        out->flops = flops < 0 || out->flops < 0 ? -1 : out->flops + flops;
    }
}

/* Open first dimensions are the batch: one datum. */
static void one_datum(assay_onnx_graph *graph)
{
    for (int32_t i = 0; i < graph->n_inputs; i++) {
        assay_onnx_value *input = graph->inputs[i];
        if (input->rank > 0 && input->shape[0] < 0) {
            input->shape[0] = 1;
        }
    }
}

static assay_status find_blockers(assay_onnx_summary *out, assay_onnx_graph *graph,
                                  assay_error *err)
{
    assay_onnx_value **real =
        assay_arena_alloc(graph->arena, (size_t)graph->n_outputs + 1, sizeof(assay_onnx_value *));
    const char *stripped = NULL;
    assay_onnx_value *raw = NULL;
    int32_t n = 0;
    if (real == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < graph->n_outputs; i++) {
        if (assay_onnx_type_is_float(graph->outputs[i]->type) || graph->outputs[i]->type == 0) {
            real[n++] = graph->outputs[i];
        }
    }
    const assay_onnx_gradient_request request = {
        .outputs = real, .n_outputs = n, .wanted = graph->inputs, .n_wanted = graph->n_inputs};
    ASSAY_TRY(assay_onnx_gradient_blockers(&out->blockers, &out->steps, graph, &request, err));
    ASSAY_TRY(assay_onnx_gradient_flat(&out->flat, graph, &request, err));
    out->differentiable = n > 0 && out->blockers.n == 0 && out->flat.n == 0;
    if (n > 0) {
        ASSAY_TRY(assay_onnx_strip_activation(&raw, &stripped, graph, real[0], true, err));
    }
    out->activation = stripped;
    return ASSAY_OK;
}

assay_status assay_onnx_summarise(assay_onnx_summary *out, assay_onnx_graph *graph,
                                  assay_error *err)
{
    assay_error trouble = {0};
    *out = (assay_onnx_summary){.nodes = graph->n_nodes};
    count_parameters(out, graph);
    ASSAY_TRY(describe_ports(&out->inputs, graph, graph->inputs, graph->n_inputs, err));
    ASSAY_TRY(describe_ports(&out->outputs, graph, graph->outputs, graph->n_outputs, err));
    out->n_inputs = graph->n_inputs;
    out->n_outputs = graph->n_outputs;
    one_datum(graph);
    ASSAY_TRY(count_operators(out, graph, err));
    assay_status status = assay_onnx_upgrade(graph, &trouble);
    if (status == ASSAY_ENOMEM) {
        return assay_fail_memory(err);
    }
    if (status != ASSAY_OK) {
        out->trouble = assay_arena_strdup(graph->arena, trouble.message);
        out->flops = -1;
        return ASSAY_OK;
    }
    count_flops(out, graph);
    return find_blockers(out, graph, err);
}
