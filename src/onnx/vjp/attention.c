/* Attention(Q, K, V) = softmax(scale Q K^T + mask) V (Vaswani et al. 2017, arXiv:1706.03762), heads of
 * the keys shared by groups of heads of the queries. The probabilities P are computed again, as the
 * forward node does not give them: dV = P^T dY, dP = dY V^T, dS = P (dP - sum(dP P)),
 * dQ = scale dS K, dK = scale dS^T Q. */
#include <math.h>
#include <string.h>

#include "onnx/vjp/vjp.h"

typedef struct attention {
    onnx_vjp *v;
    assay_onnx_build *b;
    int64_t heads, shared; /* of the keys; how many heads of queries share one */
    int64_t n_q, n_k;
    double scale, cap;
} attention;

/* To [batch, heads, group, length, width]. */
static assay_onnx_value *split(const attention *a, assay_onnx_value *x, int64_t group)
{
    const int64_t heads = a->heads * group;
    if (a->b->status != ASSAY_OK) {
        return NULL;
    }
    if (x->rank == 3) {
        const int64_t apart[4] = {x->shape[0], x->shape[1], heads, x->shape[2] / heads};
        const int64_t perm[4] = {0, 2, 1, 3};
        x = onnx_transpose(a->b, onnx_reshape(a->b, x, 4, apart), perm);
    }
    if (a->b->status != ASSAY_OK) {
        return NULL;
    }
    const int64_t shape[5] = {x->shape[0], a->heads, group, x->shape[2], x->shape[3]};
    return onnx_reshape(a->b, x, 5, shape);
}

/* Back to the shape of `like`; groups that shared are summed. */
static assay_onnx_value *join(const attention *a, assay_onnx_value *t, const assay_onnx_value *like,
                              int64_t group)
{
    const int64_t axis = 2;
    if (group == 1 && a->shared > 1) {
        t = onnx_sum(a->b, t, &axis, 1, true);
    }
    if (a->b->status != ASSAY_OK || like->rank == 4) {
        return onnx_reshape_like(a->b, t, like);
    }
    const int64_t heads[4] = {t->shape[0], a->heads * group, t->shape[3], t->shape[4]};
    const int64_t perm[4] = {0, 2, 1, 3};
    return onnx_reshape_like(a->b, onnx_transpose(a->b, onnx_reshape(a->b, t, 4, heads), perm),
                             like);
}

static assay_onnx_value *turn(const attention *a, assay_onnx_value *x)
{
    const int64_t perm[5] = {0, 1, 2, 4, 3};
    return onnx_transpose(a->b, x, perm);
}

static assay_onnx_value *times(const attention *a, assay_onnx_value *x, assay_onnx_value *y)
{
    return onnx_2(a->b, "MatMul", x, y);
}

/* Of a mask [.., heads or 1, queries, keys], heads as [heads, group]. */
static assay_onnx_value *widen(const attention *a, assay_onnx_value *mask)
{
    int64_t shape[5] = {1, 1, 1, 1, 1};
    for (int32_t d = 0; d < mask->rank; d++) {
        int32_t at = d + 4 - mask->rank;
        shape[at == 0 ? 0 : at + 1] = at == 1 ? 1 : mask->shape[d];
        if (at == 1 && mask->shape[d] == a->heads * a->shared) {
            shape[1] = a->heads;
            shape[2] = a->shared;
        } else if (at == 1 && mask->shape[d] != 1) {
            onnx_refuse(a->v, "has a mask for another number of heads");
            return NULL;
        }
    }
    return onnx_reshape(a->b, mask, 5, shape);
}

/* -infinity for keys after the query. */
static assay_onnx_value *causal(const attention *a, int32_t type)
{
    const int64_t shape[2] = {a->n_q, a->n_k};
    double *list = onnx_take(a->v, (size_t)(a->n_q * a->n_k) + 1, sizeof *list);
    for (int64_t i = 0; list != NULL && i < a->n_q; i++) {
        for (int64_t k = i + 1; k < a->n_k; k++) {
            list[i * a->n_k + k] = -INFINITY;
        }
    }
    return list != NULL ? onnx_reals(a->b, type, list, 2, shape) : NULL;
}

static assay_onnx_value *add_masks(const attention *a, assay_onnx_value *scores)
{
    assay_onnx_build *b = a->b;
    assay_onnx_value *mask = assay_onnx_in(a->v->node, 3);
    if (b->status != ASSAY_OK) {
        return NULL;
    }
    if (mask != NULL) {
        int32_t type = scores->type;
        assay_onnx_value *wide = widen(a, mask);
        if (mask->type == ASSAY_ONNX_BOOL) {
            wide = onnx_3(b, "Where", wide, onnx_real(b, type, 0.0), onnx_real(b, type, -INFINITY));
        }
        scores = onnx_2(b, "Add", scores, wide);
    }
    if (assay_onnx_attribute_int(a->v->node, "is_causal", 0) != 0 && b->status == ASSAY_OK) {
        scores = onnx_2(b, "Add", scores, causal(a, scores->type));
    }
    return scores;
}

static bool read_attention(attention *a)
{
    onnx_vjp *v = a->v;
    const assay_onnx_node *node = v->node;
    const assay_onnx_value *q = node->in[0];
    const assay_onnx_value *k = assay_onnx_in(node, 1);
    const assay_onnx_value *mask = assay_onnx_in(node, 3);
    if (k == NULL || assay_onnx_in(node, 2) == NULL || q->rank != k->rank ||
        (q->rank != 3 && q->rank != 4) || assay_onnx_in(node, 4) != NULL ||
        assay_onnx_in(node, 5) != NULL) {
        onnx_refuse(v, "keeps keys and values of the past, for which there is no gradient rule");
        return false;
    }
    for (int32_t i = 1; i < node->n_out; i++) {
        if (onnx_gradient_of(v, i) != NULL) {
            onnx_refuse(v, "gives its inner values to an output, which has no gradient rule");
            return false;
        }
    }
    int64_t heads = q->rank == 4 ? q->shape[1] : assay_onnx_attribute_int(node, "q_num_heads", 0);
    a->heads = q->rank == 4 ? k->shape[1] : assay_onnx_attribute_int(node, "kv_num_heads", 0);
    a->cap = (double)assay_onnx_attribute_float(node, "softcap", 0.0F);
    if (a->heads < 1 || heads < 1 || heads % a->heads != 0 || (mask != NULL && mask->rank > 4)) {
        onnx_refuse(v, "has heads that do not fit");
        return false;
    }
    if (a->cap != 0.0 && (mask != NULL || assay_onnx_attribute_int(node, "is_causal", 0) != 0)) {
        onnx_refuse(v, "has both a softcap and a mask, on whose order runtimes differ");
        return false;
    }
    int64_t width = q->rank == 4 ? q->shape[3] : q->shape[2] / heads;
    a->shared = heads / a->heads;
    a->n_q = q->rank == 4 ? q->shape[2] : q->shape[1];
    a->n_k = k->rank == 4 ? k->shape[2] : k->shape[1];
    a->scale =
        (double)assay_onnx_attribute_float(node, "scale", (float)(1.0 / sqrt((double)width)));
    return true;
}

void onnx_vjp_attention(onnx_vjp *v)
{
    attention a = {.v = v, .b = &v->b};
    assay_onnx_build *b = &v->b;
    const int64_t last = -1;
    if (!read_attention(&a)) {
        return;
    }
    assay_onnx_value *q = split(&a, v->node->in[0], a.shared);
    assay_onnx_value *k = split(&a, v->node->in[1], 1);
    assay_onnx_value *value = split(&a, v->node->in[2], 1);
    assay_onnx_value *dy = split(&a, v->dy, a.shared);
    assay_onnx_value *s = onnx_scale(b, times(&a, q, turn(&a, k)), a.scale);
    assay_onnx_value *bent = NULL;
    if (a.cap != 0.0) {
        bent = onnx_1(b, "Tanh", onnx_scale(b, s, 1.0 / a.cap));
        s = onnx_scale(b, bent, a.cap);
    }
    const assay_onnx_attribute axis = ONNX_INT("axis", last);
    s = add_masks(&a, s);
    assay_onnx_value *p = onnx_emit(b, "Softmax", 1, &s, 1, &axis, 1);
    assay_onnx_value *weighted = onnx_2(b, "Mul", times(&a, dy, turn(&a, value)), p);
    assay_onnx_value *ds =
        onnx_2(b, "Sub", weighted, onnx_2(b, "Mul", p, onnx_sum(b, weighted, &last, 1, true)));
    if (onnx_want(v, 3) && v->node->in[3]->type != ASSAY_ONNX_BOOL) {
        assay_onnx_value *wide = widen(&a, v->node->in[3]);
        onnx_give(v, 3,
                  b->status != ASSAY_OK
                      ? NULL
                      : onnx_reshape_like(b, onnx_unbroadcast(b, ds, wide), v->node->in[3]));
    }
    if (bent != NULL) {
        assay_onnx_value *flat = onnx_2(b, "Mul", bent, bent);
        ds = onnx_2(b, "Sub", ds, onnx_2(b, "Mul", ds, flat));
    }
    ds = onnx_scale(b, ds, a.scale);
    onnx_give(v, 0, onnx_want(v, 0) ? join(&a, times(&a, ds, k), v->node->in[0], a.shared) : NULL);
    onnx_give(v, 1,
              onnx_want(v, 1) ? join(&a, times(&a, turn(&a, ds), q), v->node->in[1], 1) : NULL);
    onnx_give(v, 2,
              onnx_want(v, 2) ? join(&a, times(&a, turn(&a, p), dy), v->node->in[2], 1) : NULL);
}
