/* Functions of one number. f'(x) is written with y = f(x) where that is cheaper: the forward value is
 * there already. At a kink the derivative is that of torch: 0 for Relu at 0. */
#include <math.h>
#include <string.h>

#include "onnx/vjp/vjp.h"

typedef struct unary {
    onnx_vjp *v;
    assay_onnx_build *b;
    assay_onnx_value *x, *y, *dy;
} unary;

typedef assay_onnx_value *(*unary_fn)(const unary *u);

static assay_onnx_value *number(const unary *u, double value)
{
    return onnx_real(u->b, u->x->type, value);
}

static assay_onnx_value *mul(const unary *u, assay_onnx_value *a, assay_onnx_value *b)
{
    return onnx_2(u->b, "Mul", a, b);
}

static assay_onnx_value *above(const unary *u, assay_onnx_value *a, double limit)
{
    return onnx_2(u->b, "Greater", a, number(u, limit));
}

static assay_onnx_value *choose(const unary *u, assay_onnx_value *mask, assay_onnx_value *yes,
                                assay_onnx_value *no)
{
    return onnx_3(u->b, "Where", mask, yes, no);
}

static double parameter(const unary *u, const char *name, double otherwise)
{
    const assay_onnx_attribute *found = assay_onnx_attribute_find(u->v->node, name);
    return found != NULL ? (double)found->f : otherwise;
}

/* 1 - t */
static assay_onnx_value *one_less(const unary *u, assay_onnx_value *t)
{
    return onnx_2(u->b, "Sub", number(u, 1.0), t);
}

static assay_onnx_value *square(const unary *u, assay_onnx_value *t)
{
    return mul(u, t, t);
}

static assay_onnx_value *relu(const unary *u)
{
    return onnx_is_gated(u->v) ? u->dy : onnx_gate(u->b, u->dy, u->y, 1.0, 0.0);
}

static assay_onnx_value *leaky_relu(const unary *u)
{
    return choose(u, above(u, u->x, 0.0), u->dy,
                  onnx_scale(u->b, u->dy, parameter(u, "alpha", (double)0.01F)));
}

static assay_onnx_value *thresholded_relu(const unary *u)
{
    return onnx_mask(u->b, above(u, u->x, parameter(u, "alpha", 1.0)), u->dy);
}

/* For x <= 0, y = a (exp(x) - 1), so that y' = y + a. */
static assay_onnx_value *elu(const unary *u)
{
    double alpha = parameter(u, "alpha", 1.0);
    assay_onnx_value *slope = onnx_shift(u->b, u->y, alpha);
    return choose(u, above(u, u->x, 0.0), u->dy, mul(u, u->dy, slope));
}

static assay_onnx_value *selu(const unary *u)
{
    double alpha = parameter(u, "alpha", (double)1.67326319217681884765625F);
    double gamma = parameter(u, "gamma", (double)1.05070102214813232421875F);
    assay_onnx_value *slope = onnx_shift(u->b, u->y, alpha * gamma);
    return mul(u, u->dy, choose(u, above(u, u->x, 0.0), number(u, gamma), slope));
}

static assay_onnx_value *celu(const unary *u)
{
    double alpha = parameter(u, "alpha", 1.0);
    assay_onnx_value *slope = onnx_shift(u->b, onnx_scale(u->b, u->y, 1.0 / alpha), 1.0);
    return choose(u, above(u, u->x, 0.0), u->dy, mul(u, u->dy, slope));
}

static assay_onnx_value *sigmoid(const unary *u)
{
    return mul(u, mul(u, u->dy, u->y), one_less(u, u->y));
}

/* 1 where 0 < t < 1 */
static assay_onnx_value *inside(const unary *u, assay_onnx_value *t)
{
    return onnx_step(u->b, mul(u, t, one_less(u, t)));
}

static assay_onnx_value *hard_sigmoid(const unary *u)
{
    double alpha = parameter(u, "alpha", (double)0.2F);
    return mul(u, inside(u, u->y), onnx_scale(u->b, u->dy, alpha));
}

/* x h(x) with h = clip((x + 3) / 6, 0, 1): h + x / 6 where 0 < h < 1. */
static assay_onnx_value *hard_swish(const unary *u)
{
    const assay_onnx_attribute attributes[2] = {ONNX_FLOAT("alpha", (float)(1.0 / 6.0)),
                                                ONNX_FLOAT("beta", 0.5F)};
    assay_onnx_value *h = onnx_emit(u->b, "HardSigmoid", 1, &u->x, 2, attributes, 1);
    assay_onnx_value *ramp = mul(u, onnx_scale(u->b, u->x, 1.0 / 6.0), inside(u, h));
    return mul(u, u->dy, onnx_2(u->b, "Add", h, ramp));
}

static assay_onnx_value *tanh_(const unary *u)
{
    return mul(u, u->dy, one_less(u, square(u, u->y)));
}

static assay_onnx_value *softplus(const unary *u)
{
    return mul(u, u->dy, onnx_1(u->b, "Sigmoid", u->x));
}

static assay_onnx_value *softsign(const unary *u)
{
    assay_onnx_value *t = onnx_shift(u->b, onnx_1(u->b, "Abs", u->x), 1.0);
    return onnx_2(u->b, "Div", u->dy, square(u, t));
}

static assay_onnx_value *erf_(const unary *u)
{
    assay_onnx_value *t = onnx_1(u->b, "Exp", onnx_1(u->b, "Neg", square(u, u->x)));
    return mul(u, u->dy, onnx_scale(u->b, t, 2.0 / sqrt(acos(-1.0))));
}

/* Phi(x) + x phi(x); with approximate "tanh" the derivative of the approximation. */
static assay_onnx_value *gelu(const unary *u)
{
    double pi = acos(-1.0);
    if (strcmp(assay_onnx_attribute_text(u->v->node, "approximate", "none"), "tanh") == 0) {
        double c = sqrt(2.0 / pi);
        assay_onnx_value *xx = square(u, u->x);
        assay_onnx_value *inner =
            mul(u, u->x, onnx_shift(u->b, onnx_scale(u->b, xx, c * 0.044715), c));
        assay_onnx_value *t = onnx_1(u->b, "Tanh", inner);
        assay_onnx_value *steep = onnx_shift(u->b, onnx_scale(u->b, xx, 3.0 * c * 0.044715), c);
        assay_onnx_value *right = mul(u, mul(u, u->x, one_less(u, square(u, t))), steep);
        assay_onnx_value *sum = onnx_2(u->b, "Add", onnx_shift(u->b, t, 1.0), right);
        return mul(u, u->dy, onnx_scale(u->b, sum, 0.5));
    }
    assay_onnx_value *cdf = onnx_1(u->b, "Erf", onnx_scale(u->b, u->x, sqrt(0.5)));
    cdf = onnx_shift(u->b, onnx_scale(u->b, cdf, 0.5), 0.5);
    assay_onnx_value *pdf = onnx_1(u->b, "Exp", onnx_scale(u->b, square(u, u->x), -0.5));
    pdf = onnx_scale(u->b, pdf, 1.0 / sqrt(2.0 * pi));
    return mul(u, u->dy, onnx_2(u->b, "Add", cdf, mul(u, u->x, pdf)));
}

/* x tanh(softplus(x)) */
static assay_onnx_value *mish(const unary *u)
{
    assay_onnx_value *t = onnx_1(u->b, "Tanh", onnx_1(u->b, "Softplus", u->x));
    assay_onnx_value *steep = mul(u, one_less(u, square(u, t)), onnx_1(u->b, "Sigmoid", u->x));
    return mul(u, u->dy, onnx_2(u->b, "Add", t, mul(u, u->x, steep)));
}

static assay_onnx_value *shrink(const unary *u)
{
    assay_onnx_value *outside = above(u, onnx_1(u->b, "Abs", u->x), parameter(u, "lambd", 0.5));
    return onnx_mask(u->b, outside, u->dy);
}

static assay_onnx_value *neg(const unary *u)
{
    return onnx_1(u->b, "Neg", u->dy);
}

static assay_onnx_value *abs_(const unary *u)
{
    return mul(u, u->dy, onnx_1(u->b, "Sign", u->x));
}

static assay_onnx_value *exp_(const unary *u)
{
    return mul(u, u->dy, u->y);
}

static assay_onnx_value *log_(const unary *u)
{
    return onnx_2(u->b, "Div", u->dy, u->x);
}

static assay_onnx_value *sqrt_(const unary *u)
{
    return onnx_2(u->b, "Div", onnx_scale(u->b, u->dy, 0.5), u->y);
}

static assay_onnx_value *reciprocal(const unary *u)
{
    return onnx_1(u->b, "Neg", mul(u, u->dy, square(u, u->y)));
}

static assay_onnx_value *sin_(const unary *u)
{
    return mul(u, u->dy, onnx_1(u->b, "Cos", u->x));
}

static assay_onnx_value *cos_(const unary *u)
{
    return onnx_1(u->b, "Neg", mul(u, u->dy, onnx_1(u->b, "Sin", u->x)));
}

static assay_onnx_value *tan_(const unary *u)
{
    return mul(u, u->dy, onnx_shift(u->b, square(u, u->y), 1.0));
}

static assay_onnx_value *sinh_(const unary *u)
{
    return mul(u, u->dy, onnx_1(u->b, "Cosh", u->x));
}

static assay_onnx_value *cosh_(const unary *u)
{
    return mul(u, u->dy, onnx_1(u->b, "Sinh", u->x));
}

static assay_onnx_value *atan_(const unary *u)
{
    return onnx_2(u->b, "Div", u->dy, onnx_shift(u->b, square(u, u->x), 1.0));
}

static assay_onnx_value *atanh_(const unary *u)
{
    return onnx_2(u->b, "Div", u->dy, one_less(u, square(u, u->x)));
}

/* dy / sqrt(t) */
static assay_onnx_value *over_root(const unary *u, assay_onnx_value *t)
{
    return onnx_2(u->b, "Div", u->dy, onnx_1(u->b, "Sqrt", t));
}

static assay_onnx_value *asin_(const unary *u)
{
    return over_root(u, one_less(u, square(u, u->x)));
}

static assay_onnx_value *acos_(const unary *u)
{
    return onnx_1(u->b, "Neg", asin_(u));
}

static assay_onnx_value *asinh_(const unary *u)
{
    return over_root(u, onnx_shift(u->b, square(u, u->x), 1.0));
}

static assay_onnx_value *acosh_(const unary *u)
{
    return over_root(u, onnx_shift(u->b, square(u, u->x), -1.0));
}

static const struct {
    const char *op;
    unary_fn fn;
} functions[] = {
    {"Abs", abs_},
    {"Acos", acos_},
    {"Acosh", acosh_},
    {"Asin", asin_},
    {"Asinh", asinh_},
    {"Atan", atan_},
    {"Atanh", atanh_},
    {"Celu", celu},
    {"Cos", cos_},
    {"Cosh", cosh_},
    {"Elu", elu},
    {"Erf", erf_},
    {"Exp", exp_},
    {"Gelu", gelu},
    {"HardSigmoid", hard_sigmoid},
    {"HardSwish", hard_swish},
    {"LeakyRelu", leaky_relu},
    {"Log", log_},
    {"Mish", mish},
    {"Neg", neg},
    {"Reciprocal", reciprocal},
    {"Relu", relu},
    {"Selu", selu},
    {"Shrink", shrink},
    {"Sigmoid", sigmoid},
    {"Sin", sin_},
    {"Sinh", sinh_},
    {"Softplus", softplus},
    {"Softsign", softsign},
    {"Sqrt", sqrt_},
    {"Tan", tan_},
    {"Tanh", tanh_},
    {"ThresholdedRelu", thresholded_relu},
};

void onnx_vjp_unary(onnx_vjp *v)
{
    const unary u = {v, &v->b, onnx_x(v), onnx_y(v), v->dy};
    for (size_t i = 0; i < ASSAY_COUNT(functions); i++) {
        if (strcmp(v->node->op, functions[i].op) == 0) {
            onnx_give(v, 0, functions[i].fn(&u));
        }
    }
}

/* A bound of Clip that is one constant number, or left out: then it is infinite. */
static bool bound(double *out, const assay_onnx_value *value, double otherwise)
{
    float single = 0.0F;
    *out = otherwise;
    if (value == NULL) {
        return true;
    }
    const assay_onnx_data *data = value->constant;
    if (data == NULL || data->bytes == NULL || data->count != 1 || data->type != ASSAY_ONNX_FLOAT) {
        return false;
    }
    memcpy(&single, data->bytes, sizeof single);
    *out = (double)single;
    return true;
}

static assay_onnx_value *sum_where(onnx_vjp *v, assay_onnx_value *mask)
{
    return onnx_sum(&v->b, onnx_mask(&v->b, mask, v->dy), NULL, 0, false);
}

/* Bounds that depend on the data: each element's share goes to x where nothing was changed, else to the
 * lower bound where the output is that, else to the upper one. */
static void clip_between(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *low = assay_onnx_in(v->node, 1);
    assay_onnx_value *same = onnx_2(b, "Equal", onnx_x(v), onnx_y(v));
    assay_onnx_value *changed = onnx_1(b, "Not", same);
    assay_onnx_value *at_low = NULL;
    if (low != NULL) {
        at_low = onnx_2(b, "And", changed, onnx_2(b, "Equal", onnx_y(v), low));
        changed = onnx_2(b, "And", changed, onnx_1(b, "Not", at_low));
    }
    onnx_give(v, 0, onnx_mask(b, same, v->dy));
    if (onnx_want(v, 1)) {
        onnx_give(v, 1, onnx_reshape_like(b, sum_where(v, at_low), low));
    }
    if (onnx_want(v, 2)) {
        onnx_give(v, 2, onnx_reshape_like(b, sum_where(v, changed), v->node->in[2]));
    }
}

/* As the activation after a convolution (torch.nn.ReLU6) the slope on the bounds is 0, so that the
 * output is enough to tell it and the runtime can compute both in one pass. Elsewhere (torch.clamp)
 * it is 1 up to and on the bounds: wherever nothing was changed. */
void onnx_vjp_clip(onnx_vjp *v)
{
    const assay_onnx_node *before = onnx_x(v)->node;
    assay_onnx_value *t = v->dy;
    double low = 0.0;
    double high = 0.0;
    bool layer = before != NULL &&
                 (assay_onnx_is(before, "Conv") || assay_onnx_is(before, "BatchNormalization"));
    if (onnx_want(v, 1) || onnx_want(v, 2)) {
        clip_between(v);
        return;
    }
    if (!layer || onnx_x(v)->type != ASSAY_ONNX_FLOAT ||
        !bound(&low, assay_onnx_in(v->node, 1), -INFINITY) ||
        !bound(&high, assay_onnx_in(v->node, 2), INFINITY) || !(low < high)) {
        onnx_give(v, 0, onnx_mask(&v->b, onnx_2(&v->b, "Equal", onnx_x(v), onnx_y(v)), t));
        return;
    }
    if (!isinf(low)) {
        t = onnx_gate(&v->b, t, onnx_y(v), 1.0, low);
    }
    if (!isinf(high)) {
        t = onnx_gate(&v->b, t, onnx_y(v), -1.0, high);
    }
    onnx_give(v, 0, t);
}

void onnx_vjp_prelu(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *slope = v->node->in[1];
    assay_onnx_value *mask = onnx_2(b, "Greater", onnx_x(v), onnx_real(b, onnx_x(v)->type, 0.0));
    if (onnx_want(v, 0)) {
        onnx_give(v, 0, onnx_3(b, "Where", mask, v->dy, onnx_2(b, "Mul", v->dy, slope)));
    }
    if (onnx_want(v, 1)) {
        assay_onnx_value *t = onnx_2(b, "Mul", v->dy, onnx_x(v));
        t = onnx_3(b, "Where", mask, onnx_real(b, onnx_x(v)->type, 0.0), t);
        onnx_give(v, 1, onnx_unbroadcast(b, t, slope));
    }
}

/* What passes its input on: Identity, Cast, rounding taken as straight-through. */
void onnx_vjp_pass(onnx_vjp *v)
{
    onnx_give(v, 0, v->dy);
}

/* q = round(x / scale) + zero, x = (q - zero) scale: straight through the rounding. */
void onnx_vjp_quantize(onnx_vjp *v)
{
    bool back = strcmp(v->node->op, "DequantizeLinear") == 0;
    assay_onnx_value *scale = assay_onnx_in(v->node, 1);
    int64_t axis = assay_onnx_attribute_int(v->node, "axis", 1);
    int64_t shape[ASSAY_ONNX_RANK];
    const assay_onnx_value *x = onnx_x(v);
    onnx_refuse_wanted(v, 1);
    if (scale == NULL || scale->rank > 1) {
        onnx_refuse(v, "quantises in blocks, for which there is no gradient rule");
        return;
    }
    axis = axis < 0 ? axis + x->rank : axis;
    for (int32_t d = 0; d < x->rank; d++) {
        shape[d] = d == axis ? assay_onnx_count(scale) : 1;
    }
    assay_onnx_value *per = assay_onnx_count(scale) == 1
                                ? onnx_reshape(&v->b, scale, 0, NULL)
                                : onnx_reshape(&v->b, scale, x->rank, shape);
    onnx_give(v, 0, onnx_2(&v->b, back ? "Mul" : "Div", v->dy, per));
}

void onnx_vjp_dropout(onnx_vjp *v)
{
    int64_t training = 0;
    const assay_onnx_value *flag = assay_onnx_in(v->node, 2);
    if (flag != NULL && (assay_onnx_constant_ints(&training, 1, flag) != 1 || training != 0)) {
        onnx_refuse(v, "drops values at random (training_mode): export the model for inference");
        return;
    }
    onnx_give(v, 0, v->dy);
}
