#include "onnx/embed.h"

#include <string.h>

#include "onnx/build.h"

enum { LISTED = 10 };

static assay_onnx_value *find(const assay_onnx_graph *graph, const char *name)
{
    assay_onnx_value *value = assay_onnx_find(graph, name);
    for (int32_t i = 0; value == NULL && i < graph->n_nodes; i++) {
        const assay_onnx_node *node = graph->nodes[i];
        if (node->name != NULL && strcmp(node->name, name) == 0 && node->n_out > 0) {
            value = node->out[0];
        }
    }
    return value;
}

static bool has_weights(const assay_onnx_node *node)
{
    bool layer =
        assay_onnx_is(node, "Gemm") || assay_onnx_is(node, "MatMul") || assay_onnx_is(node, "Conv");
    return layer && node->n_in > 1 && node->in[0] != NULL && node->in[1] != NULL &&
           node->in[0]->constant == NULL && node->in[1]->constant != NULL;
}

/* The last node with weights on the way back from the output, the main path first. */
static assay_onnx_node *last_layer(assay_onnx_value *from)
{
    assay_onnx_value *at = from;
    while (at != NULL && at->node != NULL) {
        if (has_weights(at->node)) {
            return at->node;
        }
        assay_onnx_value *next = NULL;
        for (int32_t i = 0; i < at->node->n_in && next == NULL; i++) {
            assay_onnx_value *in = at->node->in[i];
            next = in != NULL && in->constant == NULL ? in : NULL;
        }
        at = next;
    }
    return NULL;
}

static assay_status refuse(const assay_onnx_graph *graph, const char *name, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 700);
    int32_t listed = 0;
    for (int32_t i = graph->n_nodes - 1; i >= 0 && listed < LISTED; i--) {
        const assay_onnx_node *node = graph->nodes[i];
        if (node->n_out > 0 && node->out[0] != NULL && node->out[0]->constant == NULL) {
            assay_buffer_printf(&text, "%s\"%.60s\"", listed++ > 0 ? ", " : "", node->out[0]->name);
        }
    }
    assay_status status =
        assay_fail(err, ASSAY_EINVAL, "the model has no layer \"%.100s\"; its last ones are %s",
                   name, text.data != NULL ? text.data : "none");
    assay_buffer_dispose(&text);
    return status;
}

static assay_status choose(assay_onnx_embedding *out, assay_onnx_graph *graph,
                           const assay_onnx_embedding_request *request, assay_error *err)
{
    assay_onnx_value *from = graph->n_outputs > 0 ? graph->outputs[0] : NULL;
    if (request->layer != NULL) {
        out->value = find(graph, request->layer);
        if (out->value == NULL) {
            return refuse(graph, request->layer, err);
        }
        return ASSAY_OK;
    }
    if (request->output != NULL) {
        from = assay_onnx_find(graph, request->output);
    }
    const assay_onnx_node *node = last_layer(from);
    if (node == NULL) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "no layer with weights was found behind the output: name one");
    }
    out->value = node->in[0];
    out->before = node->op;
    return ASSAY_OK;
}

assay_status assay_onnx_embed(assay_onnx_embedding *out, assay_onnx_graph *graph,
                              const assay_onnx_embedding_request *request, assay_error *err)
{
    assay_onnx_build b = {.graph = graph, .err = err};
    const assay_onnx_attribute axis = ONNX_INT("axis", 1);
    int64_t axes[ASSAY_ONNX_RANK];
    memset(out, 0, sizeof *out);
    ASSAY_TRY(choose(out, graph, request, err));
    assay_onnx_value *x = out->value;
    out->layer = x->name;
    if (x->constant != NULL || x->rank < 2 || !assay_onnx_type_is_float(x->type)) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "layer \"%.200s\" is not rows of real numbers, one for each datum%s",
                          x->name, x->rank < 0 ? " (its shape is not known)" : "");
    }
    x = onnx_cast(&b, x, ASSAY_ONNX_FLOAT);
    if (!request->whole && x != NULL && x->rank > 2) {
        int32_t first = x->rank == 3 ? 1 : 2;
        int32_t n = x->rank == 3 ? 1 : x->rank - 2;
        for (int32_t d = 0; d < n; d++) {
            axes[d] = first + d;
        }
        out->averaged = n;
        x = onnx_mean(&b, x, axes, n);
    }
    out->value = onnx_emit(&b, "Flatten", 1, &x, 1, &axis, 1);
    return b.status;
}
