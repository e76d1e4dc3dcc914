/* Every operator that is differentiated, by name. */
#include <string.h>

#include "onnx/vjp/vjp.h"

#define SMOOTH(op, rule)                                                                           \
    {                                                                                              \
        op, ONNX_VJP_SMOOTH, onnx_vjp_##rule                                                       \
    }
#define ZERO(op)                                                                                   \
    {                                                                                              \
        op, ONNX_VJP_ZERO, NULL                                                                    \
    }
#define STEP(op)                                                                                   \
    {                                                                                              \
        op, ONNX_VJP_STEP, onnx_vjp_pass                                                           \
    }

static const onnx_vjp_rule rules[] = {
    SMOOTH("Abs", unary),
    SMOOTH("Acos", unary),
    SMOOTH("Acosh", unary),
    SMOOTH("Add", add),
    ZERO("And"),
    ZERO("ArgMax"),
    ZERO("ArgMin"),
    SMOOTH("Asin", unary),
    SMOOTH("Asinh", unary),
    SMOOTH("Atan", unary),
    SMOOTH("Atanh", unary),
    SMOOTH("Attention", attention),
    SMOOTH("AveragePool", average_pool),
    SMOOTH("BatchNormalization", batch_norm),
    SMOOTH("Cast", pass),
    SMOOTH("CastLike", pass),
    STEP("Ceil"),
    SMOOTH("Celu", unary),
    SMOOTH("Clip", clip),
    SMOOTH("Concat", concat),
    ZERO("ConstantOfShape"),
    SMOOTH("Conv", conv),
    SMOOTH("ConvTranspose", conv_transpose),
    SMOOTH("Cos", unary),
    SMOOTH("Cosh", unary),
    SMOOTH("CumSum", cumsum),
    SMOOTH("DepthToSpace", depth),
    SMOOTH("DequantizeLinear", quantize),
    SMOOTH("Div", div),
    SMOOTH("Dropout", dropout),
    SMOOTH("Einsum", einsum),
    SMOOTH("Elu", unary),
    ZERO("Equal"),
    SMOOTH("Erf", unary),
    SMOOTH("Exp", unary),
    SMOOTH("Expand", expand),
    ZERO("EyeLike"),
    SMOOTH("Flatten", reshape),
    STEP("Floor"),
    SMOOTH("Gather", gather),
    SMOOTH("GatherElements", gather_elements),
    SMOOTH("GatherND", gather_nd),
    SMOOTH("Gelu", unary),
    SMOOTH("Gemm", gemm),
    SMOOTH("GlobalAveragePool", global_pool),
    SMOOTH("GlobalLpPool", lp_pool),
    SMOOTH("GlobalMaxPool", global_pool),
    ZERO("Greater"),
    ZERO("GreaterOrEqual"),
    SMOOTH("GroupNormalization", group_norm),
    SMOOTH("HardSigmoid", unary),
    SMOOTH("HardSwish", unary),
    ZERO("Hardmax"),
    SMOOTH("Identity", pass),
    SMOOTH("InstanceNormalization", instance_norm),
    ZERO("IsInf"),
    ZERO("IsNaN"),
    SMOOTH("LRN", lrn),
    SMOOTH("LayerNormalization", layer_norm),
    SMOOTH("LeakyRelu", unary),
    ZERO("Less"),
    ZERO("LessOrEqual"),
    SMOOTH("Log", unary),
    SMOOTH("LogSoftmax", softmax),
    SMOOTH("LpNormalization", lp_norm),
    SMOOTH("LpPool", lp_pool),
    SMOOTH("MatMul", matmul),
    SMOOTH("Max", extreme),
    SMOOTH("MaxPool", max_pool),
    SMOOTH("Mean", total),
    SMOOTH("MeanVarianceNormalization", mean_variance),
    SMOOTH("Min", extreme),
    SMOOTH("Mish", unary),
    SMOOTH("Mod", mod),
    SMOOTH("Mul", mul),
    SMOOTH("Neg", unary),
    ZERO("NonMaxSuppression"),
    ZERO("NonZero"),
    ZERO("Not"),
    SMOOTH("OneHot", one_hot),
    ZERO("Or"),
    SMOOTH("PRelu", prelu),
    SMOOTH("Pad", pad),
    SMOOTH("Pow", pow),
    {"QuantizeLinear", ONNX_VJP_STEP, onnx_vjp_quantize},
    SMOOTH("RMSNormalization", rms_norm),
    SMOOTH("Range", range),
    SMOOTH("Reciprocal", unary),
    SMOOTH("ReduceL1", reduce),
    SMOOTH("ReduceL2", reduce),
    SMOOTH("ReduceLogSum", reduce),
    SMOOTH("ReduceLogSumExp", reduce),
    SMOOTH("ReduceMax", reduce),
    SMOOTH("ReduceMean", reduce),
    SMOOTH("ReduceMin", reduce),
    SMOOTH("ReduceProd", reduce),
    SMOOTH("ReduceSum", reduce),
    SMOOTH("ReduceSumSquare", reduce),
    SMOOTH("Relu", unary),
    SMOOTH("Reshape", reshape),
    SMOOTH("Resize", resize),
    SMOOTH("ReverseSequence", reverse_sequence),
    STEP("Round"),
    SMOOTH("ScatterElements", scatter),
    SMOOTH("ScatterND", scatter),
    SMOOTH("Selu", unary),
    ZERO("Shape"),
    SMOOTH("Shrink", unary),
    SMOOTH("Sigmoid", unary),
    ZERO("Sign"),
    SMOOTH("Sin", unary),
    SMOOTH("Sinh", unary),
    ZERO("Size"),
    SMOOTH("Slice", slice),
    SMOOTH("Softmax", softmax),
    SMOOTH("Softplus", unary),
    SMOOTH("Softsign", unary),
    SMOOTH("SpaceToDepth", depth),
    SMOOTH("Split", split),
    SMOOTH("Sqrt", unary),
    SMOOTH("Squeeze", reshape),
    SMOOTH("Sub", sub),
    SMOOTH("Sum", total),
    SMOOTH("Tan", unary),
    SMOOTH("Tanh", unary),
    SMOOTH("ThresholdedRelu", unary),
    SMOOTH("Tile", tile),
    SMOOTH("TopK", topk),
    SMOOTH("Transpose", transpose),
    SMOOTH("Trilu", trilu),
    SMOOTH("Unsqueeze", reshape),
    SMOOTH("Where", where),
    ZERO("Xor"),
};

const onnx_vjp_rule *onnx_vjp_all(int32_t *n)
{
    *n = (int32_t)ASSAY_COUNT(rules);
    return rules;
}

const onnx_vjp_rule *onnx_vjp_find(const assay_onnx_node *node)
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
