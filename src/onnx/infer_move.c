/* Shapes of what moves data without changing them. */
#include <string.h>

#include "base/checked_int.h"
#include "onnx/infer_internal.h"

static void unknown(assay_onnx_node *node, int32_t rank)
{
    onnx_shape out = {.rank = rank};
    for (int32_t d = 0; d < rank; d++) {
        out.d[d] = -1;
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
}

assay_status onnx_infer_reshape(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                assay_error *err)
{
    (void)graph;
    (void)param;
    const assay_onnx_value *wanted = assay_onnx_in(node, 1);
    bool zeros = assay_onnx_attribute_int(node, "allowzero", 0) != 0;
    onnx_shape x = onnx_shape_of(node->in[0]);
    onnx_shape out = {.rank = 0};
    int64_t n = assay_onnx_constant_ints(out.d, ASSAY_ONNX_RANK, wanted);
    int64_t total = assay_onnx_count(node->in[0]);
    int64_t product = 1;
    int32_t open = -1;
    if (n < 0) {
        bool known = wanted != NULL && wanted->rank == 1 && wanted->shape[0] <= ASSAY_ONNX_RANK;
        unknown(node, known ? (int32_t)wanted->shape[0] : -1);
        return ASSAY_OK;
    }
    out.rank = (int32_t)n;
    for (int32_t d = 0; d < out.rank; d++) {
        if (out.d[d] == 0 && !zeros) {
            out.d[d] = d < x.rank ? x.d[d] : -1;
            product = out.d[d] < 0 ? -1 : product;
        } else if (out.d[d] == -1 && open < 0) {
            open = d;
            continue;
        } else if (out.d[d] < 0) {
            return assay_fail(err, ASSAY_EFORMAT, "its shape holds a negative size");
        }
        if (product >= 0 && !assay_i64_mul(&product, product, out.d[d])) {
            return assay_fail(err, ASSAY_EFORMAT, "its shape is impossibly large");
        }
    }
    if (open >= 0) {
        out.d[open] = total >= 0 && product > 0 ? total / product : -1;
        product = product > 0 && out.d[open] >= 0 ? product * out.d[open] : -1;
    }
    if (total >= 0 && product >= 0 && product != total) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "its input does not have as many values as its shape");
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_flatten(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                assay_error *err)
{
    (void)graph;
    (void)param;
    onnx_shape x = onnx_shape_of(node->in[0]);
    onnx_shape out = {.rank = 2, .d = {1, 1}};
    int64_t axis = assay_onnx_attribute_int(node, "axis", 1);
    axis = axis < 0 ? axis + x.rank : axis;
    if (x.rank < 0) {
        unknown(node, 2);
        return ASSAY_OK;
    }
    if (axis < 0 || axis > x.rank) {
        return assay_fail(err, ASSAY_EFORMAT, "its axis is outside of its input's dimensions");
    }
    for (int32_t d = 0; d < x.rank; d++) {
        int64_t *to = &out.d[d < axis ? 0 : 1];
        if (*to < 0 || x.d[d] < 0 || !assay_i64_mul(to, *to, x.d[d])) {
            *to = -1;
        }
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_squeeze(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                assay_error *err)
{
    (void)graph;
    (void)param;
    int64_t axes[ASSAY_ONNX_RANK] = {0};
    bool gone[ASSAY_ONNX_RANK] = {false};
    const assay_onnx_value *given = assay_onnx_in(node, 1);
    onnx_shape x = onnx_shape_of(node->in[0]);
    onnx_shape out = {.rank = 0};
    int64_t n = given != NULL ? assay_onnx_constant_ints(axes, ASSAY_ONNX_RANK, given) : 0;
    if (x.rank < 0 || n < 0) {
        unknown(node, -1);
        return ASSAY_OK;
    }
    for (int64_t i = 0; i < n; i++) {
        int32_t axis = onnx_axis(axes[i], x.rank);
        if (axis < 0 || x.d[axis] > 1) {
            return assay_fail(err, ASSAY_EFORMAT, "an axis is not of size 1");
        }
        gone[axis] = true;
    }
    for (int32_t d = 0; d < x.rank; d++) {
        if (given != NULL ? !gone[d] : x.d[d] != 1) {
            out.d[out.rank++] = x.d[d];
        }
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_unsqueeze(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                  assay_error *err)
{
    (void)graph;
    (void)param;
    int64_t axes[ASSAY_ONNX_RANK] = {0};
    bool added[ASSAY_ONNX_RANK] = {false};
    onnx_shape x = onnx_shape_of(node->in[0]);
    int64_t n = assay_onnx_constant_ints(axes, ASSAY_ONNX_RANK, assay_onnx_in(node, 1));
    if (x.rank < 0 || n < 0) {
        unknown(node, -1);
        return ASSAY_OK;
    }
    onnx_shape out = {.rank = x.rank + (int32_t)n};
    if (out.rank > ASSAY_ONNX_RANK) {
        unknown(node, -1);
        return ASSAY_OK;
    }
    for (int64_t i = 0; i < n; i++) {
        int32_t axis = onnx_axis(axes[i], out.rank);
        if (axis < 0 || added[axis]) {
            return assay_fail(err, ASSAY_EFORMAT, "an axis is outside of its output's dimensions");
        }
        added[axis] = true;
    }
    for (int32_t d = 0, from = 0; d < out.rank; d++) {
        out.d[d] = added[d] ? 1 : x.d[from++];
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_transpose(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                  assay_error *err)
{
    (void)graph;
    (void)param;
    const int64_t *perm = NULL;
    onnx_shape x = onnx_shape_of(node->in[0]);
    onnx_shape out = {.rank = x.rank};
    size_t n = assay_onnx_attribute_ints(&perm, node, "perm");
    if (perm != NULL && x.rank >= 0 && n != (size_t)x.rank) {
        return assay_fail(err, ASSAY_EFORMAT, "perm does not fit its input's dimensions");
    }
    for (int32_t d = 0; d < x.rank; d++) {
        int64_t from = perm != NULL ? perm[d] : x.rank - 1 - d;
        if (from < 0 || from >= x.rank) {
            return assay_fail(err, ASSAY_EFORMAT, "perm is outside of its input's dimensions");
        }
        out.d[d] = x.d[from];
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_concat(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                               assay_error *err)
{
    (void)graph;
    (void)param;
    onnx_shape out = onnx_shape_of(node->in[0]);
    int32_t axis = onnx_axis(assay_onnx_attribute_int(node, "axis", 0), out.rank);
    if (out.rank >= 0 && axis < 0) {
        return assay_fail(err, ASSAY_EFORMAT, "its axis is outside of its input's dimensions");
    }
    for (int32_t i = 1; i < node->n_in && out.rank >= 0; i++) {
        onnx_shape x = onnx_shape_of(node->in[i]);
        if (x.rank >= 0 && x.rank != out.rank) {
            return assay_fail(err, ASSAY_EFORMAT, "its inputs differ in their dimensions");
        }
        for (int32_t d = 0; d < out.rank; d++) {
            int64_t size = x.rank < 0 ? -1 : x.d[d];
            if (d == axis) {
                out.d[d] = size < 0 || out.d[d] < 0 ? -1 : out.d[d] + size;
            } else if (out.d[d] < 0) {
                out.d[d] = size;
            } else if (size >= 0 && size != out.d[d]) {
                return assay_fail(err, ASSAY_EFORMAT, "its inputs differ in size");
            }
        }
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_split(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                              assay_error *err)
{
    (void)graph;
    (void)param;
    const assay_onnx_value *given = assay_onnx_in(node, 1);
    onnx_shape x = onnx_shape_of(node->in[0]);
    int32_t axis = onnx_axis(assay_onnx_attribute_int(node, "axis", 0), x.rank);
    int64_t sizes[1024];
    if (x.rank >= 0 && axis < 0) {
        return assay_fail(err, ASSAY_EFORMAT, "its axis is outside of its input's dimensions");
    }
    int64_t whole = axis >= 0 ? x.d[axis] : -1;
    int64_t n = given != NULL ? assay_onnx_constant_ints(sizes, 1024, given) : -1;
    if (given != NULL && n >= 0 && n != node->n_out) {
        return assay_fail(err, ASSAY_EFORMAT, "it has not as many outputs as sizes");
    }
    int64_t part = whole >= 0 ? (whole + node->n_out - 1) / node->n_out : -1;
    for (int32_t i = 0; i < node->n_out; i++) {
        if (axis >= 0) {
            int64_t rest = whole - part * i;
            x.d[axis] = n >= 0                       ? sizes[i]
                        : given != NULL || whole < 0 ? -1
                        : rest < part                ? (rest < 0 ? 0 : rest)
                                                     : part;
        }
        onnx_set(node->out[i], node->in[0]->type, &x);
    }
    return ASSAY_OK;
}

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* How many of `size` elements a slice takes. */
static int64_t sliced(int64_t size, int64_t from, int64_t to, int64_t step)
{
    from = from < 0 ? from + size : from;
    to = to < 0 && to >= -size - 1 ? to + size : to;
    if (step > 0) {
        from = clamp(from, 0, size);
        to = clamp(to, 0, size);
        return to > from ? (to - from - 1) / step + 1 : 0;
    }
    from = clamp(from, 0, size - 1);
    to = clamp(to, -1, size - 1);
    int64_t back = step == INT64_MIN ? INT64_MAX : -step;
    return from > to ? (from - to - 1) / back + 1 : 0;
}

assay_status onnx_infer_slice(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                              assay_error *err)
{
    (void)graph;
    (void)param;
    int64_t lists[4][ASSAY_ONNX_RANK] = {{0}};
    int64_t n[4];
    onnx_shape out = onnx_shape_of(node->in[0]);
    for (int32_t i = 0; i < 4; i++) {
        const assay_onnx_value *list = assay_onnx_in(node, i + 1);
        n[i] = list == NULL ? -2 : assay_onnx_constant_ints(lists[i], ASSAY_ONNX_RANK, list);
    }
    if (n[0] < 0 || n[1] < 0 || n[2] == -1 || n[3] == -1) {
        unknown(node, out.rank);
        return ASSAY_OK;
    }
    for (int64_t i = 0; i < n[0] && out.rank >= 0; i++) {
        int32_t axis = onnx_axis(n[2] >= 0 ? lists[2][i] : i, out.rank);
        int64_t step = n[3] >= 0 ? lists[3][i] : 1;
        if (axis < 0 || step == 0 || n[1] != n[0]) {
            return assay_fail(err, ASSAY_EFORMAT, "its starts, ends, axes or steps do not fit");
        }
        int64_t size = out.d[axis];
        if (size < 0) {
            continue;
        }
        out.d[axis] = sliced(size, lists[0][i], lists[1][i], step);
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_pad(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                            assay_error *err)
{
    (void)graph;
    (void)param;
    int64_t pads[2 * ASSAY_ONNX_RANK] = {0};
    int64_t axes[ASSAY_ONNX_RANK] = {0};
    const assay_onnx_value *chosen = assay_onnx_in(node, 3);
    onnx_shape out = onnx_shape_of(node->in[0]);
    int64_t n =
        assay_onnx_constant_ints(pads, (int64_t)2 * ASSAY_ONNX_RANK, assay_onnx_in(node, 1));
    int64_t m = chosen == NULL ? out.rank : assay_onnx_constant_ints(axes, ASSAY_ONNX_RANK, chosen);
    if (n < 0 || m < 0) {
        unknown(node, out.rank);
        return ASSAY_OK;
    }
    if (n != 2 * m) {
        return assay_fail(err, ASSAY_EFORMAT, "its pads do not fit its input's dimensions");
    }
    for (int64_t i = 0; i < m; i++) {
        int32_t axis = onnx_axis(chosen == NULL ? i : axes[i], out.rank);
        if (axis < 0) {
            return assay_fail(err, ASSAY_EFORMAT, "an axis is outside of its input's dimensions");
        }
        if (out.d[axis] >= 0 &&
            (!assay_i64_add(&out.d[axis], out.d[axis], pads[i]) ||
             !assay_i64_add(&out.d[axis], out.d[axis], pads[i + m]) || out.d[axis] < 0)) {
            return assay_fail(err, ASSAY_EFORMAT, "its pads take away more than there is");
        }
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_tile(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                             assay_error *err)
{
    (void)graph;
    (void)param;
    int64_t times[ASSAY_ONNX_RANK] = {0};
    onnx_shape out = onnx_shape_of(node->in[0]);
    int64_t n = assay_onnx_constant_ints(times, ASSAY_ONNX_RANK, assay_onnx_in(node, 1));
    if (n < 0 || out.rank < 0) {
        unknown(node, out.rank);
        return ASSAY_OK;
    }
    for (int32_t d = 0; d < out.rank; d++) {
        if (n != out.rank || times[d] < 0 ||
            (out.d[d] >= 0 && !assay_i64_mul(&out.d[d], out.d[d], times[d]))) {
            return assay_fail(err, ASSAY_EFORMAT, "its repeats do not fit its input's dimensions");
        }
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_expand(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                               assay_error *err)
{
    (void)graph;
    (void)param;
    onnx_shape out = onnx_shape_of(node->in[0]);
    onnx_shape wanted = {.rank = 0};
    int64_t n = assay_onnx_constant_ints(wanted.d, ASSAY_ONNX_RANK, assay_onnx_in(node, 1));
    if (n < 0) {
        unknown(node, -1);
        return ASSAY_OK;
    }
    wanted.rank = (int32_t)n;
    if (!onnx_broadcast(&out, &wanted)) {
        return assay_fail(err, ASSAY_EFORMAT, "its input does not fit the shape it is expanded to");
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

/* param 0: DepthToSpace, 1: SpaceToDepth */
assay_status onnx_infer_depth(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                              assay_error *err)
{
    (void)graph;
    int64_t block = assay_onnx_attribute_int(node, "blocksize", 0);
    onnx_shape out = onnx_shape_of(node->in[0]);
    if (block < 1 || block > 4096 || (out.rank >= 0 && out.rank != 4)) {
        return assay_fail(err, ASSAY_EFORMAT, "its blocksize or its input does not fit");
    }
    for (int32_t d = 1; d < out.rank; d++) {
        bool grows = (d == 1) == (param == 1);
        int64_t factor = d == 1 ? block * block : block;
        out.d[d] = out.d[d] < 0 ? -1 : grows ? out.d[d] * factor : out.d[d] / factor;
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}
