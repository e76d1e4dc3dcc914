/* Forms of elementwise steps that stay in ONNX Runtime's blocked layout of feature maps. Measured on
 * ResNets, putting maps into the usual order and back took a tenth of the time. */
#include <math.h>
#include <string.h>

#include "onnx/vjp/vjp.h"

enum { BLOCK = 16 /* channels that the widest registers hold */ };

static bool fills_blocks(const assay_onnx_value *x)
{
    return x != NULL && x->rank == 4 && x->type == ASSAY_ONNX_FLOAT && x->shape[1] > 0 &&
           x->shape[1] % BLOCK == 0;
}

/* Brings its input into the layout by itself. */
static bool enters_layout(const assay_onnx_node *node)
{
    const assay_onnx_value *w = assay_onnx_in(node, 1);
    if (assay_onnx_is(node, "MaxPool")) {
        return assay_onnx_out(node, 1) == NULL;
    }
    if (!assay_onnx_is(node, "Conv") || w == NULL || w->rank != 4) {
        return assay_onnx_is(node, "AveragePool");
    }
    int64_t group = assay_onnx_attribute_int(node, "group", 1);
    int64_t deep = w->shape[1];
    return group == 1 ? deep < BLOCK || deep % BLOCK == 0
                      : (deep == 1 && w->shape[0] == group) ||
                            (deep % BLOCK == 0 && w->shape[0] / group % BLOCK == 0);
}

static bool all_blocked(const assay_onnx_node *node)
{
    for (int32_t i = 0; i < node->n_in; i++) {
        const assay_onnx_value *x = node->in[i];
        bool same = x != NULL && x->blocked;
        for (int32_t d = 0; same && d < 4; d++) {
            same = x->shape[d] == node->in[0]->shape[d] || assay_onnx_is(node, "Concat");
        }
        if (!same) {
            return false;
        }
    }
    return node->n_in > 0;
}

static bool keeps_layout(const assay_onnx_node *node)
{
    static const char *const of_one[] = {
        "Relu",    "Sigmoid",  "Tanh",          "BatchNormalization", "HardSigmoid",
        "Dropout", "Identity", "GlobalMaxPool", "GlobalAveragePool"};
    static const char *const fused[] = {"Clip", "LeakyRelu"};
    static const char *const of_all[] = {"Add", "Mul", "Sum", "Concat"};
    const assay_onnx_value *x = assay_onnx_in(node, 0);
    bool keeps = false;
    for (size_t i = 0; i < ASSAY_COUNT(of_one); i++) {
        keeps = keeps || (assay_onnx_is(node, of_one[i]) && x != NULL && x->blocked);
    }
    for (size_t i = 0; i < ASSAY_COUNT(fused); i++) { /* into the convolution before */
        keeps = keeps || (assay_onnx_is(node, fused[i]) && x != NULL && x->blocked &&
                          x->node != NULL && assay_onnx_is(x->node, "Conv"));
    }
    for (size_t i = 0; i < ASSAY_COUNT(of_all); i++) {
        keeps = keeps || (assay_onnx_is(node, of_all[i]) && all_blocked(node));
    }
    return keeps;
}

void onnx_note_layout(assay_onnx_node *node)
{
    assay_onnx_value *y = assay_onnx_out(node, 0);
    if (y != NULL) {
        y->blocked = fills_blocks(y) && (enters_layout(node) || keeps_layout(node));
    }
}

bool onnx_is_blocked(const assay_onnx_value *x)
{
    return x->blocked;
}

/* One for each channel. */
static assay_onnx_value *each_channel(assay_onnx_build *b, const assay_onnx_value *x)
{
    const int64_t shape[4] = {x->shape[1], 1, 1, 1};
    double *list = assay_arena_alloc(b->graph->arena, (size_t)shape[0] + 1, sizeof *list);
    if (list == NULL) {
        onnx_fail(b, ASSAY_ENOMEM, "out of memory");
        return NULL;
    }
    for (int64_t c = 0; c < shape[0]; c++) {
        list[c] = 1.0;
    }
    return onnx_reals(b, x->type, list, 4, shape);
}

static assay_onnx_value *by_channel(assay_onnx_build *b, assay_onnx_value *x,
                                    assay_onnx_value *weight)
{
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    assay_onnx_value *in[2] = {x, weight};
    const assay_onnx_attribute group = ONNX_INT("group", x->shape[1]);
    return onnx_emit(b, "Conv", 2, in, 1, &group, 1);
}

assay_onnx_value *onnx_scale_channels(assay_onnx_build *b, assay_onnx_value *x,
                                      assay_onnx_value *weight)
{
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    const int64_t shape[4] = {x->shape[1], 1, 1, 1};
    return by_channel(b, x, onnx_reshape(b, weight, 4, shape));
}

assay_onnx_value *onnx_blocked(assay_onnx_build *b, assay_onnx_value *x)
{
    if (b->status != ASSAY_OK || x->blocked || !fills_blocks(x)) {
        return b->status != ASSAY_OK ? NULL : x;
    }
    return by_channel(b, x, each_channel(b, x));
}

/* Ramps of a slope at which the next number beside the limit is one step up: exact, as the slope is a
 * power of two and the difference of near numbers is. */
static assay_onnx_value *above(assay_onnx_build *b, assay_onnx_value *y, double sign, double limit)
{
    enum { DIGITS = 25 }; /* of a float, and one for the finer numbers below a power of two */
    int exponent = 0;
    (void)frexp(limit, &exponent);
    float slope = ldexpf((float)sign, DIGITS - exponent);
    const assay_onnx_attribute attributes[2] = {ONNX_FLOAT("alpha", slope),
                                                ONNX_FLOAT("beta", -slope * (float)limit)};
    return onnx_emit(b, "HardSigmoid", 1, &y, 2, attributes, 1);
}

/* HardSigmoid is the one way to a mask that stays in the layout. */
assay_onnx_value *onnx_gate(assay_onnx_build *b, assay_onnx_value *dy, assay_onnx_value *y,
                            double sign, double limit)
{
    enum { FAR = 60 }; /* powers of two within which slope and limit are ordinary numbers */
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    double size = fabs(limit);
    if (y->type == ASSAY_ONNX_FLOAT && size > ldexp(1.0, -FAR) && size < ldexp(1.0, FAR)) {
        return onnx_2(b, "Mul", y->blocked ? onnx_blocked(b, dy) : dy, above(b, y, sign, limit));
    }
    assay_onnx_value *t = limit != 0.0 ? onnx_shift(b, y, -limit) : y;
    t = onnx_step(b, sign < 0.0 ? onnx_1(b, "Neg", t) : t);
    return onnx_2(b, "Mul", y->blocked ? onnx_blocked(b, dy) : dy, t);
}

/* Side by side along the width as turning a 2 x n matrix, then along the height row by row: a third
 * faster than DepthToSpace. */
assay_onnx_value *onnx_interleave(assay_onnx_build *b, assay_onnx_value *x, int64_t step)
{
    if (b->status != ASSAY_OK || step == 1) {
        return b->status != ASSAY_OK ? NULL : x;
    }
    const int64_t n = x->shape[0];
    const int64_t channels = x->shape[1] / (step * step);
    const int64_t h = x->shape[2];
    const int64_t w = x->shape[3];
    const int64_t flat[4] = {n, step, step, channels * h * w};
    const int64_t rows[5] = {n, step, channels, h, step * w};
    const int64_t whole[4] = {n, channels, step * h, step * w};
    const int64_t turn[4] = {0, 1, 3, 2};
    const int64_t lift[5] = {0, 2, 3, 1, 4};
    assay_onnx_value *t = onnx_transpose(b, onnx_reshape(b, x, 4, flat), turn);
    t = onnx_transpose(b, onnx_reshape(b, t, 5, rows), lift);
    return onnx_reshape(b, t, 4, whole);
}
