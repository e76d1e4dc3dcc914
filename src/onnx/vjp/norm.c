/* Normalisations. With xhat = (x - mean) / sigma over n values and g = dy * scale:
 * dx = (g - mean(g) - xhat mean(g xhat)) / sigma (Ioffe, Szegedy 2015; Ba, Kiros, Hinton 2016). */
#include <string.h>

#include "onnx/vjp/vjp.h"

/* A vector per channel, in the shape that broadcasts over [N, C, ...]. */
static assay_onnx_value *per_channel(onnx_vjp *v, assay_onnx_value *t, int32_t rank)
{
    int64_t shape[ASSAY_ONNX_RANK];
    for (int32_t d = 0; d < rank; d++) {
        shape[d] = d == 1 ? assay_onnx_count(t) : 1;
    }
    return onnx_reshape(&v->b, t, rank, shape);
}

/* 1 / sqrt(variance + eps) */
static assay_onnx_value *inverse_sigma(onnx_vjp *v, assay_onnx_value *variance, double eps)
{
    assay_onnx_build *b = &v->b;
    return onnx_1(b, "Reciprocal", onnx_1(b, "Sqrt", onnx_shift(b, variance, eps)));
}

static double epsilon(const onnx_vjp *v)
{
    return (double)assay_onnx_attribute_float(v->node, "epsilon", 1e-5F);
}

void onnx_vjp_batch_norm(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *x = onnx_x(v);
    int64_t axes[ASSAY_ONNX_RANK] = {0};
    if (assay_onnx_attribute_int(v->node, "training_mode", 0) != 0) {
        onnx_refuse(v, "normalises over the batch (training_mode): export the model for inference");
        return;
    }
    onnx_refuse_wanted(v, 3);
    onnx_refuse_wanted(v, 4);
    assay_onnx_value *inverse = inverse_sigma(v, v->node->in[4], epsilon(v));
    if (onnx_want(v, 0)) {
        assay_onnx_value *slope = onnx_2(b, "Mul", v->node->in[1], inverse);
        onnx_give(v, 0,
                  onnx_is_blocked(x) ? onnx_scale_channels(b, v->dy, slope)
                                     : onnx_2(b, "Mul", v->dy, per_channel(v, slope, x->rank)));
    }
    for (int32_t d = 2; d < x->rank; d++) {
        axes[d - 1] = d;
    }
    if (onnx_want(v, 1)) {
        assay_onnx_value *mean = per_channel(v, v->node->in[3], x->rank);
        assay_onnx_value *t = onnx_2(b, "Mul", v->dy, onnx_2(b, "Sub", x, mean));
        t = onnx_sum(b, t, axes, x->rank - 1, false);
        onnx_give(v, 1, onnx_2(b, "Mul", t, inverse));
    }
    if (onnx_want(v, 2)) {
        onnx_give(v, 2, onnx_sum(b, v->dy, axes, x->rank - 1, false));
    }
}

/* xhat and 1 / sigma over the axes */
static assay_onnx_value *standardise(onnx_vjp *v, assay_onnx_value **inverse, assay_onnx_value *x,
                                     const int64_t *axes, int64_t n, double eps)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *centred = onnx_2(b, "Sub", x, onnx_mean(b, x, axes, n));
    assay_onnx_value *variance = onnx_mean(b, onnx_2(b, "Mul", centred, centred), axes, n);
    *inverse = inverse_sigma(v, variance, eps);
    return onnx_2(b, "Mul", centred, *inverse);
}

static assay_onnx_value *undo(onnx_vjp *v, assay_onnx_value *g, assay_onnx_value *xhat,
                              assay_onnx_value *inverse, const int64_t *axes, int64_t n)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *along = onnx_mean(b, onnx_2(b, "Mul", g, xhat), axes, n);
    assay_onnx_value *t = onnx_2(b, "Sub", g, onnx_mean(b, g, axes, n));
    t = onnx_2(b, "Sub", t, onnx_2(b, "Mul", xhat, along));
    return onnx_2(b, "Mul", t, inverse);
}

/* Where the mean and 1 / sigma are used themselves: 1 / n, and -xhat / (sigma^2 n). */
static void give_statistics(onnx_vjp *v, assay_onnx_value *xhat, assay_onnx_value *inverse,
                            int64_t n)
{
    assay_onnx_build *b = &v->b;
    const assay_onnx_value *x = onnx_x(v);
    double share = 1.0;
    assay_onnx_value *of_mean = onnx_gradient_of(v, 1);
    assay_onnx_value *of_inverse = onnx_gradient_of(v, 2);
    for (int64_t i = 0; i < n; i++) {
        share /= (double)x->shape[x->rank - 1 - i];
    }
    if (of_mean != NULL) {
        onnx_give(v, 0, onnx_expand_like(b, onnx_scale(b, of_mean, share), x));
    }
    if (of_inverse != NULL) {
        assay_onnx_value *slope = onnx_2(b, "Mul", xhat, onnx_2(b, "Mul", inverse, inverse));
        onnx_give(v, 0, onnx_2(b, "Mul", slope, onnx_scale(b, of_inverse, -share)));
    }
}

void onnx_vjp_layer_norm(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *x = onnx_x(v);
    int64_t axes[ASSAY_ONNX_RANK];
    int64_t axis = assay_onnx_attribute_int(v->node, "axis", -1);
    int64_t n = 0;
    assay_onnx_value *inverse = NULL;
    for (int64_t d = axis < 0 ? axis + x->rank : axis; d < x->rank; d++) {
        axes[n++] = d;
    }
    assay_onnx_value *xhat = standardise(v, &inverse, x, axes, n, epsilon(v));
    if (onnx_want(v, 0)) {
        assay_onnx_value *g = onnx_2(b, "Mul", v->dy, v->node->in[1]);
        onnx_give(v, 0, undo(v, g, xhat, inverse, axes, n));
        give_statistics(v, xhat, inverse, n);
    }
    if (onnx_want(v, 1)) {
        onnx_give(v, 1, onnx_unbroadcast(b, onnx_2(b, "Mul", v->dy, xhat), v->node->in[1]));
    }
    if (onnx_want(v, 2)) {
        onnx_give(v, 2, onnx_unbroadcast(b, v->dy, v->node->in[2]));
    }
}

void onnx_vjp_instance_norm(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *x = onnx_x(v);
    int64_t axes[ASSAY_ONNX_RANK];
    int64_t over[ASSAY_ONNX_RANK] = {0};
    int64_t n = 0;
    assay_onnx_value *inverse = NULL;
    for (int32_t d = 2; d < x->rank; d++) {
        over[d - 1] = d;
        axes[n++] = d;
    }
    assay_onnx_value *xhat = standardise(v, &inverse, x, axes, n, epsilon(v));
    if (onnx_want(v, 0)) {
        assay_onnx_value *scale = per_channel(v, v->node->in[1], x->rank);
        onnx_give(v, 0, undo(v, onnx_2(b, "Mul", v->dy, scale), xhat, inverse, axes, n));
    }
    if (onnx_want(v, 1)) {
        onnx_give(v, 1, onnx_sum(b, onnx_2(b, "Mul", v->dy, xhat), over, n + 1, false));
    }
    if (onnx_want(v, 2)) {
        onnx_give(v, 2, onnx_sum(b, v->dy, over, n + 1, false));
    }
}

/* The scale is per group up to opset 20, per channel from then on. */
void onnx_vjp_group_norm(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *x = onnx_x(v);
    int64_t groups = assay_onnx_attribute_int(v->node, "num_groups", 1);
    int64_t channels = x->shape[1];
    if (groups < 1 || channels % groups != 0) {
        onnx_refuse(v, "has channels that cannot be put into its groups");
        return;
    }
    const int64_t flat[3] = {x->shape[0], groups, assay_onnx_count(x) / (x->shape[0] * groups)};
    const int64_t split[4] = {x->shape[0], groups, channels / groups, flat[2] * groups / channels};
    const int64_t each = assay_onnx_count(v->node->in[1]);
    const int64_t scales[4] = {1, groups, each == channels ? channels / groups : 1, 1};
    const int64_t axis = 2;
    assay_onnx_value *inverse = NULL;
    onnx_refuse_wanted(v, 1);
    onnx_refuse_wanted(v, 2);
    assay_onnx_value *xhat =
        standardise(v, &inverse, onnx_reshape(b, x, 3, flat), &axis, 1, epsilon(v));
    assay_onnx_value *scale = onnx_reshape(b, v->node->in[1], 4, scales);
    assay_onnx_value *g = onnx_2(b, "Mul", onnx_reshape(b, v->dy, 4, split), scale);
    assay_onnx_value *t = undo(v, onnx_reshape(b, g, 3, flat), xhat, inverse, &axis, 1);
    onnx_give(v, 0, onnx_reshape_like(b, t, x));
}

/* (x - mean) / (sigma + 1e-9), where sigma is above that */
void onnx_vjp_mean_variance(onnx_vjp *v)
{
    assay_onnx_value *x = onnx_x(v);
    const int64_t usual[3] = {0, 2, 3};
    const int64_t *given = NULL;
    int64_t axes[ASSAY_ONNX_RANK];
    size_t n = assay_onnx_attribute_ints(&given, v->node, "axes");
    given = n > 0 ? given : usual;
    n = n > 0 ? n : 3;
    for (size_t i = 0; i < n && i < ASSAY_ONNX_RANK; i++) {
        axes[i] = given[i] < 0 ? given[i] + x->rank : given[i];
        if (axes[i] < 0 || axes[i] >= x->rank) {
            onnx_refuse(v, "normalises over axes that its input does not have");
            return;
        }
    }
    assay_onnx_value *inverse = NULL;
    assay_onnx_value *xhat = standardise(v, &inverse, x, axes, (int64_t)n, 0.0);
    onnx_give(v, 0, undo(v, v->dy, xhat, inverse, axes, (int64_t)n));
}

/* y = x s / sqrt(mean(x^2) + eps): dx = r (g - xhat mean(g xhat)) (Zhang, Sennrich 2019) */
void onnx_vjp_rms_norm(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *x = onnx_x(v);
    int64_t axes[ASSAY_ONNX_RANK];
    int64_t axis = assay_onnx_attribute_int(v->node, "axis", -1);
    int64_t n = 0;
    for (int64_t d = axis < 0 ? axis + x->rank : axis; d < x->rank; d++) {
        axes[n++] = d;
    }
    assay_onnx_value *square = onnx_mean(b, onnx_2(b, "Mul", x, x), axes, n);
    assay_onnx_value *inverse = inverse_sigma(v, square, epsilon(v));
    assay_onnx_value *xhat = onnx_2(b, "Mul", x, inverse);
    if (onnx_want(v, 0)) {
        assay_onnx_value *g = onnx_2(b, "Mul", v->dy, v->node->in[1]);
        assay_onnx_value *along = onnx_mean(b, onnx_2(b, "Mul", g, xhat), axes, n);
        assay_onnx_value *t = onnx_2(b, "Sub", g, onnx_2(b, "Mul", xhat, along));
        onnx_give(v, 0, onnx_2(b, "Mul", t, inverse));
    }
    if (onnx_want(v, 1)) {
        onnx_give(v, 1, onnx_unbroadcast(b, onnx_2(b, "Mul", v->dy, xhat), v->node->in[1]));
    }
}

/* y = x / |x|: dx = (dy - y sum(dy y)) / |x|; for p = 1, (dy - sign(x) sum(dy y)) / |x| */
void onnx_vjp_lp_norm(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *x = onnx_x(v);
    int64_t axis = assay_onnx_attribute_int(v->node, "axis", -1);
    bool first = assay_onnx_attribute_int(v->node, "p", 2) == 1;
    const assay_onnx_attribute keep = ONNX_INT("keepdims", 1);
    assay_onnx_value *in[2] = {x, onnx_one_int(b, axis)};
    assay_onnx_value *norm = onnx_emit(b, first ? "ReduceL1" : "ReduceL2", 2, in, 1, &keep, 1);
    assay_onnx_value *sum = onnx_sum(b, onnx_2(b, "Mul", v->dy, onnx_y(v)), &axis, 1, true);
    assay_onnx_value *direction = first ? onnx_1(b, "Sign", x) : onnx_y(v);
    assay_onnx_value *t = onnx_2(b, "Sub", v->dy, onnx_2(b, "Mul", direction, sum));
    onnx_give(v, 0, onnx_2(b, "Div", t, norm));
}

/* y = x S^-beta, S = k + alpha / n * sum of x^2 over the neighbouring channels:
 * dx = dy S^-beta - 2 alpha beta / n * x * (sum over neighbours of dy y / S). */
void onnx_vjp_lrn(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *x = onnx_x(v);
    int64_t c = x->shape[1];
    int64_t size = assay_onnx_attribute_int(v->node, "size", 1);
    double alpha = (double)assay_onnx_attribute_float(v->node, "alpha", 1e-4F);
    double beta = (double)assay_onnx_attribute_float(v->node, "beta", 0.75F);
    double bias = (double)assay_onnx_attribute_float(v->node, "bias", 1.0F);
    double *band = onnx_take(v, (size_t)(c * c) + 1, sizeof *band);
    double *turned = onnx_take(v, (size_t)(c * c) + 1, sizeof *turned);
    for (int64_t i = 0; band != NULL && turned != NULL && i < c; i++) {
        for (int64_t k = i - (size - 1) / 2; k <= i + size / 2; k++) {
            if (k >= 0 && k < c) {
                band[i * c + k] = 1.0;
                turned[k * c + i] = 1.0;
            }
        }
    }
    if (band == NULL || turned == NULL) {
        return;
    }
    const int64_t flat[3] = {x->shape[0], c, assay_onnx_count(x) / (x->shape[0] * c)};
    assay_onnx_value *x3 = onnx_reshape(b, x, 3, flat);
    assay_onnx_value *dy = onnx_reshape(b, v->dy, 3, flat);
    assay_onnx_value *sum = onnx_map_axis(v, onnx_2(b, "Mul", x3, x3), 1, c, band);
    assay_onnx_value *s = onnx_shift(b, onnx_scale(b, sum, alpha / (double)size), bias);
    assay_onnx_value *direct =
        onnx_2(b, "Mul", dy, onnx_2(b, "Pow", s, onnx_real(b, x->type, -beta)));
    assay_onnx_value *spread = onnx_2(b, "Mul", dy, onnx_reshape(b, onnx_y(v), 3, flat));
    spread = onnx_map_axis(v, onnx_2(b, "Div", spread, s), 1, c, turned);
    spread = onnx_scale(b, onnx_2(b, "Mul", x3, spread), 2.0 * alpha * beta / (double)size);
    onnx_give(v, 0, onnx_reshape_like(b, onnx_2(b, "Sub", direct, spread), x));
}
