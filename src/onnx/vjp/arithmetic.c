/* Functions of several numbers, with numpy's broadcasting undone. */
#include <string.h>

#include "onnx/vjp/vjp.h"

static void give_back(onnx_vjp *v, int32_t i, assay_onnx_value *gradient)
{
    if (onnx_want(v, i)) {
        onnx_give(v, i, onnx_unbroadcast(&v->b, gradient, v->node->in[i]));
    }
}

void onnx_vjp_add(onnx_vjp *v)
{
    give_back(v, 0, v->dy);
    give_back(v, 1, v->dy);
}

void onnx_vjp_sub(onnx_vjp *v)
{
    give_back(v, 0, v->dy);
    if (onnx_want(v, 1)) {
        give_back(v, 1, onnx_1(&v->b, "Neg", v->dy));
    }
}

void onnx_vjp_mul(onnx_vjp *v)
{
    for (int32_t i = 0; i < 2; i++) {
        if (onnx_want(v, i)) {
            give_back(v, i, onnx_2(&v->b, "Mul", v->dy, v->node->in[1 - i]));
        }
    }
}

/* d(a/b) = da / b - y db / b */
void onnx_vjp_div(onnx_vjp *v)
{
    assay_onnx_value *over = onnx_2(&v->b, "Div", v->dy, v->node->in[1]);
    give_back(v, 0, over);
    if (onnx_want(v, 1)) {
        give_back(v, 1, onnx_1(&v->b, "Neg", onnx_2(&v->b, "Mul", over, onnx_y(v))));
    }
}

/* a - b trunc(a / b) of real numbers: the whole number stands still. */
void onnx_vjp_mod(onnx_vjp *v)
{
    give_back(v, 0, v->dy);
    if (onnx_want(v, 1)) {
        assay_onnx_value *whole =
            onnx_2(&v->b, "Div", onnx_2(&v->b, "Sub", onnx_y(v), onnx_x(v)), v->node->in[1]);
        give_back(v, 1, onnx_2(&v->b, "Mul", v->dy, whole));
    }
}

static bool constant_number(double *out, const assay_onnx_value *value)
{
    const assay_onnx_data *data = value->constant;
    float single = 0.0F;
    int64_t whole = 0;
    if (data == NULL || data->bytes == NULL || data->count != 1) {
        return false;
    }
    if (data->type == ASSAY_ONNX_FLOAT) {
        memcpy(&single, data->bytes, sizeof single);
        *out = (double)single;
        return true;
    }
    if (data->type == ASSAY_ONNX_DOUBLE) {
        memcpy(out, data->bytes, sizeof *out);
        return true;
    }
    if (assay_onnx_constant_ints(&whole, 1, value) == 1) {
        *out = (double)whole;
        return true;
    }
    return false;
}

/* e x^(e - 1); y log(x) for the exponent, 0 where x <= 0 */
void onnx_vjp_pow(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *x = onnx_x(v);
    assay_onnx_value *e = v->node->in[1];
    double exponent = 0.0;
    if (onnx_want(v, 0)) {
        assay_onnx_value *slope = NULL;
        if (constant_number(&exponent, e) && exponent == 2.0) {
            slope = onnx_scale(b, x, 2.0);
        } else if (constant_number(&exponent, e) && exponent == 0.5) {
            slope = onnx_2(b, "Div", onnx_real(b, x->type, 0.5), onnx_y(v));
        } else {
            assay_onnx_value *real = onnx_cast(b, e, x->type);
            slope = onnx_2(b, "Mul", real, onnx_2(b, "Pow", x, onnx_shift(b, real, -1.0)));
            /* e = 0: the slope is 0 even where x^-1 is not a number */
            assay_onnx_value *none = onnx_2(b, "Equal", real, onnx_real(b, x->type, 0.0));
            slope = onnx_3(b, "Where", none, onnx_real(b, x->type, 0.0), slope);
        }
        give_back(v, 0, onnx_2(b, "Mul", v->dy, slope));
    }
    if (onnx_want(v, 1)) {
        assay_onnx_value *zero = onnx_real(b, x->type, 0.0);
        assay_onnx_value *mask = onnx_2(b, "Greater", x, zero);
        assay_onnx_value *log =
            onnx_1(b, "Log", onnx_3(b, "Where", mask, x, onnx_real(b, x->type, 1.0)));
        assay_onnx_value *t = onnx_2(b, "Mul", v->dy, onnx_2(b, "Mul", onnx_y(v), log));
        give_back(v, 1, t);
    }
}

/* Max, Min: to the inputs that equal the result, in equal parts when several do. */
void onnx_vjp_extreme(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *y = onnx_y(v);
    assay_onnx_value *count = NULL;
    if (v->node->n_in == 1) {
        onnx_give(v, 0, v->dy);
        return;
    }
    for (int32_t i = 0; i < v->node->n_in; i++) {
        assay_onnx_value *is = onnx_cast(b, onnx_2(b, "Equal", v->node->in[i], y), y->type);
        count = count == NULL ? is : onnx_2(b, "Add", count, is);
    }
    assay_onnx_value *part = onnx_2(b, "Div", v->dy, count);
    for (int32_t i = 0; i < v->node->n_in; i++) {
        if (onnx_want(v, i)) {
            give_back(v, i, onnx_mask(b, onnx_2(b, "Equal", v->node->in[i], y), part));
        }
    }
}

/* Sum, Mean */
void onnx_vjp_total(onnx_vjp *v)
{
    assay_onnx_value *part = v->dy;
    if (strcmp(v->node->op, "Mean") == 0) {
        part = onnx_scale(&v->b, part, 1.0 / (double)v->node->n_in);
    }
    for (int32_t i = 0; i < v->node->n_in; i++) {
        give_back(v, i, part);
    }
}

void onnx_vjp_where(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *mask = v->node->in[0];
    if (onnx_want(v, 1)) {
        give_back(v, 1, onnx_mask(b, mask, v->dy));
    }
    if (onnx_want(v, 2)) {
        give_back(v, 2, onnx_3(b, "Where", mask, onnx_real(b, v->dy->type, 0.0), v->dy));
    }
}
