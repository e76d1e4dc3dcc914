/* Sums and extremes over axes, softmax. */
#include <string.h>

#include "onnx/vjp/vjp.h"

/* Axes that are reduced, in order; their number, -1 when it is decided by the data. */
static int64_t reduced_axes(int64_t *axes, const onnx_vjp *v)
{
    int64_t given[ASSAY_ONNX_RANK] = {0};
    const assay_onnx_value *x = onnx_x(v);
    const assay_onnx_value *list = assay_onnx_in(v->node, 1);
    bool chosen[ASSAY_ONNX_RANK] = {false};
    int64_t n = list == NULL ? 0 : assay_onnx_constant_ints(given, ASSAY_ONNX_RANK, list);
    bool all = n == 0 && assay_onnx_attribute_int(v->node, "noop_with_empty_axes", 0) == 0;
    int64_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        chosen[given[i] < 0 ? given[i] + x->rank : given[i]] = true;
    }
    for (int32_t d = 0; d < x->rank; d++) {
        if (all || chosen[d]) {
            axes[found++] = d;
        }
    }
    return n < 0 ? -1 : found;
}

/* With the reduced axes kept as ones. */
static assay_onnx_value *kept(onnx_vjp *v, assay_onnx_value *t, const int64_t *axes, int64_t n)
{
    int64_t shape[ASSAY_ONNX_RANK];
    const assay_onnx_value *x = onnx_x(v);
    for (int32_t d = 0; d < x->rank; d++) {
        shape[d] = x->shape[d];
    }
    for (int64_t i = 0; i < n; i++) {
        shape[axes[i]] = 1;
    }
    return onnx_reshape(&v->b, t, x->rank, shape);
}

/* To all that equal the extreme, in equal parts. */
static assay_onnx_value *to_extremes(onnx_vjp *v, assay_onnx_value *dy, assay_onnx_value *y,
                                     const int64_t *axes, int64_t n)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *x = onnx_x(v);
    assay_onnx_value *is = onnx_2(b, "Equal", x, y);
    assay_onnx_value *ties = onnx_sum(b, onnx_cast(b, is, x->type), axes, n, true);
    return onnx_mask(b, is, onnx_2(b, "Div", dy, ties));
}

/* x / |x|, and 0 where the norm is 0, as torch has it. */
static assay_onnx_value *over_norm(onnx_vjp *v, assay_onnx_value *dy, assay_onnx_value *y)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *zero = onnx_real(b, onnx_x(v)->type, 0.0);
    assay_onnx_value *none = onnx_2(b, "Equal", y, zero);
    assay_onnx_value *safe = onnx_3(b, "Where", none, onnx_real(b, onnx_x(v)->type, 1.0), y);
    return onnx_2(b, "Mul", onnx_x(v), onnx_2(b, "Div", dy, safe));
}

/* The product of all others: y / x; where one factor is zero, that of the rest for it alone; where
 * several are, nothing. */
static assay_onnx_value *to_factors(onnx_vjp *v, assay_onnx_value *dy, const int64_t *axes,
                                    int64_t n)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *x = onnx_x(v);
    assay_onnx_value *zero = onnx_real(b, x->type, 0.0);
    assay_onnx_value *one = onnx_real(b, x->type, 1.0);
    assay_onnx_value *is = onnx_2(b, "Equal", x, zero);
    assay_onnx_value *safe = onnx_3(b, "Where", is, one, x);
    assay_onnx_value *in[2] = {safe, onnx_list(b, axes, n)};
    assay_onnx_value *rest = onnx_emit(b, "ReduceProd", 2, in, 0, NULL, 1);
    assay_onnx_value *zeros = onnx_sum(b, onnx_cast(b, is, x->type), axes, n, true);
    assay_onnx_value *alone =
        onnx_2(b, "Mul", rest, onnx_cast(b, onnx_2(b, "Equal", zeros, one), x->type));
    assay_onnx_value *none =
        onnx_2(b, "Mul", rest, onnx_cast(b, onnx_2(b, "Equal", zeros, zero), x->type));
    assay_onnx_value *slope = onnx_3(b, "Where", is, alone, onnx_2(b, "Div", none, safe));
    return onnx_2(b, "Mul", dy, slope);
}

void onnx_vjp_reduce(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    const char *op = v->node->op + strlen("Reduce");
    assay_onnx_value *x = onnx_x(v);
    int64_t axes[ASSAY_ONNX_RANK];
    int64_t n = reduced_axes(axes, v);
    int64_t count = 1;
    if (n < 0) {
        onnx_refuse(v, "reduces axes that depend on the data");
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        count *= x->shape[axes[i]];
    }
    assay_onnx_value *dy = kept(v, v->dy, axes, n);
    assay_onnx_value *y = kept(v, onnx_y(v), axes, n);
    assay_onnx_value *t = NULL;
    if (strcmp(op, "Sum") == 0) {
        t = onnx_expand_like(b, dy, x);
    } else if (strcmp(op, "Mean") == 0) {
        t = onnx_expand_like(b, onnx_scale(b, dy, 1.0 / (double)count), x);
    } else if (strcmp(op, "Max") == 0 || strcmp(op, "Min") == 0) {
        t = to_extremes(v, dy, y, axes, n);
    } else if (strcmp(op, "L1") == 0) {
        t = onnx_2(b, "Mul", onnx_1(b, "Sign", x), dy);
    } else if (strcmp(op, "Prod") == 0) {
        t = n > 0 ? to_factors(v, dy, axes, n) : dy;
    } else if (strcmp(op, "L2") == 0) {
        t = over_norm(v, dy, y);
    } else if (strcmp(op, "SumSquare") == 0) {
        t = onnx_2(b, "Mul", x, onnx_scale(b, dy, 2.0));
    } else if (strcmp(op, "LogSum") == 0) {
        t = onnx_expand_like(b, onnx_2(b, "Mul", dy, onnx_1(b, "Exp", onnx_1(b, "Neg", y))), x);
    } else { /* LogSumExp */
        t = onnx_2(b, "Mul", onnx_1(b, "Exp", onnx_2(b, "Sub", x, y)), dy);
    }
    onnx_give(v, 0, t);
}

void onnx_vjp_topk(onnx_vjp *v)
{
    assay_onnx_value *places = onnx_ask_output(v, 1);
    if (places == NULL) {
        return;
    }
    places->type = ASSAY_ONNX_INT64;
    places->rank = onnx_y(v)->rank;
    memcpy(places->shape, onnx_y(v)->shape, sizeof places->shape);
    places->node = v->node;
    assay_onnx_value *in[3] = {onnx_zeros_like(v, onnx_x(v)), places, v->dy};
    const assay_onnx_attribute axis =
        ONNX_INT("axis", assay_onnx_attribute_int(v->node, "axis", -1));
    onnx_give(v, 0, onnx_emit(&v->b, "ScatterElements", 3, in, 1, &axis, 1));
}

/* y (dy - sum(dy y)); of the logarithm: dy - exp(y) sum(dy) */
void onnx_vjp_softmax(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *y = onnx_y(v);
    int64_t axis = assay_onnx_attribute_int(v->node, "axis", -1);
    if (strcmp(v->node->op, "LogSoftmax") == 0) {
        assay_onnx_value *sum = onnx_sum(b, v->dy, &axis, 1, true);
        assay_onnx_value *t = onnx_2(b, "Mul", onnx_1(b, "Exp", y), sum);
        onnx_give(v, 0, onnx_2(b, "Sub", v->dy, t));
        return;
    }
    assay_onnx_value *weighted = onnx_2(b, "Mul", v->dy, y);
    assay_onnx_value *sum = onnx_sum(b, weighted, &axis, 1, true);
    onnx_give(v, 0, onnx_2(b, "Sub", weighted, onnx_2(b, "Mul", y, sum)));
}
