#include "onnx/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/npy.h"
#include "onnx/infer.h"

void onnx_fail(assay_onnx_build *b, assay_status status, const char *format, ...)
{
    char text[600];
    va_list list;
    if (b->status != ASSAY_OK) {
        return;
    }
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    b->status = assay_fail(b->err, status, "%s", text);
}

static void *take(assay_onnx_build *b, size_t n, size_t size)
{
    void *taken = b->status == ASSAY_OK ? assay_arena_alloc(b->graph->arena, n, size) : NULL;
    if (taken == NULL && b->status == ASSAY_OK) {
        b->status = assay_fail_memory(b->err);
    }
    return taken;
}

static void copy_attribute(assay_onnx_build *b, assay_onnx_attribute *out,
                           const assay_onnx_attribute *from)
{
    *out = *from;
    out->proto = NULL;
    if (from->type == ASSAY_ONNX_A_TEXT) {
        out->text = assay_arena_strdup(b->graph->arena, from->text);
    } else if (from->type == ASSAY_ONNX_A_INTS) {
        int64_t *list = take(b, from->n + 1, sizeof *list);
        if (list != NULL && from->n > 0) {
            memcpy(list, from->ints, from->n * sizeof *list);
        }
        out->ints = list;
    }
}

assay_onnx_value *onnx_emit(assay_onnx_build *b, const char *op, int32_t n_in,
                            assay_onnx_value *const *in, int32_t n_attributes,
                            const assay_onnx_attribute *attributes, int32_t n_out)
{
    assay_onnx_node *node = NULL;
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    b->status = assay_onnx_node_add(&node, b->graph, op, n_in, n_out, b->err);
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    for (int32_t i = 0; i < n_in; i++) {
        node->in[i] = in[i];
    }
    node->attributes = take(b, (size_t)n_attributes, sizeof *node->attributes);
    node->n_attributes = node->attributes != NULL ? n_attributes : 0;
    for (int32_t i = 0; i < node->n_attributes; i++) {
        copy_attribute(b, &node->attributes[i], &attributes[i]);
    }
    for (int32_t i = 0; i < n_out && b->status == ASSAY_OK; i++) {
        b->status = assay_onnx_value_add(&node->out[i], b->graph, NULL, b->err);
        if (b->status == ASSAY_OK) {
            node->out[i]->node = node;
        }
    }
    if (b->status == ASSAY_OK) {
        node->name = node->out[0]->name;
        b->status = assay_onnx_infer_node(b->graph, node, b->err);
        onnx_note_layout(node);
    }
    return b->status == ASSAY_OK ? node->out[0] : NULL;
}

assay_onnx_value *onnx_1(assay_onnx_build *b, const char *op, assay_onnx_value *x)
{
    return onnx_emit(b, op, 1, &x, 0, NULL, 1);
}

assay_onnx_value *onnx_2(assay_onnx_build *b, const char *op, assay_onnx_value *x,
                         assay_onnx_value *y)
{
    assay_onnx_value *in[2] = {x, y};
    return onnx_emit(b, op, 2, in, 0, NULL, 1);
}

assay_onnx_value *onnx_3(assay_onnx_build *b, const char *op, assay_onnx_value *x,
                         assay_onnx_value *y, assay_onnx_value *z)
{
    assay_onnx_value *in[3] = {x, y, z};
    return onnx_emit(b, op, 3, in, 0, NULL, 1);
}

/* An initialiser whose bytes the caller has put into the arena. */
static assay_onnx_value *put(assay_onnx_build *b, int32_t type, int32_t rank, const int64_t *shape,
                             int64_t count, const void *bytes)
{
    assay_onnx_value *value = NULL;
    assay_onnx_data *data = take(b, 1, sizeof *data);
    int64_t *copy = take(b, ASSAY_ONNX_RANK, sizeof *copy);
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    b->status = assay_onnx_value_add(&value, b->graph, NULL, b->err);
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    value->type = type;
    value->rank = rank;
    for (int32_t d = 0; d < rank; d++) {
        copy[d] = shape[d];
        value->shape[d] = shape[d];
    }
    *data = (assay_onnx_data){.type = type,
                              .rank = rank,
                              .shape = copy,
                              .count = count,
                              .bytes = bytes,
                              .size = (size_t)count * assay_onnx_type_size(type)};
    value->constant = data;
    value->initialiser = true;
    return value;
}

static int64_t product(int32_t rank, const int64_t *shape)
{
    int64_t count = 1;
    for (int32_t d = 0; d < rank; d++) {
        count *= shape[d];
    }
    return count;
}

assay_onnx_value *onnx_whole(assay_onnx_build *b, const int64_t *values, int32_t rank,
                             const int64_t *shape)
{
    int64_t count = product(rank, shape);
    int64_t *bytes = take(b, (size_t)count + 1, sizeof *bytes);
    if (bytes == NULL) {
        return NULL;
    }
    if (count > 0) {
        memcpy(bytes, values, (size_t)count * sizeof *bytes);
    }
    return put(b, ASSAY_ONNX_INT64, rank, shape, count, bytes);
}

assay_onnx_value *onnx_list(assay_onnx_build *b, const int64_t *values, int64_t n)
{
    return onnx_whole(b, values, 1, &n);
}

assay_onnx_value *onnx_one_int(assay_onnx_build *b, int64_t value)
{
    return onnx_list(b, &value, 1);
}

assay_onnx_value *onnx_index(assay_onnx_build *b, int64_t value)
{
    return onnx_whole(b, &value, 0, NULL);
}

assay_onnx_value *onnx_reals(assay_onnx_build *b, int32_t type, const double *values, int32_t rank,
                             const int64_t *shape)
{
    int64_t count = product(rank, shape);
    size_t width = assay_onnx_type_size(type);
    char *bytes = take(b, (size_t)count + 1, width);
    if (bytes == NULL) {
        return NULL;
    }
    for (int64_t i = 0; i < count; i++) {
        float single = (float)values[i];
        uint16_t half = assay_float_to_half(single);
        if (type == ASSAY_ONNX_BFLOAT16) {
            uint32_t bits = 0;
            memcpy(&bits, &single, 4);
            half = (uint16_t)((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
        }
        const void *from = type == ASSAY_ONNX_DOUBLE  ? (const void *)&values[i]
                           : type == ASSAY_ONNX_FLOAT ? (const void *)&single
                                                      : (const void *)&half;
        memcpy(bytes + (size_t)i * width, from, width);
    }
    return put(b, type, rank, shape, count, bytes);
}

assay_onnx_value *onnx_real(assay_onnx_build *b, int32_t type, double value)
{
    if (!assay_onnx_type_is_float(type)) {
        onnx_fail(b, ASSAY_EUNSUPPORTED, "gradients of %s values", assay_onnx_type_name(type));
        return NULL;
    }
    return onnx_reals(b, type, &value, 0, NULL);
}

assay_onnx_value *onnx_scale(assay_onnx_build *b, assay_onnx_value *x, double factor)
{
    return b->status != ASSAY_OK ? NULL : onnx_2(b, "Mul", x, onnx_real(b, x->type, factor));
}

assay_onnx_value *onnx_shift(assay_onnx_build *b, assay_onnx_value *x, double addend)
{
    return b->status != ASSAY_OK ? NULL : onnx_2(b, "Add", x, onnx_real(b, x->type, addend));
}

static bool same_shape(const assay_onnx_value *x, int32_t rank, const int64_t *shape)
{
    bool same = x->rank == rank;
    for (int32_t d = 0; same && d < rank; d++) {
        same = x->shape[d] == shape[d];
    }
    return same;
}

assay_onnx_value *onnx_reshape(assay_onnx_build *b, assay_onnx_value *x, int32_t rank,
                               const int64_t *shape)
{
    if (b->status != ASSAY_OK || same_shape(x, rank, shape)) {
        return b->status != ASSAY_OK ? NULL : x;
    }
    return onnx_2(b, "Reshape", x, onnx_list(b, shape, rank));
}

assay_onnx_value *onnx_reshape_like(assay_onnx_build *b, assay_onnx_value *x,
                                    const assay_onnx_value *like)
{
    return onnx_reshape(b, x, like->rank, like->shape);
}

assay_onnx_value *onnx_transpose(assay_onnx_build *b, assay_onnx_value *x, const int64_t *perm)
{
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    const assay_onnx_attribute attribute = ONNX_INTS("perm", perm, x->rank);
    return onnx_emit(b, "Transpose", 1, &x, 1, &attribute, 1);
}

assay_onnx_value *onnx_sum(assay_onnx_build *b, assay_onnx_value *x, const int64_t *axes, int64_t n,
                           bool keep)
{
    assay_onnx_value *in[2] = {x, axes != NULL ? onnx_list(b, axes, n) : NULL};
    const assay_onnx_attribute attribute = ONNX_INT("keepdims", keep);
    return onnx_emit(b, "ReduceSum", axes != NULL ? 2 : 1, in, 1, &attribute, 1);
}

assay_onnx_value *onnx_mean(assay_onnx_build *b, assay_onnx_value *x, const int64_t *axes,
                            int64_t n)
{
    return onnx_2(b, "ReduceMean", x, onnx_list(b, axes, n));
}

assay_onnx_value *onnx_cast(assay_onnx_build *b, assay_onnx_value *x, int32_t type)
{
    if (b->status != ASSAY_OK || x->type == type) {
        return b->status != ASSAY_OK ? NULL : x;
    }
    const assay_onnx_attribute attribute = ONNX_INT("to", type);
    return onnx_emit(b, "Cast", 1, &x, 1, &attribute, 1);
}

assay_onnx_value *onnx_expand_like(assay_onnx_build *b, assay_onnx_value *x,
                                   const assay_onnx_value *like)
{
    if (b->status != ASSAY_OK || same_shape(x, like->rank, like->shape)) {
        return b->status != ASSAY_OK ? NULL : x;
    }
    return onnx_2(b, "Expand", x, onnx_list(b, like->shape, like->rank));
}

assay_onnx_value *onnx_slice(assay_onnx_build *b, assay_onnx_value *x, int32_t axis, int64_t from,
                             int64_t to, int64_t step)
{
    assay_onnx_value *in[5] = {x, onnx_one_int(b, from), onnx_one_int(b, to), onnx_one_int(b, axis),
                               onnx_one_int(b, step)};
    return onnx_emit(b, "Slice", 5, in, 0, NULL, 1);
}

assay_onnx_value *onnx_pad_zeros(assay_onnx_build *b, assay_onnx_value *x, const int64_t *pads)
{
    bool none = true;
    for (int32_t i = 0; b->status == ASSAY_OK && i < 2 * x->rank; i++) {
        none = none && pads[i] == 0;
    }
    if (b->status != ASSAY_OK || none) {
        return b->status != ASSAY_OK ? NULL : x;
    }
    return onnx_2(b, "Pad", x, onnx_list(b, pads, (int64_t)2 * x->rank));
}

assay_onnx_value *onnx_keep(assay_onnx_build *b, assay_onnx_value *mask, assay_onnx_value *x)
{
    return b->status != ASSAY_OK ? NULL : onnx_3(b, "Where", mask, x, onnx_real(b, x->type, 0.0));
}

assay_onnx_value *onnx_mask(assay_onnx_build *b, assay_onnx_value *mask, assay_onnx_value *x)
{
    return b->status != ASSAY_OK ? NULL : onnx_2(b, "Mul", x, onnx_cast(b, mask, x->type));
}

/* A HardSigmoid as steep as float32 has it is one pass over the data; a comparison with its cast takes
 * twice the time. Below 4e-39 the step is a ramp, where float32 has hardly any numbers left. */
assay_onnx_value *onnx_step(assay_onnx_build *b, assay_onnx_value *x)
{
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    if (x->type != ASSAY_ONNX_FLOAT && x->type != ASSAY_ONNX_DOUBLE) {
        return onnx_cast(b, onnx_2(b, "Greater", x, onnx_real(b, x->type, 0.0)), x->type);
    }
    const assay_onnx_attribute attributes[2] = {ONNX_FLOAT("alpha", 3e38F),
                                                ONNX_FLOAT("beta", 0.0F)};
    return onnx_emit(b, "HardSigmoid", 1, &x, 2, attributes, 1);
}

assay_onnx_value *onnx_unbroadcast(assay_onnx_build *b, assay_onnx_value *x,
                                   const assay_onnx_value *like)
{
    int64_t axes[ASSAY_ONNX_RANK];
    int64_t n = 0;
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    int32_t more = x->rank - like->rank;
    for (int32_t d = 0; d < x->rank; d++) {
        if (d < more || (like->shape[d - more] == 1 && x->shape[d] != 1)) {
            axes[n++] = d;
        }
    }
    return onnx_reshape_like(b, n > 0 ? onnx_sum(b, x, axes, n, true) : x, like);
}
