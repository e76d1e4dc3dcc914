/* Selection by indices: the gradient is added up at the places that were chosen. */
#include <string.h>

#include "onnx/vjp/vjp.h"

static assay_onnx_value *scatter_nd(onnx_vjp *v, assay_onnx_value *zeros, assay_onnx_value *places,
                                    assay_onnx_value *updates)
{
    assay_onnx_value *in[3] = {zeros, places, updates};
    const assay_onnx_attribute add = ONNX_TEXT("reduction", "add");
    return onnx_emit(&v->b, "ScatterND", 3, in, 1, &add, 1);
}

static assay_onnx_value *zeros_of(onnx_vjp *v, int32_t type, const int64_t *shape, int32_t rank)
{
    return onnx_2(&v->b, "Expand", onnx_real(&v->b, type, 0.0), onnx_list(&v->b, shape, rank));
}

/* One constant place: zeros around it. */
static assay_onnx_value *one_place(onnx_vjp *v, int32_t axis, int64_t at)
{
    const assay_onnx_value *x = onnx_x(v);
    int64_t shape[ASSAY_ONNX_RANK];
    int64_t pads[2 * ASSAY_ONNX_RANK] = {0};
    for (int32_t d = 0; d < x->rank; d++) {
        shape[d] = d == axis ? 1 : x->shape[d];
    }
    at = at < 0 ? at + x->shape[axis] : at;
    pads[axis] = at;
    pads[x->rank + axis] = x->shape[axis] - 1 - at;
    return onnx_pad_zeros(&v->b, onnx_reshape(&v->b, v->dy, x->rank, shape), pads);
}

void onnx_vjp_gather(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    const assay_onnx_value *x = onnx_x(v);
    assay_onnx_value *index = v->node->in[1];
    int64_t axis = assay_onnx_attribute_int(v->node, "axis", 0);
    int64_t only = 0;
    int64_t before = 1;
    int64_t after = 1;
    axis = axis < 0 ? axis + x->rank : axis;
    if (assay_onnx_constant_ints(&only, 1, index) == 1) {
        onnx_give(v, 0, one_place(v, (int32_t)axis, only));
        return;
    }
    for (int32_t d = 0; d < x->rank; d++) {
        before *= d < axis ? x->shape[d] : 1;
        after *= d > axis ? x->shape[d] : 1;
    }
    const int64_t q = assay_onnx_count(index);
    const int64_t taken[3] = {before, q, after};
    const int64_t places[2] = {q, 1};
    const int64_t whole[3] = {x->shape[axis], before, after};
    const int64_t perm[3] = {1, 0, 2};
    assay_onnx_value *t = onnx_transpose(b, onnx_reshape(b, v->dy, 3, taken), perm);
    assay_onnx_value *at = onnx_reshape(b, onnx_cast(b, index, ASSAY_ONNX_INT64), 2, places);
    t = scatter_nd(v, zeros_of(v, v->dy->type, whole, 3), at, t);
    onnx_give(v, 0, onnx_reshape_like(b, onnx_transpose(b, t, perm), x));
}

static assay_onnx_value *scatter_elements(onnx_vjp *v, assay_onnx_value *data,
                                          assay_onnx_value *index, assay_onnx_value *updates,
                                          const char *reduction)
{
    assay_onnx_value *in[3] = {data, index, updates};
    const assay_onnx_attribute attributes[2] = {
        ONNX_INT("axis", assay_onnx_attribute_int(v->node, "axis", 0)),
        ONNX_TEXT("reduction", reduction)};
    return onnx_emit(&v->b, "ScatterElements", 3, in, 2, attributes, 1);
}

void onnx_vjp_gather_elements(onnx_vjp *v)
{
    onnx_give(v, 0,
              scatter_elements(v, onnx_zeros_like(v, onnx_x(v)), v->node->in[1], v->dy, "add"));
}

void onnx_vjp_gather_nd(onnx_vjp *v)
{
    if (assay_onnx_attribute_int(v->node, "batch_dims", 0) != 0) {
        onnx_refuse(v, "gathers within batches (batch_dims), for which there is no gradient rule");
        return;
    }
    onnx_give(v, 0, scatter_nd(v, onnx_zeros_like(v, onnx_x(v)), v->node->in[1], v->dy));
}

/* ScatterElements, ScatterND: what was overwritten has no gradient, what was written has its own. */
void onnx_vjp_scatter(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    const char *reduction = assay_onnx_attribute_text(v->node, "reduction", "none");
    bool add = strcmp(reduction, "add") == 0;
    bool nd = strcmp(v->node->op, "ScatterND") == 0;
    assay_onnx_value *index = v->node->in[1];
    if (!add && strcmp(reduction, "none") != 0) {
        onnx_refuse(v,
                    "multiplies or compares what it writes, for which there is no gradient rule");
        return;
    }
    if (onnx_want(v, 0) && add) {
        onnx_give(v, 0, v->dy);
    } else if (onnx_want(v, 0)) {
        assay_onnx_value *zeros = onnx_zeros_like(v, v->node->in[2]);
        onnx_give(v, 0,
                  nd ? onnx_3(b, "ScatterND", v->dy, index, zeros)
                     : scatter_elements(v, v->dy, index, zeros, "none"));
    }
    if (onnx_want(v, 2)) {
        assay_onnx_value *in[2] = {v->dy, index};
        const assay_onnx_attribute axis =
            ONNX_INT("axis", assay_onnx_attribute_int(v->node, "axis", 0));
        onnx_give(v, 2,
                  nd ? onnx_2(b, "GatherND", v->dy, index)
                     : onnx_emit(b, "GatherElements", 2, in, 1, &axis, 1));
    }
}

/* Values [off, on]: each gets the sum over the places it was written to. Places have no slope. */
void onnx_vjp_one_hot(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    const assay_onnx_value *values = assay_onnx_in(v->node, 2);
    const double off_on[2] = {0.0, 1.0};
    const int64_t two = 2;
    if (!onnx_want(v, 2)) {
        return;
    }
    assay_onnx_value *in[3] = {v->node->in[0], v->node->in[1],
                               onnx_reals(b, values->type, off_on, 1, &two)};
    const assay_onnx_attribute axis =
        ONNX_INT("axis", assay_onnx_attribute_int(v->node, "axis", -1));
    assay_onnx_value *mask = onnx_emit(b, "OneHot", 3, in, 1, &axis, 1);
    assay_onnx_value *on = onnx_sum(b, onnx_2(b, "Mul", v->dy, mask), NULL, 0, false);
    assay_onnx_value *off = onnx_2(b, "Sub", onnx_sum(b, v->dy, NULL, 0, false), on);
    const int64_t one = 1;
    assay_onnx_value *parts[2] = {onnx_reshape(b, off, 1, &one), onnx_reshape(b, on, 1, &one)};
    const assay_onnx_attribute first = ONNX_INT("axis", 0);
    onnx_give(v, 2, onnx_emit(b, "Concat", 2, parts, 1, &first, 1));
}

/* start + i delta; where it ends decides about the number of elements only */
void onnx_vjp_range(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    const int64_t n = v->dy->shape[0];
    if (onnx_want(v, 0)) {
        onnx_give(v, 0, onnx_reshape_like(b, onnx_sum(b, v->dy, NULL, 0, false), v->node->in[0]));
    }
    if (onnx_want(v, 2)) {
        double *steps = onnx_take(v, (size_t)n + 1, sizeof *steps);
        for (int64_t i = 0; steps != NULL && i < n; i++) {
            steps[i] = (double)i;
        }
        assay_onnx_value *t =
            steps != NULL ? onnx_2(b, "Mul", v->dy, onnx_reals(b, v->dy->type, steps, 1, &n))
                          : NULL;
        onnx_give(v, 2, onnx_reshape_like(b, onnx_sum(b, t, NULL, 0, false), v->node->in[2]));
    }
}
