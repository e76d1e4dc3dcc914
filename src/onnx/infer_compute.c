/* Shapes of what sums: windows, products, reductions. */
#include <string.h>

#include "onnx/infer_internal.h"
#include "onnx/window.h"

/* param 0: pool, 1: Conv, 2: ConvTranspose */
assay_status onnx_infer_window(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                               assay_error *err)
{
    (void)graph;
    const assay_onnx_value *x = node->in[0];
    const assay_onnx_value *weights = assay_onnx_in(node, 1);
    onnx_shape shape = onnx_shape_of(x);
    assay_onnx_window w = {0};
    if (x->rank >= 0) {
        ASSAY_TRY(assay_onnx_window_of(&w, node, err));
        if (param != 0 && (weights == NULL || (weights->rank >= 0 && weights->rank != x->rank))) {
            return assay_fail(err, ASSAY_EFORMAT, "its weights do not have the input's dimensions");
        }
        int64_t deep =
            weights != NULL && weights->rank > 1 ? weights->shape[param == 2 ? 1 : 0] : -1;
        int64_t per =
            weights != NULL && weights->rank > 1 ? weights->shape[param == 2 ? 0 : 1] : -1;
        if (param != 0 && x->shape[1] >= 0 && per >= 0 &&
            x->shape[1] != (param == 2 ? per : per * w.group)) {
            return assay_fail(err, ASSAY_EFORMAT, "its weights are for another number of channels");
        }
        shape.d[1] = param == 0 ? shape.d[1] : param == 2 && deep > 0 ? deep * w.group : deep;
        for (int32_t i = 0; i < w.n; i++) {
            if (w.known && w.out[i] < 0) {
                return assay_fail(err, ASSAY_EFORMAT, "its kernel is larger than its input");
            }
            shape.d[i + 2] = w.out[i];
        }
    }
    onnx_set(node->out[0], x->type, &shape);
    onnx_set(assay_onnx_out(node, 1), ASSAY_ONNX_INT64, &shape);
    return ASSAY_OK;
}

assay_status onnx_infer_global_pool(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                    assay_error *err)
{
    (void)graph;
    (void)param;
    (void)err;
    onnx_shape shape = onnx_shape_of(node->in[0]);
    for (int32_t d = 2; d < shape.rank; d++) {
        shape.d[d] = 1;
    }
    onnx_set(node->out[0], node->in[0]->type, &shape);
    return ASSAY_OK;
}

/* param: type of the output, 0 = that of the input */
assay_status onnx_infer_matmul(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                               assay_error *err)
{
    (void)graph;
    onnx_shape a = onnx_shape_of(node->in[0]);
    onnx_shape b = onnx_shape_of(assay_onnx_in(node, 1));
    onnx_shape out = {.rank = -1};
    bool row = a.rank == 1;
    bool column = b.rank == 1;
    if (a.rank == 0 || b.rank == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "one of its inputs is a single number");
    }
    if (a.rank > 0 && b.rank > 0) {
        int64_t m = row ? 1 : a.d[a.rank - 2];
        int64_t k = a.d[a.rank - 1];
        int64_t l = b.d[column ? 0 : b.rank - 2];
        int64_t n = column ? 1 : b.d[b.rank - 1];
        a.rank = row ? 0 : a.rank - 2;
        b.rank = column ? 0 : b.rank - 2;
        if ((k >= 0 && l >= 0 && k != l) || !onnx_broadcast(&a, &b)) {
            return assay_fail(err, ASSAY_EFORMAT, "the shapes of its matrices do not fit");
        }
        out = a;
        if (!row && out.rank < ASSAY_ONNX_RANK) {
            out.d[out.rank++] = m;
        }
        if (!column && out.rank < ASSAY_ONNX_RANK) {
            out.d[out.rank++] = n;
        }
    }
    onnx_set(node->out[0], param != 0 ? param : node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_gemm(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                             assay_error *err)
{
    (void)graph;
    (void)param;
    bool flip_a = assay_onnx_attribute_int(node, "transA", 0) != 0;
    bool flip_b = assay_onnx_attribute_int(node, "transB", 0) != 0;
    onnx_shape a = onnx_shape_of(node->in[0]);
    onnx_shape b = onnx_shape_of(assay_onnx_in(node, 1));
    if ((a.rank >= 0 && a.rank != 2) || (b.rank >= 0 && b.rank != 2)) {
        return assay_fail(err, ASSAY_EFORMAT, "its inputs are not matrices");
    }
    int64_t deep_a = a.rank < 0 ? -1 : a.d[flip_a ? 0 : 1];
    int64_t deep_b = b.rank < 0 ? -1 : b.d[flip_b ? 1 : 0];
    if (deep_a >= 0 && deep_b >= 0 && deep_a != deep_b) {
        return assay_fail(err, ASSAY_EFORMAT, "the shapes of its matrices do not fit");
    }
    onnx_shape out = {
        .rank = 2,
        .d = {a.rank < 0 ? -1 : a.d[flip_a ? 1 : 0], b.rank < 0 ? -1 : b.d[flip_b ? 0 : 1]}};
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

/* As the queries, the values' width instead of the keys'. */
assay_status onnx_infer_attention(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                  assay_error *err)
{
    (void)graph;
    (void)param;
    (void)err;
    onnx_shape q = onnx_shape_of(node->in[0]);
    onnx_shape v = onnx_shape_of(assay_onnx_in(node, 2));
    int64_t heads = assay_onnx_attribute_int(node, "q_num_heads", 0);
    int64_t kept = assay_onnx_attribute_int(node, "kv_num_heads", 0);
    if (q.rank == 4) {
        q.d[3] = v.rank == 4 ? v.d[3] : -1;
    } else if (q.rank == 3) {
        q.d[2] = v.rank == 3 && kept > 0 && v.d[2] >= 0 ? v.d[2] / kept * heads : -1;
    }
    onnx_set(node->out[0], node->in[0]->type, &q);
    return ASSAY_OK;
}

/* Letters of one operand; an ellipsis stands for what is left, written as capitals from 'Z' down. */
static int spread(char *out, const char **at, int32_t rank)
{
    int n = 0;
    int letters = 0;
    for (const char *c = *at; *c != '\0' && *c != ',' && *c != '-'; c++) {
        letters += (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
    }
    for (; **at != '\0' && **at != ',' && **at != '-'; (*at)++) {
        if (**at == '.') {
            *at += (*at)[1] == '.' && (*at)[2] == '.' ? 2 : 0;
            for (int32_t k = rank - letters; k > 0 && n < ASSAY_ONNX_RANK; k--) {
                out[n++] = (char)k;
            }
        } else if (**at != ' ' && n < ASSAY_ONNX_RANK) {
            out[n++] = **at;
        }
    }
    return n;
}

assay_status onnx_infer_einsum(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                               assay_error *err)
{
    (void)graph;
    (void)param;
    const char *at = assay_onnx_attribute_text(node, "equation", "");
    int64_t size[128];
    int seen[128] = {0};
    char letters[ASSAY_ONNX_RANK];
    onnx_shape out = {.rank = 0};
    int32_t most = 0;
    for (int c = 0; c < 128; c++) {
        size[c] = 1;
    }
    for (int32_t k = 0; k < node->n_in; k++) {
        onnx_shape x = onnx_shape_of(node->in[k]);
        int n = spread(letters, &at, x.rank);
        if (x.rank < 0 || n != x.rank) {
            out.rank = -1;
            onnx_set(node->out[0], node->in[0]->type, &out);
            return x.rank < 0 ? ASSAY_OK
                              : assay_fail(err, ASSAY_EFORMAT, "its equation does not fit");
        }
        for (int d = 0; d < n; d++) {
            int c = letters[d] & 127;
            most = c < 32 && c > most ? c : most;
            size[c] = size[c] == 1 ? x.d[d] : size[c];
            seen[c]++;
        }
        at += *at == ',';
    }
    int n = 0;
    if (at[0] == '-' && at[1] == '>') {
        at += 2;
        int named = 0;
        for (const char *c = at; *c != '\0'; c++) {
            named += (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        }
        n = spread(letters, &at, named + most);
    } else { /* without an arrow: what occurs once, in alphabetical order */
        for (int32_t k = most; k > 0; k--) {
            letters[n++] = (char)k;
        }
        for (int c = 32; c < 128 && n < ASSAY_ONNX_RANK; c++) {
            letters[n] = (char)c;
            n += seen[c] == 1;
        }
    }
    for (int d = 0; d < n; d++) {
        out.d[out.rank++] = size[letters[d] & 127];
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_reduce(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                               assay_error *err)
{
    (void)graph;
    (void)param;
    int64_t axes[ASSAY_ONNX_RANK] = {0};
    const assay_onnx_value *given = assay_onnx_in(node, 1);
    bool keep = assay_onnx_attribute_int(node, "keepdims", 1) != 0;
    bool nothing = assay_onnx_attribute_int(node, "noop_with_empty_axes", 0) != 0;
    onnx_shape x = onnx_shape_of(node->in[0]);
    onnx_shape out = {.rank = 0};
    int64_t n = given == NULL ? 0 : assay_onnx_constant_ints(axes, ASSAY_ONNX_RANK, given);
    bool reduced[ASSAY_ONNX_RANK] = {false};
    for (int64_t i = 0; x.rank >= 0 && i < n; i++) {
        int32_t axis = onnx_axis(axes[i], x.rank);
        if (axis < 0) {
            return assay_fail(err, ASSAY_EFORMAT, "an axis is outside of its input's dimensions");
        }
        reduced[axis] = true;
    }
    for (int32_t d = 0; d < x.rank; d++) {
        bool gone = n == 0 ? !nothing : reduced[d];
        if (!gone || keep) {
            out.d[out.rank++] = gone ? 1 : x.d[d];
        }
    }
    if (x.rank < 0 || n < 0) {
        out.rank = n < 0 && keep ? x.rank : -1;
        for (int32_t d = 0; d < out.rank; d++) {
            out.d[d] = -1;
        }
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_arg(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                            assay_error *err)
{
    (void)graph;
    (void)param;
    bool keep = assay_onnx_attribute_int(node, "keepdims", 1) != 0;
    onnx_shape x = onnx_shape_of(node->in[0]);
    onnx_shape out = {.rank = x.rank < 0 ? -1 : 0};
    int32_t axis = onnx_axis(assay_onnx_attribute_int(node, "axis", 0), x.rank);
    if (x.rank >= 0 && axis < 0) {
        return assay_fail(err, ASSAY_EFORMAT, "its axis is outside of its input's dimensions");
    }
    for (int32_t d = 0; d < x.rank; d++) {
        if (d != axis || keep) {
            out.d[out.rank++] = d == axis ? 1 : x.d[d];
        }
    }
    onnx_set(node->out[0], ASSAY_ONNX_INT64, &out);
    return ASSAY_OK;
}

assay_status onnx_infer_topk(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                             assay_error *err)
{
    (void)graph;
    (void)param;
    int64_t k = -1;
    onnx_shape out = onnx_shape_of(node->in[0]);
    int32_t axis = onnx_axis(assay_onnx_attribute_int(node, "axis", -1), out.rank);
    if (out.rank >= 0 && axis < 0) {
        return assay_fail(err, ASSAY_EFORMAT, "its axis is outside of its input's dimensions");
    }
    if (axis >= 0) {
        out.d[axis] = assay_onnx_constant_ints(&k, 1, assay_onnx_in(node, 1)) == 1 ? k : -1;
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    onnx_set(assay_onnx_out(node, 1), ASSAY_ONNX_INT64, &out);
    return ASSAY_OK;
}

/* param 1: SoftmaxCrossEntropyLoss, whose second output has the shape of the scores */
assay_status onnx_infer_loss(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                             assay_error *err)
{
    (void)graph;
    (void)err;
    const assay_onnx_value *target = assay_onnx_in(node, 1);
    onnx_shape x = onnx_shape_of(node->in[0]);
    onnx_shape out = {.rank = 0};
    if (strcmp(assay_onnx_attribute_text(node, "reduction", "mean"), "none") == 0) {
        out = onnx_shape_of(target);
    }
    onnx_set(node->out[0], node->in[0]->type, &out);
    if (param == 1) {
        onnx_set(assay_onnx_out(node, 1), node->in[0]->type, &x);
    }
    return ASSAY_OK;
}
