#include "onnx/graph.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/checked_int.h"
#include "onnx/internal.h"

static const size_t arena_limit = (size_t)4 << 30;

assay_status assay_onnx_graph_new(assay_onnx_graph **out, assay_error *err)
{
    assay_arena *arena = NULL;
    *out = NULL;
    ASSAY_TRY(assay_arena_new(&arena, arena_limit, err));
    assay_onnx_graph *graph = assay_arena_alloc(arena, 1, sizeof *graph);
    if (graph == NULL) {
        assay_arena_free(arena);
        return assay_fail_memory(err);
    }
    graph->arena = arena;
    graph->name = "graph";
    assay_status status = assay_text_index_new(&graph->index, 0, err);
    if (status != ASSAY_OK) {
        assay_arena_free(arena);
        return status;
    }
    *out = graph;
    return ASSAY_OK;
}

void assay_onnx_graph_free(assay_onnx_graph *graph)
{
    if (graph == NULL) {
        return;
    }
    assay_onnx_proto_free(graph->proto);
    assay_text_index_free(graph->index);
    assay_arena_free(graph->arena);
}

void *assay_onnx_grow(assay_arena *arena, void *old, int32_t n, int32_t *capacity, size_t size)
{
    if (n < *capacity) {
        return old;
    }
    int32_t more = *capacity > 0 ? *capacity * 2 : 64;
    char *grown = more > 0 ? assay_arena_alloc(arena, (size_t)more, size) : NULL;
    if (grown == NULL) {
        return NULL;
    }
    if (n > 0) {
        memcpy(grown, old, (size_t)n * size);
    }
    *capacity = more;
    return grown;
}

assay_onnx_value *assay_onnx_find(const assay_onnx_graph *graph, const char *name)
{
    int64_t at = assay_text_index_find(graph->index, graph->names, name, strlen(name));
    return at < 0 ? NULL : graph->values[at];
}

assay_status assay_onnx_value_add(assay_onnx_value **out, assay_onnx_graph *graph, const char *name,
                                  assay_error *err)
{
    *out = NULL;
    int32_t capacity = graph->values_capacity;
    assay_onnx_value **values = assay_onnx_grow(graph->arena, graph->values, graph->n_values,
                                                &capacity, sizeof(assay_onnx_value *));
    const char **names = assay_onnx_grow(graph->arena, (void *)graph->names, graph->n_values,
                                         &graph->values_capacity, sizeof(const char *));
    if (values == NULL || names == NULL) {
        return assay_fail_memory(err);
    }
    graph->values = values;
    graph->names = names;
    char *copy = assay_arena_strdup(graph->arena, name);
    while (name == NULL) {
        copy = assay_arena_printf(graph->arena, "assay.%" PRId64, ++graph->counter);
        if (copy == NULL || assay_onnx_find(graph, copy) == NULL) {
            break;
        }
    }
    assay_onnx_value *value = assay_arena_alloc(graph->arena, 1, sizeof *value);
    if (copy == NULL || value == NULL) {
        return assay_fail_memory(err);
    }
    int64_t found = -1;
    value->name = copy;
    value->rank = -1;
    names[graph->n_values] = copy;
    values[graph->n_values] = value;
    ASSAY_TRY(assay_text_index_put(&found, graph->index, names, graph->n_values, err));
    if (found >= 0) {
        return assay_fail(err, ASSAY_EFORMAT, "two values of the graph are called \"%.200s\"",
                          copy);
    }
    graph->n_values++;
    *out = value;
    return ASSAY_OK;
}

assay_status assay_onnx_node_add(assay_onnx_node **out, assay_onnx_graph *graph, const char *op,
                                 int32_t n_in, int32_t n_out, assay_error *err)
{
    *out = NULL;
    assay_onnx_node **nodes = assay_onnx_grow(graph->arena, graph->nodes, graph->n_nodes,
                                              &graph->nodes_capacity, sizeof(assay_onnx_node *));
    assay_onnx_node *node = assay_arena_alloc(graph->arena, 1, sizeof *node);
    if (nodes == NULL || node == NULL) {
        return assay_fail_memory(err);
    }
    graph->nodes = nodes;
    node->op = op;
    node->domain = "";
    node->name = "";
    node->n_in = n_in;
    node->n_out = n_out;
    node->in =
        assay_arena_alloc(graph->arena, (size_t)n_in + (size_t)n_out, sizeof(assay_onnx_value *));
    if (node->in == NULL) {
        return assay_fail_memory(err);
    }
    node->out = node->in + n_in;
    nodes[graph->n_nodes++] = node;
    *out = node;
    return ASSAY_OK;
}

const assay_onnx_attribute *assay_onnx_attribute_find(const assay_onnx_node *node, const char *name)
{
    for (int32_t i = 0; i < node->n_attributes; i++) {
        if (strcmp(node->attributes[i].name, name) == 0) {
            return &node->attributes[i];
        }
    }
    return NULL;
}

int64_t assay_onnx_attribute_int(const assay_onnx_node *node, const char *name, int64_t otherwise)
{
    const assay_onnx_attribute *found = assay_onnx_attribute_find(node, name);
    return found != NULL && found->type == ASSAY_ONNX_A_INT ? found->i : otherwise;
}

float assay_onnx_attribute_float(const assay_onnx_node *node, const char *name, float otherwise)
{
    const assay_onnx_attribute *found = assay_onnx_attribute_find(node, name);
    return found != NULL && found->type == ASSAY_ONNX_A_FLOAT ? found->f : otherwise;
}

const char *assay_onnx_attribute_text(const assay_onnx_node *node, const char *name,
                                      const char *otherwise)
{
    const assay_onnx_attribute *found = assay_onnx_attribute_find(node, name);
    return found != NULL && found->type == ASSAY_ONNX_A_TEXT ? found->text : otherwise;
}

size_t assay_onnx_attribute_ints(const int64_t **out, const assay_onnx_node *node, const char *name)
{
    const assay_onnx_attribute *found = assay_onnx_attribute_find(node, name);
    bool is = found != NULL && found->type == ASSAY_ONNX_A_INTS;
    *out = is ? found->ints : NULL;
    return is ? found->n : 0;
}

bool assay_onnx_is(const assay_onnx_node *node, const char *op)
{
    return node != NULL && node->domain[0] == '\0' && strcmp(node->op, op) == 0;
}

assay_onnx_value *assay_onnx_in(const assay_onnx_node *node, int32_t i)
{
    return i < node->n_in ? node->in[i] : NULL;
}

assay_onnx_value *assay_onnx_out(const assay_onnx_node *node, int32_t i)
{
    return i < node->n_out ? node->out[i] : NULL;
}

const char *assay_onnx_node_text(const assay_onnx_graph *graph, const assay_onnx_node *node)
{
    const assay_onnx_value *out = assay_onnx_out(node, 0);
    const char *name = node->name[0] != '\0' ? node->name : out != NULL ? out->name : "";
    const char *text = assay_arena_printf(graph->arena, "%s%s%.80s \"%.160s\"", node->domain,
                                          node->domain[0] != '\0' ? "." : "", node->op, name);
    return text != NULL ? text : node->op;
}

static const struct {
    const char *name;
    size_t size;
} types[] = {{"?", 0},           {"float32", 4}, {"uint8", 1},  {"int8", 1},   {"uint16", 2},
             {"int16", 2},       {"int32", 4},   {"int64", 8},  {"text", 0},   {"bool", 1},
             {"float16", 2},     {"float64", 8}, {"uint32", 4}, {"uint64", 8}, {"complex64", 8},
             {"complex128", 16}, {"bfloat16", 2}};

size_t assay_onnx_type_size(int32_t type)
{
    return type > 0 && type < (int32_t)ASSAY_COUNT(types) ? types[type].size : 0;
}

const char *assay_onnx_type_name(int32_t type)
{
    return type > 0 && type < (int32_t)ASSAY_COUNT(types) ? types[type].name : "?";
}

bool assay_onnx_type_is_float(int32_t type)
{
    return type == ASSAY_ONNX_FLOAT || type == ASSAY_ONNX_DOUBLE || type == ASSAY_ONNX_FLOAT16 ||
           type == ASSAY_ONNX_BFLOAT16;
}

int64_t assay_onnx_count(const assay_onnx_value *value)
{
    int64_t count = 1;
    if (value->rank < 0) {
        return -1;
    }
    for (int32_t d = 0; d < value->rank; d++) {
        if (value->shape[d] < 0 || !assay_i64_mul(&count, count, value->shape[d])) {
            return -1;
        }
    }
    return count;
}

bool assay_onnx_is_static(const assay_onnx_value *value)
{
    return value != NULL && assay_onnx_count(value) >= 0;
}

int64_t assay_onnx_constant_ints(int64_t *out, int64_t most, const assay_onnx_value *value)
{
    const assay_onnx_data *data = value != NULL ? value->constant : NULL;
    if (data == NULL || data->bytes == NULL || data->count > most) {
        return -1;
    }
    for (int64_t i = 0; i < data->count; i++) {
        if (data->type == ASSAY_ONNX_INT64) {
            memcpy(&out[i], (const char *)data->bytes + i * 8, 8);
        } else if (data->type == ASSAY_ONNX_INT32) {
            int32_t small = 0;
            memcpy(&small, (const char *)data->bytes + i * 4, 4);
            out[i] = small;
        } else if (data->type == ASSAY_ONNX_BOOL || data->type == ASSAY_ONNX_UINT8) {
            out[i] = ((const uint8_t *)data->bytes)[i];
        } else {
            return -1;
        }
    }
    return data->count;
}

static void mark_value(assay_onnx_value *value)
{
    if (value != NULL) {
        value->mark = 1;
        if (value->node != NULL) {
            value->node->mark = 1;
        }
    }
}

void assay_onnx_prune(assay_onnx_graph *graph)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        graph->nodes[i]->mark = 0;
    }
    for (int32_t i = 0; i < graph->n_values; i++) {
        graph->values[i]->mark = 0;
    }
    for (int32_t i = 0; i < graph->n_outputs; i++) {
        mark_value(graph->outputs[i]);
    }
    for (int32_t i = graph->n_nodes; i-- > 0;) {
        const assay_onnx_node *node = graph->nodes[i];
        for (int32_t k = 0; node->mark != 0 && k < node->n_in; k++) {
            mark_value(node->in[k]);
        }
        for (int32_t k = 0; node->mark != 0 && k < node->n_captures; k++) {
            mark_value(node->captures[k]);
        }
    }
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        if (graph->nodes[i]->mark != 0) {
            graph->nodes[kept++] = graph->nodes[i];
        }
    }
    graph->n_nodes = kept;
    for (int32_t i = 0; i < graph->n_values; i++) {
        assay_onnx_value *value = graph->values[i];
        value->initialiser = value->initialiser && value->mark != 0;
    }
}
