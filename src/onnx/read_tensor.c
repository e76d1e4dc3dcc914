/* A TensorProto of the file as a constant: one form, whichever of the record's fields holds it. */
#include <inttypes.h>
#include <string.h>

#include "base/checked_int.h"
#include "base/text.h"
#include "onnx/read_internal.h"

static assay_status check_shape(int64_t *count, const Onnx__TensorProto *proto, assay_error *err)
{
    *count = 1;
    for (size_t d = 0; d < proto->n_dims; d++) {
        if (proto->dims[d] < 0 || !assay_i64_mul(count, *count, proto->dims[d]) ||
            *count > INT64_MAX / 16) {
            return assay_fail(err, ASSAY_EFORMAT, "weights \"%.200s\" have an impossible shape",
                              proto->name != NULL ? proto->name : "");
        }
    }
    return proto->n_dims > 64
               ? assay_fail(err, ASSAY_ELIMIT, "weights have %zu dimensions", proto->n_dims)
               : ASSAY_OK;
}

static assay_status wrong_length(const Onnx__TensorProto *proto, int64_t count, assay_error *err)
{
    return assay_fail(err, ASSAY_EFORMAT,
                      "weights \"%.200s\" do not hold the %" PRId64 " values of their shape",
                      proto->name != NULL ? proto->name : "", count);
}

/* Small types are kept in fields of larger ones. */
static assay_status narrow(assay_onnx_data *data, const Onnx__TensorProto *proto,
                           assay_onnx_graph *graph, assay_error *err)
{
    size_t width = assay_onnx_type_size(data->type);
    bool from64 = data->type == ASSAY_ONNX_UINT32;
    if (from64 ? proto->n_uint64_data != (size_t)data->count
               : proto->n_int32_data != (size_t)data->count) {
        return wrong_length(proto, data->count, err);
    }
    char *bytes = assay_arena_alloc(graph->arena, (size_t)data->count, width);
    if (bytes == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < (size_t)data->count; i++) {
        if (from64) {
            memcpy(bytes + i * width, &proto->uint64_data[i], width);
        } else {
            memcpy(bytes + i * width, &proto->int32_data[i], width);
        }
    }
    data->bytes = bytes;
    return ASSAY_OK;
}

static assay_status typed_field(assay_onnx_data *data, const Onnx__TensorProto *proto,
                                assay_onnx_graph *graph, assay_error *err)
{
    size_t n = 0;
    switch (data->type) {
    case ASSAY_ONNX_FLOAT:
        data->bytes = proto->float_data;
        n = proto->n_float_data;
        break;
    case ASSAY_ONNX_DOUBLE:
        data->bytes = proto->double_data;
        n = proto->n_double_data;
        break;
    case ASSAY_ONNX_INT64:
        data->bytes = proto->int64_data;
        n = proto->n_int64_data;
        break;
    case ASSAY_ONNX_UINT64:
        data->bytes = proto->uint64_data;
        n = proto->n_uint64_data;
        break;
    case ASSAY_ONNX_INT32:
        data->bytes = proto->int32_data;
        n = proto->n_int32_data;
        break;
    case ASSAY_ONNX_COMPLEX64:
    case ASSAY_ONNX_COMPLEX128:
        return ASSAY_OK;
    default:
        return narrow(data, proto, graph, err);
    }
    return n != (size_t)data->count ? wrong_length(proto, data->count, err) : ASSAY_OK;
}

static assay_status external_field(assay_onnx_data *data, const Onnx__TensorProto *proto,
                                   const reader *self, assay_error *err)
{
    const char *location = NULL;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    int64_t offset = 0;
    int64_t length = (int64_t)data->size;
    for (size_t i = 0; i < proto->n_external_data; i++) {
        const Onnx__StringStringEntryProto *entry = proto->external_data[i];
        if (assay_text_equal(entry->key, "location")) {
            location = entry->value;
        } else if ((assay_text_equal(entry->key, "offset") &&
                    !assay_text_to_i64(&offset, entry->value != NULL ? entry->value : "")) ||
                   (assay_text_equal(entry->key, "length") &&
                    !assay_text_to_i64(&length, entry->value != NULL ? entry->value : ""))) {
            return wrong_length(proto, data->count, err);
        }
    }
    if (location == NULL || self->external == NULL) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "weights \"%.200s\" are kept in another file, which is not at hand",
                          proto->name != NULL ? proto->name : "");
    }
    ASSAY_TRY(self->external(self->payload, &bytes, &size, location, err));
    if (offset < 0 || length != (int64_t)data->size || (uint64_t)offset > size ||
        data->size > size - (size_t)offset) {
        return assay_fail(err, ASSAY_EFORMAT, "weights \"%.200s\" lie outside of the file %.200s",
                          proto->name, location);
    }
    data->bytes = bytes + offset;
    return ASSAY_OK;
}

assay_status assay_onnx_read_tensor(const assay_onnx_data **out, const Onnx__TensorProto *proto,
                                    const reader *self, assay_error *err)
{
    assay_onnx_graph *graph = self->graph;
    assay_onnx_data *data = assay_arena_alloc(graph->arena, 1, sizeof *data);
    int64_t count = 0;
    *out = NULL;
    ASSAY_TRY(check_shape(&count, proto, err));
    if (data == NULL) {
        return assay_fail_memory(err);
    }
    data->type = proto->data_type;
    data->rank = (int32_t)proto->n_dims;
    data->shape = proto->dims;
    data->count = count;
    data->proto = proto;
    data->size = (size_t)count * assay_onnx_type_size(data->type);
    *out = data;
    if (data->size == 0 && count > 0) {
        return ASSAY_OK; /* texts and types of later days: passed through */
    }
    if (proto->has_data_location &&
        proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
        return external_field(data, proto, self, err);
    }
    if (proto->has_raw_data) {
        data->bytes = count > 0 ? (const void *)proto->raw_data.data : "";
        return proto->raw_data.len != data->size ? wrong_length(proto, count, err) : ASSAY_OK;
    }
    ASSAY_TRY(typed_field(data, proto, graph, err));
    if (data->bytes == NULL && count == 0) {
        data->bytes = "";
    }
    return ASSAY_OK;
}
