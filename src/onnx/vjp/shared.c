#include <string.h>

#include "onnx/vjp/vjp.h"

assay_onnx_value *onnx_x(const onnx_vjp *v)
{
    return v->node->in[0];
}

assay_onnx_value *onnx_y(const onnx_vjp *v)
{
    return v->node->out[0];
}

void *onnx_take(onnx_vjp *v, size_t n, size_t size)
{
    void *taken = v->b.status == ASSAY_OK ? assay_arena_alloc(v->b.graph->arena, n, size) : NULL;
    if (taken == NULL && v->b.status == ASSAY_OK) {
        v->b.status = assay_fail_memory(v->b.err);
    }
    return taken;
}

assay_onnx_value *onnx_ask_output(onnx_vjp *v, int32_t i)
{
    assay_onnx_node *node = v->node;
    if (i >= node->n_out) {
        assay_onnx_value **grown = onnx_take(v, (size_t)i + 1, sizeof(assay_onnx_value *));
        if (grown == NULL) {
            return NULL;
        }
        memcpy(grown, node->out, (size_t)node->n_out * sizeof *grown);
        node->out = grown;
        node->n_out = i + 1;
    }
    if (node->out[i] == NULL && v->b.status == ASSAY_OK) {
        v->b.status = assay_onnx_value_add(&node->out[i], v->b.graph, NULL, v->b.err);
    }
    return v->b.status == ASSAY_OK ? node->out[i] : NULL;
}

assay_onnx_value *onnx_zeros_like(onnx_vjp *v, const assay_onnx_value *like)
{
    int32_t type = assay_onnx_type_is_float(like->type) ? like->type : ASSAY_ONNX_FLOAT;
    return onnx_expand_like(&v->b, onnx_real(&v->b, type, 0.0), like);
}

assay_onnx_value *onnx_map_axis(onnx_vjp *v, assay_onnx_value *x, int32_t axis, int64_t to,
                                const double *matrix)
{
    assay_onnx_build *b = &v->b;
    int64_t perm[ASSAY_ONNX_RANK];
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    int64_t from = x->shape[axis];
    int32_t last = x->rank - 1;
    if (axis == last - 1) {
        const int64_t shape[2] = {to, from};
        return onnx_2(b, "MatMul", onnx_reals(b, x->type, matrix, 2, shape), x);
    }
    double *turned = onnx_take(v, (size_t)(to * from) + 1, sizeof *turned);
    for (int64_t i = 0; turned != NULL && i < to; i++) {
        for (int64_t k = 0; k < from; k++) {
            turned[k * to + i] = matrix[i * from + k];
        }
    }
    if (turned == NULL) {
        return NULL;
    }
    const int64_t shape[2] = {from, to};
    for (int32_t d = 0; d <= last; d++) {
        perm[d] = d == axis ? last : d == last ? axis : d;
    }
    assay_onnx_value *t = axis == last ? x : onnx_transpose(b, x, perm);
    t = onnx_2(b, "MatMul", t, onnx_reals(b, x->type, turned, 2, shape));
    return axis == last ? t : onnx_transpose(b, t, perm);
}

assay_onnx_value *onnx_interleave_zeros(onnx_vjp *v, assay_onnx_value *x, int32_t axis,
                                        int64_t step)
{
    int64_t shape[ASSAY_ONNX_RANK + 1];
    int64_t pads[2 * (ASSAY_ONNX_RANK + 1)] = {0};
    int32_t n = 0;
    if (v->b.status != ASSAY_OK || step == 1) {
        return v->b.status != ASSAY_OK ? NULL : x;
    }
    if (x->rank == ASSAY_ONNX_RANK) {
        onnx_refuse(v, "has too many dimensions");
        return NULL;
    }
    for (int32_t d = 0; d < x->rank; d++) {
        shape[n++] = x->shape[d];
        if (d == axis) {
            shape[n++] = 1;
        }
    }
    pads[n + axis + 1] = step - 1;
    assay_onnx_value *t = onnx_pad_zeros(&v->b, onnx_reshape(&v->b, x, n, shape), pads);
    int64_t back[ASSAY_ONNX_RANK];
    for (int32_t d = 0; d < x->rank; d++) {
        back[d] = x->shape[d] * (d == axis ? step : 1);
    }
    return onnx_reshape(&v->b, t, x->rank, back);
}
