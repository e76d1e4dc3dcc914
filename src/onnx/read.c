#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "onnx/read_internal.h"
#include "onnx/scan.h"

static void *take(void *payload, size_t size)
{
    (void)payload;
    return assay_alloc_raw(size, 1);
}

static void give(void *payload, void *pointer)
{
    (void)payload;
    assay_free(pointer);
}

static ProtobufCAllocator memory = {.alloc = take, .free = give, .allocator_data = NULL};

void assay_onnx_proto_free(void *proto)
{
    if (proto != NULL) {
        onnx__model_proto__free_unpacked(proto, &memory);
    }
}

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static assay_status nothing(void *payload, const char *location, size_t size, assay_error *err)
{
    (void)payload;
    (void)location;
    (void)size;
    (void)err;
    return ASSAY_OK;
}

static assay_status no_memory_unless(const void *pointer, assay_error *err)
{
    return pointer == NULL ? assay_fail_memory(err) : ASSAY_OK;
}

static assay_status read_model(assay_onnx_graph *graph, const Onnx__ModelProto *model,
                               assay_error *err)
{
    assay_arena *arena = graph->arena;
    graph->ir_version = model->ir_version;
    graph->model_version = model->model_version;
    graph->producer = text_or_empty(model->producer_name);
    graph->producer_version = text_or_empty(model->producer_version);
    graph->description = text_or_empty(model->doc_string);
    graph->functions = model->n_functions > 0;
    graph->domains = assay_arena_alloc(arena, model->n_opset_import + 1, sizeof *graph->domains);
    graph->metadata =
        assay_arena_alloc(arena, model->n_metadata_props + 1, sizeof *graph->metadata);
    ASSAY_TRY(no_memory_unless(graph->domains, err));
    ASSAY_TRY(no_memory_unless(graph->metadata, err));
    graph->opset = 1;
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = text_or_empty(model->opset_import[i]->domain);
        int64_t version = model->opset_import[i]->version;
        if (domain[0] == '\0' || strcmp(domain, "ai.onnx") == 0) {
            graph->opset = version;
        } else {
            graph->domains[graph->n_domains++] = (assay_onnx_opset){domain, version};
        }
    }
    for (size_t i = 0; i < model->n_metadata_props; i++) {
        graph->metadata[graph->n_metadata++] =
            (assay_onnx_entry){text_or_empty(model->metadata_props[i]->key),
                               text_or_empty(model->metadata_props[i]->value)};
    }
    return ASSAY_OK;
}

/* Type and shape as declared; what is not a tensor keeps type 0. */
static assay_status read_declaration(assay_onnx_value *value, assay_onnx_graph *graph,
                                     const Onnx__ValueInfoProto *info, assay_error *err)
{
    const Onnx__TypeProto *type = info->type;
    value->proto = info;
    if (type == NULL || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) {
        return ASSAY_OK;
    }
    const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    value->type = type->tensor_type->elem_type;
    if (shape == NULL || shape->n_dim > ASSAY_ONNX_RANK) {
        return ASSAY_OK;
    }
    const char **symbols = assay_arena_alloc(graph->arena, ASSAY_ONNX_RANK, sizeof *symbols);
    ASSAY_TRY(no_memory_unless(symbols, err));
    value->rank = (int32_t)shape->n_dim;
    value->symbols = symbols;
    for (size_t d = 0; d < shape->n_dim; d++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[d];
        bool fixed = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE &&
                     dim->dim_value >= 0;
        value->shape[d] = fixed ? dim->dim_value : -1;
        symbols[d] = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                         ? dim->dim_param
                         : NULL;
    }
    return ASSAY_OK;
}

static assay_status read_initialisers(const reader *self, const Onnx__GraphProto *proto,
                                      assay_error *err)
{
    for (size_t i = 0; i < proto->n_initializer; i++) {
        const Onnx__TensorProto *tensor = proto->initializer[i];
        const assay_onnx_data *data = NULL;
        const char *name = text_or_empty(tensor->name);
        assay_onnx_value *value = assay_onnx_find(self->graph, name);
        if (value == NULL) {
            ASSAY_TRY(assay_onnx_value_add(&value, self->graph, name, err));
        } else if (value->initialiser) {
            return assay_fail(err, ASSAY_EFORMAT, "two initialisers are called \"%.200s\"", name);
        }
        ASSAY_TRY(assay_onnx_read_tensor(&data, tensor, self, err));
        value->initialiser = true;
        value->constant = data;
        value->type = data->type;
        value->rank = data->rank <= ASSAY_ONNX_RANK ? data->rank : -1;
        for (int32_t d = 0; d < value->rank; d++) {
            value->shape[d] = data->shape[d];
        }
    }
    return ASSAY_OK;
}

static assay_status read_attribute(assay_onnx_attribute *out, const Onnx__AttributeProto *proto,
                                   const reader *self, assay_error *err)
{
    out->name = text_or_empty(proto->name);
    out->proto = proto;
    out->type = proto->has_type ? (int32_t)proto->type : 0;
    if (out->type == 0) { /* before the field was required, what is there decided */
        out->type = proto->has_f          ? ASSAY_ONNX_A_FLOAT
                    : proto->has_i        ? ASSAY_ONNX_A_INT
                    : proto->has_s        ? ASSAY_ONNX_A_TEXT
                    : proto->t != NULL    ? ASSAY_ONNX_A_TENSOR
                    : proto->g != NULL    ? ASSAY_ONNX_A_GRAPH
                    : proto->n_floats > 0 ? ASSAY_ONNX_A_FLOATS
                                          : ASSAY_ONNX_A_INTS;
    }
    out->i = proto->i;
    out->f = proto->f;
    out->text = "";
    if (out->type == ASSAY_ONNX_A_TEXT && proto->has_s) {
        char *copy = assay_arena_alloc(self->graph->arena, proto->s.len + 1, 1);
        ASSAY_TRY(no_memory_unless(copy, err));
        if (proto->s.len > 0) {
            memcpy(copy, proto->s.data, proto->s.len);
        }
        out->text = copy;
    }
    if (out->type == ASSAY_ONNX_A_INTS) {
        out->ints = proto->ints;
        out->n = proto->n_ints;
    } else if (out->type == ASSAY_ONNX_A_FLOATS) {
        out->floats = proto->floats;
        out->n = proto->n_floats;
    } else if (out->type == ASSAY_ONNX_A_TENSOR && proto->t != NULL) {
        return assay_onnx_read_tensor(&out->tensor, proto->t, self, err);
    }
    return ASSAY_OK;
}

/* Names that a sub-graph takes from outside: everything that the outer graph knows by then. */
static assay_status read_captures(assay_onnx_node *node, assay_onnx_graph *graph,
                                  const Onnx__GraphProto *inner, int32_t *capacity,
                                  assay_error *err)
{
    for (size_t i = 0; i < inner->n_node + 1; i++) {
        bool last = i == inner->n_node;
        size_t n = last ? inner->n_output : inner->node[i]->n_input;
        for (size_t k = 0; k < n; k++) {
            const char *name = last ? inner->output[k]->name : inner->node[i]->input[k];
            assay_onnx_value *found = name != NULL ? assay_onnx_find(graph, name) : NULL;
            if (found == NULL) {
                continue;
            }
            node->captures = assay_onnx_grow(graph->arena, node->captures, node->n_captures,
                                             capacity, sizeof(assay_onnx_value *));
            ASSAY_TRY(no_memory_unless(node->captures, err));
            node->captures[node->n_captures++] = found;
        }
        for (size_t a = 0; !last && a < inner->node[i]->n_attribute; a++) {
            const Onnx__AttributeProto *attribute = inner->node[i]->attribute[a];
            if (attribute->g != NULL) {
                ASSAY_TRY(read_captures(node, graph, attribute->g, capacity, err));
            }
        }
    }
    return ASSAY_OK;
}

static assay_status read_node(const reader *self, const Onnx__NodeProto *proto, assay_error *err)
{
    assay_onnx_graph *graph = self->graph;
    assay_onnx_node *node = NULL;
    int32_t capacity = 0;
    if (proto->n_input > INT32_MAX / 4 || proto->n_output > INT32_MAX / 4 ||
        proto->n_attribute > INT32_MAX / 4) {
        return assay_fail(err, ASSAY_ELIMIT, "a node has too many inputs");
    }
    ASSAY_TRY(assay_onnx_node_add(&node, graph, text_or_empty(proto->op_type),
                                  (int32_t)proto->n_input, (int32_t)proto->n_output, err));
    node->name = text_or_empty(proto->name);
    node->domain = text_or_empty(proto->domain);
    node->domain = strcmp(node->domain, "ai.onnx") == 0 ? "" : node->domain;
    for (int32_t i = 0; i < node->n_in; i++) {
        const char *name = text_or_empty(proto->input[i]);
        node->in[i] = name[0] != '\0' ? assay_onnx_find(graph, name) : NULL;
        if (name[0] != '\0' && node->in[i] == NULL) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "node %.80s \"%.200s\" uses \"%.200s\", which nothing before it "
                              "gives",
                              node->op, node->name, name);
        }
    }
    node->attributes =
        assay_arena_alloc(graph->arena, proto->n_attribute, sizeof *node->attributes);
    ASSAY_TRY(no_memory_unless(node->attributes, err));
    node->n_attributes = (int32_t)proto->n_attribute;
    for (size_t i = 0; i < proto->n_attribute; i++) {
        const Onnx__AttributeProto *attribute = proto->attribute[i];
        ASSAY_TRY(read_attribute(&node->attributes[i], attribute, self, err));
        node->subgraphs = node->subgraphs || attribute->g != NULL || attribute->n_graphs > 0;
        if (attribute->g != NULL) {
            ASSAY_TRY(read_captures(node, graph, attribute->g, &capacity, err));
        }
    }
    for (int32_t i = 0; i < node->n_out; i++) {
        const char *name = text_or_empty(proto->output[i]);
        if (name[0] != '\0') {
            ASSAY_TRY(assay_onnx_value_add(&node->out[i], graph, name, err));
            node->out[i]->node = node;
        }
    }
    return ASSAY_OK;
}

static assay_status read_ports(const reader *self, const Onnx__GraphProto *proto, assay_error *err)
{
    assay_onnx_graph *graph = self->graph;
    graph->inputs = assay_arena_alloc(graph->arena, proto->n_input + 1, sizeof *graph->inputs);
    ASSAY_TRY(no_memory_unless(graph->inputs, err));
    for (size_t i = 0; i < proto->n_input; i++) {
        const char *name = text_or_empty(proto->input[i]->name);
        assay_onnx_value *value = NULL;
        ASSAY_TRY(assay_onnx_value_add(&value, graph, name, err));
        ASSAY_TRY(read_declaration(value, graph, proto->input[i], err));
    }
    ASSAY_TRY(read_initialisers(self, proto, err));
    for (size_t i = 0; i < proto->n_input; i++) {
        /* Before IR 4 initialisers had to be inputs too; they are no inputs of the model. */
        assay_onnx_value *value = assay_onnx_find(graph, text_or_empty(proto->input[i]->name));
        if (value != NULL && !value->initialiser) {
            value->input = true;
            graph->inputs[graph->n_inputs++] = value;
        }
    }
    return ASSAY_OK;
}

static assay_status read_outputs(const reader *self, const Onnx__GraphProto *proto,
                                 assay_error *err)
{
    assay_onnx_graph *graph = self->graph;
    graph->outputs = assay_arena_alloc(graph->arena, proto->n_output + 1, sizeof *graph->outputs);
    ASSAY_TRY(no_memory_unless(graph->outputs, err));
    for (size_t i = 0; i < proto->n_output; i++) {
        const char *name = text_or_empty(proto->output[i]->name);
        assay_onnx_value *value = assay_onnx_find(graph, name);
        if (value == NULL) {
            return assay_fail(err, ASSAY_EFORMAT, "no node gives the output \"%.200s\"", name);
        }
        if (!value->input && !value->initialiser) {
            ASSAY_TRY(read_declaration(value, graph, proto->output[i], err));
        }
        value->output = true;
        graph->outputs[graph->n_outputs++] = value;
    }
    return ASSAY_OK;
}

static assay_status read_graph(const reader *self, const Onnx__ModelProto *model, assay_error *err)
{
    const Onnx__GraphProto *proto = model->graph;
    ASSAY_TRY(read_model(self->graph, model, err));
    if (proto->name != NULL && proto->name[0] != '\0') {
        self->graph->name = proto->name;
    }
    if (proto->n_sparse_initializer > 0) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "it keeps weights in sparse form");
    }
    ASSAY_TRY(read_ports(self, proto, err));
    for (size_t i = 0; i < proto->n_node; i++) {
        ASSAY_TRY(read_node(self, proto->node[i], err));
    }
    return read_outputs(self, proto, err);
}

assay_status assay_onnx_read(assay_onnx_graph **out, const uint8_t *bytes, size_t size,
                             assay_onnx_external_fn external, void *payload, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_onnx_graph *graph = NULL;
    *out = NULL;
    ASSAY_TRY(assay_onnx_scan(bytes, size, nothing, NULL, err));
    ASSAY_TRY(assay_onnx_graph_new(&graph, err));
    Onnx__ModelProto *model = onnx__model_proto__unpack(&memory, size, bytes);
    graph->proto = model;
    if (model == NULL || model->graph == NULL) {
        status = assay_fail(err, ASSAY_EFORMAT, "this is not an ONNX file, or it is damaged");
        goto done;
    }
    const reader self = {graph, external, payload};
    ASSAY_GOTO(read_graph(&self, model, err), done);
    *out = graph;
    graph = NULL;
done:
    assay_onnx_graph_free(graph);
    return status;
}

assay_status assay_onnx_read_data(const assay_onnx_data **out, assay_onnx_graph *graph,
                                  const uint8_t *bytes, size_t size, assay_error *err)
{
    const reader self = {.graph = graph};
    const assay_onnx_data *found = NULL;
    *out = NULL;
    Onnx__TensorProto *proto = onnx__tensor_proto__unpack(&memory, size, bytes);
    if (proto == NULL) {
        return assay_fail(err, ASSAY_EFORMAT, "this is not a tensor of ONNX, or it is damaged");
    }
    assay_status status = assay_onnx_read_tensor(&found, proto, &self, err);
    assay_onnx_data *copy = assay_arena_alloc(graph->arena, 1, sizeof *copy);
    int64_t *shape = assay_arena_alloc(graph->arena, proto->n_dims + 1, sizeof *shape);
    char *data = status == ASSAY_OK ? assay_arena_alloc(graph->arena, found->size + 1, 1) : NULL;
    if (status == ASSAY_OK && copy != NULL && shape != NULL && data != NULL) {
        *copy = *found;
        copy->proto = NULL;
        copy->shape = shape;
        for (size_t d = 0; d < proto->n_dims; d++) {
            shape[d] = proto->dims[d];
        }
        if (found->bytes != NULL && found->size > 0) {
            memcpy(data, found->bytes, found->size);
        }
        copy->bytes = found->bytes != NULL ? data : NULL;
        *out = copy;
    } else if (status == ASSAY_OK) {
        status = assay_fail_memory(err);
    }
    onnx__tensor_proto__free_unpacked(proto, &memory);
    return status;
}
