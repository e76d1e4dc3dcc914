/* Pools. */
#include <string.h>

#include "onnx/vjp/vjp.h"
#include "onnx/window.h"

/* Each gradient goes to the place of the maximum, which the forward node tells as its second output
 * (flat, over all dimensions); windows may overlap, so the parts are added. */
void onnx_vjp_max_pool(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    const assay_onnx_value *x = onnx_x(v);
    const assay_onnx_value *y = onnx_y(v);
    const int64_t all = assay_onnx_count(x);
    const int64_t few = assay_onnx_count(y);
    assay_onnx_value *places = onnx_ask_output(v, 1);
    if (places == NULL) {
        return;
    }
    if (assay_onnx_attribute_int(v->node, "storage_order", 0) != 0) {
        onnx_refuse(v, "stores its indices by columns, for which there is no gradient rule");
        return;
    }
    /* After a Relu, what its gradient is multiplied with is the same on this, smaller side. */
    bool gated = x->node != NULL && assay_onnx_is(x->node, "Relu");
    assay_onnx_value *dy = v->dy;
    if (gated) {
        dy = onnx_gate(b, dy, onnx_y(v), 1.0, 0.0);
    }
    places->type = ASSAY_ONNX_INT64;
    places->rank = y->rank;
    memcpy(places->shape, y->shape, sizeof places->shape);
    places->node = v->node;
    assay_onnx_value *zeros = onnx_2(b, "Expand", onnx_real(b, x->type, 0.0), onnx_one_int(b, all));
    assay_onnx_value *in[3] = {zeros, onnx_reshape(b, places, 1, &few),
                               onnx_reshape(b, dy, 1, &few)};
    const assay_onnx_attribute attributes[2] = {ONNX_INT("axis", 0), ONNX_TEXT("reduction", "add")};
    assay_onnx_value *t = onnx_emit(b, "ScatterElements", 3, in, 2, attributes, 1);
    t = onnx_reshape_like(b, t, x);
    if (gated) {
        onnx_give_gated(v, 0, t);
    } else {
        onnx_give(v, 0, t);
    }
}

typedef enum counted { OF_PLACES, OF_PLACES_AND_PADDING, WHOLE } counted;

/* One axis as a constant matrix [in, out]: column o holds 1 / n at the n places that output o looks
 * at; with count_include_pad n counts padding too, as far as it is inside of the padded input. */
static double *average_matrix(onnx_vjp *v, const assay_onnx_window *w, int32_t i, counted each)
{
    bool padding = each == OF_PLACES_AND_PADDING;
    double *matrix = onnx_take(v, (size_t)(w->in[i] * w->out[i]) + 1, sizeof *matrix);
    for (int64_t o = 0; matrix != NULL && o < w->out[i]; o++) {
        int64_t from = o * w->stride[i] - w->begin[i];
        int64_t n = 0;
        for (int64_t k = 0; k < w->kernel[i]; k++) {
            int64_t at = from + k * w->dilation[i];
            n += (at >= 0 && at < w->in[i]) || (padding && at < w->in[i] + w->end[i]);
        }
        for (int64_t k = 0; k < w->kernel[i]; k++) {
            int64_t at = from + k * w->dilation[i];
            if (at >= 0 && at < w->in[i] && n > 0) {
                matrix[at * w->out[i] + o] = each == WHOLE ? 1.0 : 1.0 / (double)n;
            }
        }
    }
    return matrix;
}

/* From windows back to places, axis by axis. */
static assay_onnx_value *spread(onnx_vjp *v, assay_onnx_value *t, const assay_onnx_window *w,
                                counted each)
{
    for (int32_t i = 0; i < w->n; i++) {
        bool same = w->kernel[i] == 1 && w->stride[i] == 1 && w->begin[i] == 0 && w->end[i] == 0;
        double *matrix = same ? NULL : average_matrix(v, w, i, each);
        t = same ? t : matrix != NULL ? onnx_map_axis(v, t, i + 2, w->in[i], matrix) : NULL;
    }
    return t;
}

/* Windows side by side: every element of a window gets the same share. */
static assay_onnx_value *side_by_side(onnx_vjp *v, const assay_onnx_window *w)
{
    int64_t thin[ASSAY_ONNX_RANK] = {onnx_x(v)->shape[0], onnx_x(v)->shape[1]};
    int64_t wide[ASSAY_ONNX_RANK] = {thin[0], thin[1]};
    double share = 1.0;
    int32_t n = 2;
    for (int32_t i = 0; i < w->n; i++) {
        thin[n] = wide[n] = w->out[i];
        thin[n + 1] = 1;
        wide[n + 1] = w->kernel[i];
        n += 2;
        share /= (double)w->kernel[i];
    }
    assay_onnx_value *t = onnx_reshape(&v->b, onnx_scale(&v->b, v->dy, share), n, thin);
    t = onnx_2(&v->b, "Expand", t, onnx_list(&v->b, wide, n));
    return onnx_reshape_like(&v->b, t, onnx_x(v));
}

void onnx_vjp_average_pool(onnx_vjp *v)
{
    assay_onnx_window w;
    bool padding = assay_onnx_attribute_int(v->node, "count_include_pad", 0) != 0;
    bool apart = true;
    v->b.status = assay_onnx_window_of(&w, v->node, v->b.err);
    if (v->b.status != ASSAY_OK) {
        return;
    }
    for (int32_t i = 0; i < w.n; i++) {
        apart = apart && w.kernel[i] == w.stride[i] && w.dilation[i] == 1 && w.begin[i] == 0 &&
                w.end[i] == 0 && w.out[i] * w.stride[i] == w.in[i];
    }
    if (apart && w.n <= 3) {
        onnx_give(v, 0, side_by_side(v, &w));
        return;
    }
    onnx_give(v, 0, spread(v, v->dy, &w, padding ? OF_PLACES_AND_PADDING : OF_PLACES));
}

/* y = (sum |x|^p)^(1/p): dx = sign(x) |x|^(p-1) times the sum of dy y^(1-p) over the windows that see
 * x; 0 where y is. */
void onnx_vjp_lp_pool(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_window w;
    assay_onnx_value *x = onnx_x(v);
    double p = (double)assay_onnx_attribute_int(v->node, "p", 2);
    assay_onnx_value *none = onnx_2(b, "Equal", onnx_y(v), onnx_real(b, x->type, 0.0));
    assay_onnx_value *safe = onnx_3(b, "Where", none, onnx_real(b, x->type, 1.0), onnx_y(v));
    assay_onnx_value *t =
        onnx_2(b, "Mul", v->dy, onnx_2(b, "Pow", safe, onnx_real(b, x->type, 1.0 - p)));
    if (strcmp(v->node->op, "GlobalLpPool") == 0) {
        t = onnx_expand_like(b, t, x);
    } else if (b->status == ASSAY_OK) {
        b->status = assay_onnx_window_of(&w, v->node, b->err);
        t = b->status == ASSAY_OK ? spread(v, t, &w, WHOLE) : NULL;
    }
    assay_onnx_value *size = onnx_2(b, "Pow", onnx_1(b, "Abs", x), onnx_real(b, x->type, p - 1.0));
    onnx_give(v, 0, onnx_2(b, "Mul", t, onnx_2(b, "Mul", size, onnx_1(b, "Sign", x))));
}

void onnx_vjp_global_pool(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *x = onnx_x(v);
    int64_t axes[ASSAY_ONNX_RANK];
    int64_t n = 0;
    int64_t count = 1;
    for (int32_t d = 2; d < x->rank; d++) {
        axes[n++] = d;
        count *= x->shape[d];
    }
    if (strcmp(v->node->op, "GlobalMaxPool") == 0) {
        assay_onnx_value *is = onnx_2(b, "Equal", x, onnx_y(v));
        assay_onnx_value *ties = onnx_sum(b, onnx_cast(b, is, x->type), axes, n, true);
        onnx_give(v, 0, onnx_mask(b, is, onnx_2(b, "Div", v->dy, ties)));
        return;
    }
    onnx_give(v, 0, onnx_expand_like(b, onnx_scale(b, v->dy, 1.0 / (double)count), x));
}
