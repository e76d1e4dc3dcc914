/* Shapes that come from values: constants, indices, sizes. */
#include <math.h>
#include <string.h>

#include "onnx/infer_internal.h"

/* param 1: Size */
assay_status onnx_infer_shape_op(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                 assay_error *err)
{
    (void)graph;
    (void)err;
    int32_t rank = node->in[0]->rank;
    onnx_shape out = {.rank = param == 1 ? 0 : 1, .d = {-1}};
    if (rank >= 0 && param == 0) {
        int64_t from = assay_onnx_attribute_int(node, "start", 0);
        int64_t to = assay_onnx_attribute_int(node, "end", rank);
        from = from < 0 ? from + rank : from;
        to = to < 0 ? to + rank : to;
        from = from < 0 ? 0 : from > rank ? rank : from;
        to = to < 0 ? 0 : to > rank ? rank : to;
        out.d[0] = to > from ? to - from : 0;
    }
    onnx_set(node->out[0], ASSAY_ONNX_INT64, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_constant(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                 assay_error *err)
{
    (void)param;
    if (node->n_attributes != 1 || node->n_out != 1 || node->out[0] == NULL) {
        return assay_fail(err, ASSAY_EFORMAT, "a constant has one attribute and one output");
    }
    const assay_onnx_attribute *value = &node->attributes[0];
    const assay_onnx_data *tensor = value->tensor;
    onnx_shape out = {.rank = 0};
    if (value->type == ASSAY_ONNX_A_TENSOR && tensor != NULL) {
        out.rank = tensor->rank <= ASSAY_ONNX_RANK ? tensor->rank : -1;
        for (int32_t d = 0; d < out.rank; d++) {
            out.d[d] = tensor->shape[d];
        }
        node->out[0]->constant = tensor;
        onnx_set(node->out[0], tensor->type, &out);
        return ASSAY_OK;
    }
    bool whole = value->type == ASSAY_ONNX_A_INT || value->type == ASSAY_ONNX_A_INTS;
    bool list = value->type == ASSAY_ONNX_A_INTS || value->type == ASSAY_ONNX_A_FLOATS;
    if (!whole && value->type != ASSAY_ONNX_A_FLOAT && value->type != ASSAY_ONNX_A_FLOATS) {
        return ASSAY_OK; /* texts, sparse: nobody computes with them */
    }
    assay_onnx_data *data = assay_arena_alloc(graph->arena, 1, sizeof *data);
    int64_t *shape = assay_arena_alloc(graph->arena, 1, sizeof *shape);
    if (data == NULL || shape == NULL) {
        return assay_fail_memory(err);
    }
    shape[0] = list ? (int64_t)value->n : 1;
    *data = (assay_onnx_data){
        .type = whole ? ASSAY_ONNX_INT64 : ASSAY_ONNX_FLOAT,
        .rank = list ? 1 : 0,
        .shape = shape,
        .count = shape[0],
        .bytes = list ? (whole ? (const void *)value->ints : (const void *)value->floats)
                      : (whole ? (const void *)&value->i : (const void *)&value->f),
        .size = (size_t)shape[0] * (whole ? sizeof(int64_t) : sizeof(float))};
    data->bytes = data->bytes != NULL ? data->bytes : "";
    out = (onnx_shape){.rank = data->rank, .d = {shape[0]}};
    node->out[0]->constant = data;
    onnx_set(node->out[0], data->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_fill(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                             assay_error *err)
{
    (void)graph;
    (void)param;
    (void)err;
    const assay_onnx_attribute *value = assay_onnx_attribute_find(node, "value");
    const assay_onnx_value *wanted = node->in[0];
    onnx_shape out = {.rank = 0};
    int64_t n = assay_onnx_constant_ints(out.d, ASSAY_ONNX_RANK, wanted);
    out.rank = n >= 0 ? (int32_t)n : -1;
    if (n < 0 && wanted->rank == 1 && wanted->shape[0] >= 0 &&
        wanted->shape[0] <= ASSAY_ONNX_RANK) {
        out.rank = (int32_t)wanted->shape[0];
        for (int32_t d = 0; d < out.rank; d++) {
            out.d[d] = -1;
        }
    }
    onnx_set(node->out[0],
             value != NULL && value->tensor != NULL ? value->tensor->type : ASSAY_ONNX_FLOAT, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_range(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                              assay_error *err)
{
    (void)graph;
    (void)param;
    (void)err;
    double v[3] = {0};
    onnx_shape out = {.rank = 1, .d = {-1}};
    bool known = true;
    for (int32_t i = 0; i < 3; i++) {
        known = known && onnx_constant_number(&v[i], assay_onnx_in(node, i));
    }
    if (known && v[2] != 0.0) {
        double n = ceil((v[1] - v[0]) / v[2]);
        out.d[0] = n > 0.0 && n < 1e15 ? (int64_t)n : 0;
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_gather(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                               assay_error *err)
{
    (void)graph;
    (void)param;
    onnx_shape x = onnx_shape_of(node->in[0]);
    onnx_shape at = onnx_shape_of(assay_onnx_in(node, 1));
    onnx_shape out = {.rank = -1};
    int32_t axis = onnx_axis(assay_onnx_attribute_int(node, "axis", 0), x.rank);
    if (x.rank >= 0 && axis < 0) {
        return assay_fail(err, ASSAY_EFORMAT, "its axis is outside of its input's dimensions");
    }
    if (x.rank >= 0 && at.rank >= 0 && x.rank + at.rank - 1 <= ASSAY_ONNX_RANK) {
        out.rank = 0;
        for (int32_t d = 0; d < x.rank; d++) {
            for (int32_t k = 0; d == axis && k < at.rank; k++) {
                out.d[out.rank++] = at.d[k];
            }
            if (d != axis) {
                out.d[out.rank++] = x.d[d];
            }
        }
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_gather_elements(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                        assay_error *err)
{
    (void)graph;
    (void)param;
    (void)err;
    onnx_shape out = onnx_shape_of(assay_onnx_in(node, 1));
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_gather_nd(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                  assay_error *err)
{
    (void)graph;
    (void)param;
    onnx_shape x = onnx_shape_of(node->in[0]);
    onnx_shape at = onnx_shape_of(assay_onnx_in(node, 1));
    onnx_shape out = {.rank = -1};
    int64_t batch = assay_onnx_attribute_int(node, "batch_dims", 0);
    if (x.rank > 0 && at.rank > 0 && at.d[at.rank - 1] >= 0) {
        int64_t deep = at.d[at.rank - 1] + batch;
        if (deep > x.rank || batch < 0 || deep < 0) {
            return assay_fail(err, ASSAY_EFORMAT, "its indices are deeper than its input");
        }
        if (at.rank - 1 + x.rank - deep <= ASSAY_ONNX_RANK) {
            out.rank = 0;
            for (int32_t d = 0; d < at.rank - 1; d++) {
                out.d[out.rank++] = at.d[d];
            }
            for (int32_t d = (int32_t)deep; d < x.rank; d++) {
                out.d[out.rank++] = x.d[d];
            }
        }
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_one_hot(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                assay_error *err)
{
    (void)graph;
    (void)param;
    const assay_onnx_value *values = assay_onnx_in(node, 2);
    double depth = -1.0;
    onnx_shape x = onnx_shape_of(node->in[0]);
    onnx_shape out = {.rank = -1};
    if (x.rank >= 0 && x.rank < ASSAY_ONNX_RANK) {
        int32_t axis = onnx_axis(assay_onnx_attribute_int(node, "axis", -1), x.rank + 1);
        if (axis < 0) {
            return assay_fail(err, ASSAY_EFORMAT, "its axis is outside of its output's dimensions");
        }
        out.rank = x.rank + 1;
        bool known = onnx_constant_number(&depth, assay_onnx_in(node, 1)) && fabs(depth) < 1e15;
        for (int32_t d = 0, from = 0; d < out.rank; d++) {
            out.d[d] = d != axis ? x.d[from++] : known ? (int64_t)depth : -1;
        }
    }
    onnx_set(node->out[0], values != NULL ? values->type : 0, &out);
    return ASSAY_OK;
}

static bool scales_of(double *out, int64_t n, const assay_onnx_value *value)
{
    const assay_onnx_data *data = value != NULL ? value->constant : NULL;
    if (data == NULL || data->bytes == NULL || data->count != n || data->type != ASSAY_ONNX_FLOAT) {
        return false;
    }
    for (int64_t i = 0; i < n; i++) {
        float scale = 0.0F;
        memcpy(&scale, (const char *)data->bytes + i * 4, 4);
        out[i] = (double)scale;
    }
    return true;
}

assay_status onnx_infer_resize(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                               assay_error *err)
{
    (void)graph;
    (void)param;
    const int64_t *axes = NULL;
    int64_t sizes[ASSAY_ONNX_RANK] = {0};
    double scales[ASSAY_ONNX_RANK] = {0};
    onnx_shape out = onnx_shape_of(node->in[0]);
    size_t given = assay_onnx_attribute_ints(&axes, node, "axes");
    int64_t n = axes != NULL ? (int64_t)given : out.rank;
    bool by_size = assay_onnx_in(node, 3) != NULL &&
                   assay_onnx_constant_ints(sizes, ASSAY_ONNX_RANK, node->in[3]) == n;
    bool by_scale = n <= ASSAY_ONNX_RANK && scales_of(scales, n, assay_onnx_in(node, 2));
    const char *policy = assay_onnx_attribute_text(node, "keep_aspect_ratio_policy", "stretch");
    bool plain = strcmp(policy, "stretch") == 0;
    for (int32_t d = 0; axes == NULL && d < out.rank; d++) {
        out.d[d] = (by_size && plain) || by_scale ? out.d[d] : -1;
    }
    double ratio = 0.0;
    for (int64_t i = 0; by_size && !plain && i < n; i++) {
        int32_t axis = onnx_axis(axes != NULL ? axes[i] : i, out.rank);
        double one = axis >= 0 && node->in[0]->shape[axis] > 0
                         ? (double)sizes[i] / (double)node->in[0]->shape[axis]
                         : 0.0;
        bool better = strcmp(policy, "not_larger") == 0 ? one < ratio : one > ratio;
        ratio = i == 0 || better ? one : ratio;
    }
    for (int64_t i = 0; i < n; i++) {
        int32_t axis = onnx_axis(axes != NULL ? axes[i] : i, out.rank);
        if (axis < 0) {
            return assay_fail(err, ASSAY_EFORMAT, "an axis is outside of its input's dimensions");
        }
        int64_t size = node->in[0]->shape[axis];
        double scaled = floor((double)size * scales[i]);
        if (by_size) {
            out.d[axis] = plain      ? sizes[i]
                          : size < 0 ? -1
                                     : (int64_t)floor(ratio * (double)size + 0.5);
        } else if (by_scale) {
            out.d[axis] = size < 0 || !(scaled >= 0.0 && scaled < 1e15) ? -1 : (int64_t)scaled;
        } else {
            out.d[axis] = -1;
        }
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_grid(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                             assay_error *err)
{
    (void)graph;
    (void)param;
    (void)err;
    onnx_shape x = onnx_shape_of(node->in[0]);
    onnx_shape grid = onnx_shape_of(assay_onnx_in(node, 1));
    onnx_shape out = {.rank = -1};
    if (x.rank > 2 && grid.rank == x.rank) {
        out = x;
        for (int32_t d = 2; d < x.rank; d++) {
            out.d[d] = grid.d[d - 1];
        }
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

/* How many values come out is decided by the values. param: the rank, 0 = not known */
assay_status onnx_infer_opaque(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                               assay_error *err)
{
    (void)graph;
    (void)err;
    (void)param;
    node->out[0]->type = node->in[0]->type;
    return ASSAY_OK;
}
