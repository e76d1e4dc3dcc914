#include <string.h>

#include <onnx.pb-c.h>

#include "onnx/internal.h"

/* The most that protobuf packs, less what its own frame takes. */
static const size_t most_bytes = (size_t)2000 << 20;

typedef struct writer {
    const assay_onnx_graph *graph;
    assay_arena *arena; /* of the messages; the graph is not touched */
    bool failed;
} writer;

/* The messages' fields are not const, but nothing writes through them while packing. */
static void *unconst(const void *pointer)
{
    void *copy = NULL;
    memcpy(&copy, &pointer, sizeof copy);
    return copy;
}

static void *room(writer *self, size_t n, size_t size)
{
    void *taken = assay_arena_alloc(self->arena, n, size);
    self->failed = self->failed || taken == NULL;
    return taken;
}

static Onnx__TensorProto *put_tensor(writer *self, const assay_onnx_data *data, const char *name)
{
    Onnx__TensorProto *out = room(self, 1, sizeof *out);
    if (out == NULL) {
        return NULL;
    }
    if (data->bytes == NULL && data->proto != NULL) {
        *out = *(const Onnx__TensorProto *)data->proto;
        out->name = name != NULL ? unconst(name) : out->name;
        return out;
    }
    onnx__tensor_proto__init(out);
    out->name = unconst(name);
    out->n_dims = (size_t)data->rank;
    out->dims = unconst(data->shape);
    out->has_data_type = 1;
    out->data_type = data->type;
    out->has_raw_data = 1;
    out->raw_data = (ProtobufCBinaryData){data->size, unconst(data->bytes)};
    return out;
}

static Onnx__AttributeProto *put_attribute(writer *self, const assay_onnx_attribute *from)
{
    if (from->proto != NULL) {
        return unconst(from->proto);
    }
    Onnx__AttributeProto *out = room(self, 1, sizeof *out);
    if (out == NULL) {
        return NULL;
    }
    onnx__attribute_proto__init(out);
    out->name = unconst(from->name);
    out->has_type = 1;
    out->type = (Onnx__AttributeProto__AttributeType)from->type;
    out->has_i = from->type == ASSAY_ONNX_A_INT;
    out->i = from->i;
    out->has_f = from->type == ASSAY_ONNX_A_FLOAT;
    out->f = from->f;
    if (from->type == ASSAY_ONNX_A_TEXT) {
        out->has_s = 1;
        out->s = (ProtobufCBinaryData){strlen(from->text), unconst(from->text)};
    } else if (from->type == ASSAY_ONNX_A_INTS) {
        out->n_ints = from->n;
        out->ints = unconst(from->ints);
    } else if (from->type == ASSAY_ONNX_A_FLOATS) {
        out->n_floats = from->n;
        out->floats = unconst(from->floats);
    } else if (from->type == ASSAY_ONNX_A_TENSOR) {
        out->t = put_tensor(self, from->tensor, NULL);
    }
    return out;
}

static char **put_names(writer *self, assay_onnx_value *const *values, int32_t n)
{
    char **out = room(self, (size_t)n + 1, sizeof *out);
    for (int32_t i = 0; out != NULL && i < n; i++) {
        out[i] = unconst(values[i] != NULL ? values[i]->name : "");
    }
    return out;
}

static Onnx__NodeProto *put_node(writer *self, const assay_onnx_node *node)
{
    Onnx__NodeProto *out = room(self, 1, sizeof *out);
    Onnx__AttributeProto **list =
        room(self, (size_t)node->n_attributes + 1, sizeof(Onnx__AttributeProto *));
    if (out == NULL || list == NULL) {
        return NULL;
    }
    onnx__node_proto__init(out);
    out->op_type = unconst(node->op);
    out->domain = unconst(node->domain);
    out->name = unconst(node->name);
    out->n_input = (size_t)node->n_in;
    out->input = put_names(self, node->in, node->n_in);
    out->n_output = (size_t)node->n_out;
    out->output = put_names(self, node->out, node->n_out);
    for (int32_t i = 0; i < node->n_attributes; i++) {
        list[i] = put_attribute(self, &node->attributes[i]);
    }
    out->n_attribute = (size_t)node->n_attributes;
    out->attribute = list;
    return out;
}

static Onnx__TensorShapeProto *put_shape(writer *self, const assay_onnx_value *value)
{
    Onnx__TensorShapeProto *shape = room(self, 1, sizeof *shape);
    Onnx__TensorShapeProto__Dimension **list =
        room(self, ASSAY_ONNX_RANK, sizeof(Onnx__TensorShapeProto__Dimension *));
    if (shape == NULL || list == NULL) {
        return NULL;
    }
    onnx__tensor_shape_proto__init(shape);
    shape->n_dim = (size_t)value->rank;
    shape->dim = list;
    for (int32_t d = 0; d < value->rank; d++) {
        list[d] = room(self, 1, sizeof *list[d]);
        if (list[d] == NULL) {
            return NULL;
        }
        onnx__tensor_shape_proto__dimension__init(list[d]);
        if (value->shape[d] >= 0) {
            list[d]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            list[d]->dim_value = value->shape[d];
        } else if (value->symbols != NULL && value->symbols[d] != NULL) {
            list[d]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            list[d]->dim_param = unconst(value->symbols[d]);
        }
    }
    return shape;
}

static Onnx__ValueInfoProto *put_port(writer *self, const assay_onnx_value *value)
{
    if (value->type == ASSAY_ONNX_UNKNOWN && value->proto != NULL) {
        return unconst(value->proto);
    }
    Onnx__ValueInfoProto *out = room(self, 1, sizeof *out);
    Onnx__TypeProto *type = room(self, 1, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = room(self, 1, sizeof *tensor);
    if (out == NULL || type == NULL || tensor == NULL) {
        return NULL;
    }
    onnx__value_info_proto__init(out);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    out->name = unconst(value->name);
    if (value->type == ASSAY_ONNX_UNKNOWN) {
        return out;
    }
    out->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = value->type;
    tensor->shape = value->rank >= 0 ? put_shape(self, value) : NULL;
    return out;
}

static Onnx__GraphProto *put_graph(writer *self)
{
    const assay_onnx_graph *graph = self->graph;
    Onnx__GraphProto *out = room(self, 1, sizeof *out);
    if (out == NULL) {
        return NULL;
    }
    onnx__graph_proto__init(out);
    out->name = unconst(graph->name);
    out->node = room(self, (size_t)graph->n_nodes + 1, sizeof(Onnx__NodeProto *));
    out->input = room(self, (size_t)graph->n_inputs + 1, sizeof(Onnx__ValueInfoProto *));
    out->output = room(self, (size_t)graph->n_outputs + 1, sizeof(Onnx__ValueInfoProto *));
    out->initializer = room(self, (size_t)graph->n_values + 1, sizeof(Onnx__TensorProto *));
    if (self->failed) {
        return NULL;
    }
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        out->node[out->n_node++] = put_node(self, graph->nodes[i]);
    }
    for (int32_t i = 0; i < graph->n_inputs; i++) {
        out->input[out->n_input++] = put_port(self, graph->inputs[i]);
    }
    for (int32_t i = 0; i < graph->n_outputs; i++) {
        out->output[out->n_output++] = put_port(self, graph->outputs[i]);
    }
    for (int32_t i = 0; i < graph->n_values; i++) {
        const assay_onnx_value *value = graph->values[i];
        if (value->initialiser) {
            out->initializer[out->n_initializer++] = put_tensor(self, value->constant, value->name);
        }
    }
    return out;
}

static void put_model(Onnx__ModelProto *model, writer *self)
{
    const assay_onnx_graph *graph = self->graph;
    size_t n = (size_t)graph->n_domains + 1;
    const Onnx__ModelProto *from = graph->proto;
    if (from != NULL) {
        *model = *from;
    } else {
        onnx__model_proto__init(model);
        model->producer_name = unconst("assay");
    }
    model->has_ir_version = 1;
    model->ir_version = graph->ir_version > 8 ? graph->ir_version : 8;
    model->graph = put_graph(self);
    model->n_training_info = 0;
    Onnx__OperatorSetIdProto *sets = room(self, n, sizeof *sets);
    model->opset_import = room(self, n, sizeof(Onnx__OperatorSetIdProto *));
    model->n_opset_import = n;
    for (size_t i = 0; !self->failed && i < n; i++) {
        onnx__operator_set_id_proto__init(&sets[i]);
        sets[i].domain = unconst(i == 0 ? "" : graph->domains[i - 1].domain);
        sets[i].has_version = 1;
        sets[i].version = i == 0 ? graph->opset : graph->domains[i - 1].version;
        model->opset_import[i] = &sets[i];
    }
}

assay_status assay_onnx_write(assay_buffer *out, const assay_onnx_graph *graph, assay_error *err)
{
    assay_status status = ASSAY_OK;
    writer self = {.graph = graph};
    Onnx__ModelProto model;
    ASSAY_TRY(assay_arena_new(&self.arena, (size_t)1 << 30, err));
    put_model(&model, &self);
    if (self.failed) {
        status = assay_fail_memory(err);
        goto done;
    }
    size_t size = onnx__model_proto__get_packed_size(&model);
    if (size > most_bytes) {
        status = assay_fail(err, ASSAY_ELIMIT,
                            "the model takes %zu MiB in one file; at most 2000 MiB can be written",
                            size >> 20);
        goto done;
    }
    char *bytes = assay_buffer_reserve(out, size);
    if (bytes != NULL) {
        out->size += onnx__model_proto__pack(&model, (uint8_t *)bytes);
    }
    status = assay_buffer_status(out, err);
done:
    assay_arena_free(self.arena);
    return status;
}
