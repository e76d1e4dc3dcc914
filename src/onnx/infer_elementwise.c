/* Shapes that are those of the inputs: one by one, broadcast, normalised. */
#include <string.h>

#include "onnx/infer_internal.h"

assay_status onnx_infer_same(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                             assay_error *err)
{
    (void)graph;
    (void)err;
    onnx_shape shape = onnx_shape_of(node->in[0]);
    onnx_set(node->out[0], param != 0 ? param : node->in[0]->type, &shape);
    return ASSAY_OK;
}

static assay_status no_fit(assay_error *err)
{
    return assay_fail(err, ASSAY_EFORMAT, "the shapes of its inputs do not fit one another");
}

assay_status onnx_infer_broadcast(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                  assay_error *err)
{
    (void)graph;
    onnx_shape shape = onnx_shape_of(node->in[0]);
    for (int32_t i = 1; i < node->n_in; i++) {
        onnx_shape other = onnx_shape_of(node->in[i]);
        if (!onnx_broadcast(&shape, &other)) {
            return no_fit(err);
        }
    }
    onnx_set(node->out[0], param != 0 ? param : node->in[0]->type, &shape);
    return ASSAY_OK;
}

assay_status onnx_infer_where(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                              assay_error *err)
{
    const assay_onnx_value *yes = assay_onnx_in(node, 1);
    ASSAY_TRY(onnx_infer_broadcast(graph, node, param, err));
    if (yes == NULL || assay_onnx_in(node, 2) == NULL) {
        return assay_fail(err, ASSAY_EFORMAT, "it needs three inputs");
    }
    node->out[0]->type = yes->type;
    return ASSAY_OK;
}

/* param 1: like the second input */
assay_status onnx_infer_cast(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                             assay_error *err)
{
    (void)graph;
    (void)err;
    const assay_onnx_value *like = assay_onnx_in(node, 1);
    const char *name = assay_onnx_is(node, "Cast") ? "to" : "dtype";
    int64_t type = assay_onnx_attribute_int(node, name, node->in[0]->type);
    type = param == 1 ? (like != NULL ? like->type : 0) : type;
    onnx_shape shape = onnx_shape_of(node->in[0]);
    onnx_set(node->out[0], type > 0 && type < 256 ? (int32_t)type : 0, &shape);
    return ASSAY_OK;
}

/* param 0: BatchNormalization, 1: Dropout, 2: LayerNormalization */
assay_status onnx_infer_norm(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                             assay_error *err)
{
    ASSAY_TRY(onnx_infer_same(graph, node, 0, err));
    onnx_shape shape = onnx_shape_of(node->in[0]);
    if (param == 1) {
        onnx_set(assay_onnx_out(node, 1), ASSAY_ONNX_BOOL, &shape);
        return ASSAY_OK;
    }
    if (param == 0) {
        for (int32_t i = 1; i < node->n_out && i < 3; i++) {
            const assay_onnx_value *statistic = assay_onnx_in(node, i + 2);
            onnx_shape like = onnx_shape_of(statistic);
            onnx_set(node->out[i], statistic != NULL ? statistic->type : 0, &like);
        }
        return ASSAY_OK;
    }
    int32_t axis = onnx_axis(assay_onnx_attribute_int(node, "axis", -1), shape.rank);
    if (shape.rank >= 0 && axis < 0) {
        return assay_fail(err, ASSAY_EFORMAT, "its axis is outside of its input's dimensions");
    }
    for (int32_t d = axis; axis >= 0 && d < shape.rank; d++) {
        shape.d[d] = 1;
    }
    onnx_set(assay_onnx_out(node, 1), ASSAY_ONNX_FLOAT, &shape);
    onnx_set(assay_onnx_out(node, 2), ASSAY_ONNX_FLOAT, &shape);
    return ASSAY_OK;
}

/* param 1: back to real numbers */
assay_status onnx_infer_quantize(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                 assay_error *err)
{
    const assay_onnx_value *scale = assay_onnx_in(node, 1);
    const assay_onnx_value *zero = assay_onnx_in(node, 2);
    ASSAY_TRY(onnx_infer_same(graph, node, 0, err));
    if (param == 1) {
        node->out[0]->type = scale != NULL ? scale->type : ASSAY_ONNX_FLOAT;
    } else {
        node->out[0]->type = zero != NULL ? zero->type : ASSAY_ONNX_UINT8;
    }
    return ASSAY_OK;
}
