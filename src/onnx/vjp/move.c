/* What moves values about: the gradient is moved back. */
#include <string.h>

#include "onnx/vjp/vjp.h"

static int32_t axis_of(const assay_onnx_node *node, int64_t otherwise, int32_t rank)
{
    int64_t axis = assay_onnx_attribute_int(node, "axis", otherwise);
    return (int32_t)(axis < 0 ? axis + rank : axis);
}

void onnx_vjp_reshape(onnx_vjp *v)
{
    onnx_give(v, 0, onnx_reshape_like(&v->b, v->dy, onnx_x(v)));
}

void onnx_vjp_transpose(onnx_vjp *v)
{
    const int64_t *perm = NULL;
    int64_t back[ASSAY_ONNX_RANK];
    int32_t rank = onnx_x(v)->rank;
    (void)assay_onnx_attribute_ints(&perm, v->node, "perm");
    for (int32_t d = 0; d < rank; d++) {
        back[perm != NULL ? perm[d] : rank - 1 - d] = d;
    }
    onnx_give(v, 0, onnx_transpose(&v->b, v->dy, back));
}

void onnx_vjp_concat(onnx_vjp *v)
{
    int32_t n = v->node->n_in;
    int32_t axis = axis_of(v->node, 0, v->dy->rank);
    int64_t at = 0;
    for (int32_t i = 0; i < n; i++) {
        int64_t size = v->node->in[i]->shape[axis];
        if (onnx_want(v, i)) {
            onnx_give(v, i, n == 1 ? v->dy : onnx_slice(&v->b, v->dy, axis, at, at + size, 1));
        }
        at += size;
    }
}

void onnx_vjp_split(onnx_vjp *v)
{
    int32_t n = v->node->n_out;
    assay_onnx_value **parts = onnx_take(v, (size_t)n, sizeof(assay_onnx_value *));
    for (int32_t i = 0; parts != NULL && i < n; i++) {
        assay_onnx_value *out = v->node->out[i];
        parts[i] = onnx_gradient_of(v, i);
        if (out == NULL || !assay_onnx_is_static(out)) {
            onnx_refuse(v, "leaves out an output, or splits in a way that depends on the data");
            return;
        }
        parts[i] = parts[i] != NULL ? parts[i] : onnx_zeros_like(v, out);
    }
    const assay_onnx_attribute axis = ONNX_INT("axis", axis_of(v->node, 0, onnx_x(v)->rank));
    if (parts != NULL) {
        onnx_give(v, 0, onnx_emit(&v->b, "Concat", n, parts, 1, &axis, 1));
    }
}

/* Back into zeros: by padding, after undoing the step. */
void onnx_vjp_slice(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    int64_t lists[4][ASSAY_ONNX_RANK] = {{0}};
    int64_t n[4];
    int64_t pads[2 * ASSAY_ONNX_RANK] = {0};
    const assay_onnx_value *x = onnx_x(v);
    assay_onnx_value *t = v->dy;
    for (int32_t i = 0; i < 4; i++) {
        const assay_onnx_value *list = assay_onnx_in(v->node, i + 1);
        n[i] = list == NULL ? 0 : assay_onnx_constant_ints(lists[i], ASSAY_ONNX_RANK, list);
        if (n[i] < 0) {
            onnx_refuse(v, "slices in a way that depends on the data");
            return;
        }
    }
    for (int64_t i = 0; i < n[0]; i++) {
        int64_t chosen = n[2] > 0 ? lists[2][i] : i;
        int32_t axis = (int32_t)(chosen < 0 ? chosen + x->rank : chosen);
        int64_t step = n[3] > 0 ? lists[3][i] : 1;
        int64_t size = x->shape[axis];
        int64_t from = lists[0][i] < 0 ? lists[0][i] + size : lists[0][i];
        int64_t count = v->dy->shape[axis];
        from = from < 0 ? 0 : from > size - (step < 0) ? size - (step < 0) : from;
        if (step < 0) {
            t = onnx_slice(b, t, axis, -1, INT64_MIN, -1);
            from += (count - 1) * step;
            step = -step;
        }
        t = onnx_interleave_zeros(v, t, axis, step);
        pads[axis] = from;
        pads[x->rank + axis] = size - from - count * step;
    }
    onnx_give(v, 0, onnx_pad_zeros(b, t, pads));
}

/* Where element i of the padded axis comes from; -1 = nowhere. */
static int64_t source(const char *mode, int64_t i, int64_t size)
{
    if (i >= 0 && i < size) {
        return i;
    }
    if (strcmp(mode, "edge") == 0) {
        return i < 0 ? 0 : size - 1;
    }
    if (strcmp(mode, "wrap") == 0) {
        return ((i % size) + size) % size;
    }
    int64_t period = size > 1 ? 2 * (size - 1) : 1; /* reflect */
    i = ((i % period) + period) % period;
    return i < size ? i : period - i;
}

static assay_onnx_value *unpad_axis(onnx_vjp *v, assay_onnx_value *t, int32_t axis, int64_t before,
                                    const char *mode)
{
    int64_t size = onnx_x(v)->shape[axis];
    int64_t padded = onnx_y(v)->shape[axis];
    double *matrix = onnx_take(v, (size_t)(size * padded) + 1, sizeof *matrix);
    for (int64_t i = 0; matrix != NULL && i < padded; i++) {
        matrix[source(mode, i - before, size) * padded + i] = 1.0;
    }
    return matrix != NULL ? onnx_map_axis(v, t, axis, size, matrix) : NULL;
}

void onnx_vjp_pad(onnx_vjp *v)
{
    int64_t pads[2 * ASSAY_ONNX_RANK] = {0};
    int64_t axes[ASSAY_ONNX_RANK] = {0};
    int64_t back[2 * ASSAY_ONNX_RANK] = {0};
    const char *mode = assay_onnx_attribute_text(v->node, "mode", "constant");
    const assay_onnx_value *chosen = assay_onnx_in(v->node, 3);
    int32_t rank = onnx_x(v)->rank;
    int64_t m = rank;
    onnx_refuse_wanted(v, 2);
    if (chosen != NULL) {
        m = assay_onnx_constant_ints(axes, ASSAY_ONNX_RANK, chosen);
    }
    if (m < 0 || assay_onnx_constant_ints(pads, (int64_t)2 * ASSAY_ONNX_RANK,
                                          assay_onnx_in(v->node, 1)) != 2 * m) {
        onnx_refuse(v, "pads in a way that depends on the data");
        return;
    }
    assay_onnx_value *t = v->dy;
    for (int64_t i = 0; i < m; i++) {
        int64_t at = chosen != NULL ? axes[i] : i;
        int32_t axis = (int32_t)(at < 0 ? at + rank : at);
        back[axis] = -pads[i];
        back[rank + axis] = -pads[i + m];
        if (strcmp(mode, "constant") != 0 && (pads[i] != 0 || pads[i + m] != 0)) {
            t = unpad_axis(v, t, axis, pads[i], mode);
        }
    }
    onnx_give(v, 0, strcmp(mode, "constant") == 0 ? onnx_pad_zeros(&v->b, t, back) : t);
}

/* Sums over the repetitions: each repeated axis is split into (times, size). */
void onnx_vjp_tile(onnx_vjp *v)
{
    int64_t shape[2 * ASSAY_ONNX_RANK];
    int64_t axes[ASSAY_ONNX_RANK];
    int32_t n = 0;
    int64_t summed = 0;
    const assay_onnx_value *x = onnx_x(v);
    for (int32_t d = 0; d < x->rank; d++) {
        int64_t times = x->shape[d] > 0 ? onnx_y(v)->shape[d] / x->shape[d] : 1;
        if (times > 1) {
            axes[summed++] = n;
            shape[n++] = times;
        }
        shape[n++] = x->shape[d];
    }
    if (n > ASSAY_ONNX_RANK) {
        onnx_refuse(v, "has too many dimensions");
        return;
    }
    assay_onnx_value *t = onnx_reshape(&v->b, v->dy, n, shape);
    t = summed > 0 ? onnx_sum(&v->b, t, axes, summed, false) : t;
    onnx_give(v, 0, onnx_reshape_like(&v->b, t, x));
}

void onnx_vjp_expand(onnx_vjp *v)
{
    onnx_give(v, 0, onnx_unbroadcast(&v->b, v->dy, onnx_x(v)));
}

/* DepthToSpace is a transposition in six dimensions; SpaceToDepth is the DCR one backwards. */
void onnx_vjp_depth(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    const assay_onnx_value *x = onnx_x(v);
    int64_t k = assay_onnx_attribute_int(v->node, "blocksize", 1);
    const assay_onnx_attribute block = ONNX_INT("blocksize", k);
    if (strcmp(v->node->op, "SpaceToDepth") == 0) {
        onnx_give(v, 0, onnx_emit(b, "DepthToSpace", 1, &v->dy, 1, &block, 1));
        return;
    }
    if (strcmp(assay_onnx_attribute_text(v->node, "mode", "DCR"), "CRD") != 0) {
        onnx_give(v, 0, onnx_emit(b, "SpaceToDepth", 1, &v->dy, 1, &block, 1));
        return;
    }
    const int64_t split[6] = {x->shape[0], x->shape[1] / (k * k), x->shape[2], k, x->shape[3], k};
    const int64_t perm[6] = {0, 1, 3, 5, 2, 4};
    assay_onnx_value *t = onnx_transpose(b, onnx_reshape(b, v->dy, 6, split), perm);
    onnx_give(v, 0, onnx_reshape_like(b, t, x));
}

void onnx_vjp_cumsum(onnx_vjp *v)
{
    assay_onnx_value *in[2] = {v->dy, v->node->in[1]};
    const assay_onnx_attribute attributes[2] = {
        ONNX_INT("exclusive", assay_onnx_attribute_int(v->node, "exclusive", 0)),
        ONNX_INT("reverse", !assay_onnx_attribute_int(v->node, "reverse", 0))};
    onnx_give(v, 0, onnx_emit(&v->b, "CumSum", 2, in, 2, attributes, 1));
}

void onnx_vjp_trilu(onnx_vjp *v)
{
    assay_onnx_value *in[2] = {v->dy, assay_onnx_in(v->node, 1)};
    const assay_onnx_attribute upper =
        ONNX_INT("upper", assay_onnx_attribute_int(v->node, "upper", 1));
    onnx_give(v, 0, onnx_emit(&v->b, "Trilu", in[1] != NULL ? 2 : 1, in, 1, &upper, 1));
}

/* Turning the first n of each sequence about is undone by doing it again. */
void onnx_vjp_reverse_sequence(onnx_vjp *v)
{
    assay_onnx_value *in[2] = {v->dy, v->node->in[1]};
    onnx_give(
        v, 0,
        onnx_emit(&v->b, "ReverseSequence", 2, in, v->node->n_attributes, v->node->attributes, 1));
}
