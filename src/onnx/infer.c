#include "onnx/infer.h"

#include <string.h>

#include "base/checked_int.h"
#include "onnx/infer_internal.h"
#include "onnx/window.h"

enum { BOOL = ASSAY_ONNX_BOOL, I64 = ASSAY_ONNX_INT64, U8 = ASSAY_ONNX_UINT8 };

/* By name. Elementwise: param is the type of the output, 0 = that of the input. */
static const onnx_infer_rule rules[] = {
    {"Abs", onnx_infer_same, 0, 1},
    {"Acos", onnx_infer_same, 0, 1},
    {"Acosh", onnx_infer_same, 0, 1},
    {"Add", onnx_infer_broadcast, 0, 1},
    {"And", onnx_infer_broadcast, BOOL, 0},
    {"ArgMax", onnx_infer_arg, 0, 0},
    {"ArgMin", onnx_infer_arg, 0, 0},
    {"Asin", onnx_infer_same, 0, 1},
    {"Asinh", onnx_infer_same, 0, 1},
    {"Atan", onnx_infer_same, 0, 1},
    {"Atanh", onnx_infer_same, 0, 1},
    {"Attention", onnx_infer_attention, 0, -1},
    {"AveragePool", onnx_infer_window, 0, -1},
    {"BatchNormalization", onnx_infer_norm, 0, 2},
    {"Bernoulli", onnx_infer_cast, 0, 0},
    {"BitShift", onnx_infer_broadcast, 0, 0},
    {"BitwiseAnd", onnx_infer_broadcast, 0, 0},
    {"BitwiseNot", onnx_infer_same, 0, 0},
    {"BitwiseOr", onnx_infer_broadcast, 0, 0},
    {"BitwiseXor", onnx_infer_broadcast, 0, 0},
    {"Cast", onnx_infer_cast, 0, 0},
    {"CastLike", onnx_infer_cast, 1, 0},
    {"Ceil", onnx_infer_same, 0, 1},
    {"Celu", onnx_infer_same, 0, 1},
    {"Clip", onnx_infer_same, 0, 1},
    {"Compress", onnx_infer_opaque, 1, 0},
    {"Concat", onnx_infer_concat, 0, 0},
    {"Constant", onnx_infer_constant, 0, 0},
    {"ConstantOfShape", onnx_infer_fill, 0, 0},
    {"Conv", onnx_infer_window, 1, -1},
    {"ConvTranspose", onnx_infer_window, 2, -1},
    {"Cos", onnx_infer_same, 0, 1},
    {"Cosh", onnx_infer_same, 0, 1},
    {"CumSum", onnx_infer_same, 0, 1},
    {"DepthToSpace", onnx_infer_depth, 0, 0},
    {"DequantizeLinear", onnx_infer_quantize, 1, 1},
    {"Div", onnx_infer_broadcast, 0, 1},
    {"Dropout", onnx_infer_norm, 1, 0},
    {"Einsum", onnx_infer_einsum, 0, -1},
    {"Elu", onnx_infer_same, 0, 1},
    {"Equal", onnx_infer_broadcast, BOOL, 0},
    {"Erf", onnx_infer_same, 0, 1},
    {"Exp", onnx_infer_same, 0, 1},
    {"Expand", onnx_infer_expand, 0, 0},
    {"EyeLike", onnx_infer_cast, 0, 0},
    {"Flatten", onnx_infer_flatten, 0, 0},
    {"Floor", onnx_infer_same, 0, 1},
    {"Gather", onnx_infer_gather, 0, 0},
    {"GatherElements", onnx_infer_gather_elements, 0, 0},
    {"GatherND", onnx_infer_gather_nd, 0, 0},
    {"Gelu", onnx_infer_same, 0, 1},
    {"Gemm", onnx_infer_gemm, 0, -1},
    {"GlobalAveragePool", onnx_infer_global_pool, 0, -1},
    {"GlobalLpPool", onnx_infer_global_pool, 0, -1},
    {"GlobalMaxPool", onnx_infer_global_pool, 0, -1},
    {"Greater", onnx_infer_broadcast, BOOL, 0},
    {"GreaterOrEqual", onnx_infer_broadcast, BOOL, 0},
    {"GridSample", onnx_infer_grid, 0, 8},
    {"GroupNormalization", onnx_infer_same, 0, 4},
    {"HardSigmoid", onnx_infer_same, 0, 1},
    {"HardSwish", onnx_infer_same, 0, 1},
    {"Hardmax", onnx_infer_same, 0, 0},
    {"Identity", onnx_infer_same, 0, 0},
    {"InstanceNormalization", onnx_infer_same, 0, 4},
    {"IsInf", onnx_infer_same, BOOL, 0},
    {"IsNaN", onnx_infer_same, BOOL, 0},
    {"LRN", onnx_infer_same, 0, 4},
    {"LayerNormalization", onnx_infer_norm, 2, 4},
    {"LeakyRelu", onnx_infer_same, 0, 1},
    {"Less", onnx_infer_broadcast, BOOL, 0},
    {"LessOrEqual", onnx_infer_broadcast, BOOL, 0},
    {"Log", onnx_infer_same, 0, 1},
    {"LogSoftmax", onnx_infer_same, 0, 4},
    {"LpNormalization", onnx_infer_same, 0, 2},
    {"LpPool", onnx_infer_window, 0, -1},
    {"MatMul", onnx_infer_matmul, 0, -1},
    {"MatMulInteger", onnx_infer_matmul, ASSAY_ONNX_INT32, -1},
    {"Max", onnx_infer_broadcast, 0, 1},
    {"MaxPool", onnx_infer_window, 0, -1},
    {"Mean", onnx_infer_broadcast, 0, 1},
    {"MeanVarianceNormalization", onnx_infer_same, 0, 4},
    {"Min", onnx_infer_broadcast, 0, 1},
    {"Mish", onnx_infer_same, 0, 1},
    {"Mod", onnx_infer_broadcast, 0, 1},
    {"Mul", onnx_infer_broadcast, 0, 1},
    {"Neg", onnx_infer_same, 0, 1},
    {"NegativeLogLikelihoodLoss", onnx_infer_loss, 0, 1},
    {"Not", onnx_infer_same, BOOL, 0},
    {"OneHot", onnx_infer_one_hot, 0, 0},
    {"Or", onnx_infer_broadcast, BOOL, 0},
    {"PRelu", onnx_infer_same, 0, 1},
    {"Pad", onnx_infer_pad, 0, 0},
    {"Pow", onnx_infer_broadcast, 0, 1},
    {"QuantizeLinear", onnx_infer_quantize, 0, 1},
    {"RMSNormalization", onnx_infer_same, 0, 3},
    {"RandomNormalLike", onnx_infer_cast, 0, 0},
    {"RandomUniformLike", onnx_infer_cast, 0, 0},
    {"Range", onnx_infer_range, 0, 0},
    {"Reciprocal", onnx_infer_same, 0, 1},
    {"ReduceL1", onnx_infer_reduce, 0, -1},
    {"ReduceL2", onnx_infer_reduce, 0, -1},
    {"ReduceLogSum", onnx_infer_reduce, 0, -1},
    {"ReduceLogSumExp", onnx_infer_reduce, 0, -1},
    {"ReduceMax", onnx_infer_reduce, 0, -1},
    {"ReduceMean", onnx_infer_reduce, 0, -1},
    {"ReduceMin", onnx_infer_reduce, 0, -1},
    {"ReduceProd", onnx_infer_reduce, 0, -1},
    {"ReduceSum", onnx_infer_reduce, 0, -1},
    {"ReduceSumSquare", onnx_infer_reduce, 0, -1},
    {"Relu", onnx_infer_same, 0, 1},
    {"Reshape", onnx_infer_reshape, 0, 0},
    {"Resize", onnx_infer_resize, 0, 4},
    {"ReverseSequence", onnx_infer_same, 0, 0},
    {"Round", onnx_infer_same, 0, 1},
    {"ScatterElements", onnx_infer_same, 0, 0},
    {"ScatterND", onnx_infer_same, 0, 0},
    {"Selu", onnx_infer_same, 0, 1},
    {"Shape", onnx_infer_shape_op, 0, 0},
    {"Shrink", onnx_infer_same, 0, 1},
    {"Sigmoid", onnx_infer_same, 0, 1},
    {"Sign", onnx_infer_same, 0, 1},
    {"Sin", onnx_infer_same, 0, 1},
    {"Sinh", onnx_infer_same, 0, 1},
    {"Size", onnx_infer_shape_op, 1, 0},
    {"Slice", onnx_infer_slice, 0, 0},
    {"Softmax", onnx_infer_same, 0, 4},
    {"SoftmaxCrossEntropyLoss", onnx_infer_loss, 1, 4},
    {"Softplus", onnx_infer_same, 0, 1},
    {"Softsign", onnx_infer_same, 0, 1},
    {"SpaceToDepth", onnx_infer_depth, 1, 0},
    {"Split", onnx_infer_split, 0, 0},
    {"Sqrt", onnx_infer_same, 0, 1},
    {"Squeeze", onnx_infer_squeeze, 0, 0},
    {"Sub", onnx_infer_broadcast, 0, 1},
    {"Sum", onnx_infer_broadcast, 0, 1},
    {"Tan", onnx_infer_same, 0, 1},
    {"Tanh", onnx_infer_same, 0, 1},
    {"ThresholdedRelu", onnx_infer_same, 0, 1},
    {"Tile", onnx_infer_tile, 0, 0},
    {"TopK", onnx_infer_topk, 0, 0},
    {"Transpose", onnx_infer_transpose, 0, 0},
    {"Trilu", onnx_infer_same, 0, 0},
    {"Unsqueeze", onnx_infer_unsqueeze, 0, 0},
    {"Where", onnx_infer_where, 0, 0},
    {"Xor", onnx_infer_broadcast, BOOL, 0},
};

static const onnx_infer_rule *find_rule(const assay_onnx_node *node)
{
    size_t low = 0;
    size_t high = ASSAY_COUNT(rules);
    while (node->domain[0] == '\0' && low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(node->op, rules[middle].op);
        if (order == 0) {
            return &rules[middle];
        }
        low = order > 0 ? middle + 1 : low;
        high = order < 0 ? middle : high;
    }
    return NULL;
}

onnx_shape onnx_shape_of(const assay_onnx_value *value)
{
    onnx_shape shape = {.rank = value != NULL ? value->rank : -1};
    for (int32_t d = 0; d < shape.rank; d++) {
        shape.d[d] = value->shape[d];
    }
    return shape;
}

void onnx_set(assay_onnx_value *out, int32_t type, const onnx_shape *shape)
{
    if (out == NULL) {
        return;
    }
    out->type = type != 0 ? type : out->type;
    if (shape->rank >= 0 && shape->rank <= ASSAY_ONNX_RANK) {
        bool declared = out->rank == shape->rank; /* fills in what inference left open */
        out->rank = shape->rank;
        for (int32_t d = 0; d < shape->rank; d++) {
            out->shape[d] = shape->d[d] >= 0 ? shape->d[d] : declared ? out->shape[d] : -1;
        }
    }
}

bool onnx_broadcast(onnx_shape *into, const onnx_shape *other)
{
    if (into->rank < 0 || other->rank < 0) {
        into->rank = -1;
        return true;
    }
    onnx_shape wide = into->rank >= other->rank ? *into : *other;
    const onnx_shape *narrow = into->rank >= other->rank ? other : into;
    for (int32_t d = 0; d < narrow->rank; d++) {
        int64_t *a = &wide.d[d + wide.rank - narrow->rank];
        int64_t b = narrow->d[d];
        if (*a == 1) {
            *a = b;
        } else if (*a == -1) {
            *a = b > 1 ? b : -1;
        } else if (b > 1 && b != *a) {
            return false;
        }
        *a = b == 0 ? 0 : *a;
    }
    *into = wide;
    return true;
}

int32_t onnx_axis(int64_t axis, int32_t rank)
{
    axis = axis < 0 ? axis + rank : axis;
    return axis >= 0 && axis < rank ? (int32_t)axis : -1;
}

bool assay_onnx_infer_knows(const assay_onnx_node *node)
{
    return find_rule(node) != NULL;
}

assay_status assay_onnx_infer_node(assay_onnx_graph *graph, assay_onnx_node *node, assay_error *err)
{
    const onnx_infer_rule *rule = find_rule(node);
    if (rule == NULL) {
        return ASSAY_OK;
    }
    bool needs_input = strcmp(node->op, "Constant") != 0;
    if ((needs_input && assay_onnx_in(node, 0) == NULL) || node->n_out < 1) {
        return assay_fail(err, ASSAY_EFORMAT, "node %s has no input or no output",
                          assay_onnx_node_text(graph, node));
    }
    assay_status status = rule->fn(graph, node, rule->param, err);
    if (status == ASSAY_OK) {
        status = onnx_fold(graph, node, err);
    }
    if (status != ASSAY_OK && status != ASSAY_ENOMEM) {
        assay_error_prefix(err, "node %s", assay_onnx_node_text(graph, node));
    }
    return status;
}

assay_status assay_onnx_infer(assay_onnx_graph *graph, assay_error *err)
{
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        ASSAY_TRY(assay_onnx_infer_node(graph, graph->nodes[i], err));
    }
    return ASSAY_OK;
}

static int64_t times(int64_t a, int64_t b)
{
    int64_t product = 0;
    return a < 0 || b < 0 || !assay_i64_mul(&product, a, b) ? -1 : product;
}

static int64_t window_flops(const assay_onnx_node *node, const assay_onnx_value *out)
{
    assay_onnx_window w;
    const assay_onnx_value *weights = assay_onnx_in(node, 1);
    int64_t taps = 1;
    if (assay_onnx_window_of(&w, node, NULL) != ASSAY_OK || !w.known) {
        return -1;
    }
    if (weights != NULL && strncmp(node->op, "Conv", 4) == 0) {
        bool transposed = strcmp(node->op, "ConvTranspose") == 0;
        int64_t all = assay_onnx_count(weights);
        const assay_onnx_value *per = transposed ? node->in[0] : out;
        int64_t n = assay_onnx_count(per);
        int64_t macs = per->shape[1] > 0 ? times(n, all / per->shape[1]) : 0;
        return times(2, macs);
    }
    for (int32_t i = 0; i < w.n; i++) {
        taps = times(taps, w.kernel[i]);
    }
    return times(taps, assay_onnx_count(out));
}

static int64_t product_flops(const assay_onnx_node *node, const assay_onnx_value *out)
{
    const assay_onnx_value *a = assay_onnx_in(node, 0);
    bool flipped = assay_onnx_is(node, "Gemm") && assay_onnx_attribute_int(node, "transA", 0) != 0;
    if (a->rank < 1) {
        return -1;
    }
    int64_t depth = a->shape[flipped ? 0 : a->rank - 1];
    return times(2, times(depth, assay_onnx_count(out)));
}

/* All indices of an Einsum, summed over or not. */
static int64_t einsum_flops(const assay_onnx_node *node)
{
    const char *at = assay_onnx_attribute_text(node, "equation", "");
    int64_t size[128] = {0};
    int64_t total = 2;
    for (int32_t k = 0, d = 0; *at != '\0' && *at != '-' && k < node->n_in; at++) {
        const assay_onnx_value *x = node->in[k];
        if (*at == ',') {
            k++;
            d = 0;
        } else if (*at != ' ' && (unsigned char)*at < 128 && x != NULL && d < x->rank) {
            size[(int)*at] = x->shape[d++];
        }
    }
    for (int c = 0; c < 128; c++) {
        total = size[c] != 0 ? times(total, size[c]) : total;
    }
    return total;
}

int64_t assay_onnx_flops(const assay_onnx_node *node)
{
    const onnx_infer_rule *rule = find_rule(node);
    const assay_onnx_value *out = assay_onnx_out(node, 0);
    if (rule == NULL || out == NULL || rule->flops == 0) {
        return rule == NULL || out == NULL ? -1 : 0;
    }
    if (rule->flops > 0) {
        return times(rule->flops, assay_onnx_count(out));
    }
    if (rule->fn == onnx_infer_window) {
        return window_flops(node, out);
    }
    if (rule->fn == onnx_infer_matmul || rule->fn == onnx_infer_gemm) {
        return product_flops(node, out);
    }
    return rule->fn == onnx_infer_einsum ? einsum_flops(node) : assay_onnx_count(node->in[0]);
}
