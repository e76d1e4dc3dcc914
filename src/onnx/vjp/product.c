/* Matrix products. */
#include <string.h>

#include "onnx/vjp/vjp.h"

static assay_onnx_value *swap_last(onnx_vjp *v, assay_onnx_value *x)
{
    int64_t perm[ASSAY_ONNX_RANK];
    if (v->b.status != ASSAY_OK) {
        return NULL;
    }
    for (int32_t d = 0; d < x->rank; d++) {
        perm[d] = d < x->rank - 2 ? d : 2 * x->rank - 3 - d;
    }
    return onnx_transpose(&v->b, x, perm);
}

/* dA = dY B^T, dB = A^T dY; vectors are made matrices first. */
void onnx_vjp_matmul(onnx_vjp *v)
{
    assay_onnx_build *b = &v->b;
    assay_onnx_value *a = v->node->in[0];
    assay_onnx_value *c = v->node->in[1];
    assay_onnx_value *dy = v->dy;
    bool row = a->rank == 1;
    bool column = c->rank == 1;
    int64_t shape[ASSAY_ONNX_RANK];
    int32_t n = 0;
    for (int32_t d = 0; d < dy->rank - (row ? 0 : 1) - (column ? 0 : 1) + (row && !column); d++) {
        shape[n++] = dy->shape[d];
    }
    n = dy->rank - !row - !column;
    const int64_t one_k[2] = {1, a->shape[a->rank - 1]};
    const int64_t k_one[2] = {c->shape[0], 1};
    if (n > ASSAY_ONNX_RANK - 2) {
        onnx_refuse(v, "has too many dimensions");
        return;
    }
    shape[n] = row ? 1 : a->shape[a->rank - 2];
    shape[n + 1] = column ? 1 : c->shape[c->rank - 1];
    dy = onnx_reshape(b, dy, n + 2, shape);
    assay_onnx_value *left = row ? onnx_reshape(b, a, 2, one_k) : a;
    assay_onnx_value *right = column ? onnx_reshape(b, c, 2, k_one) : c;
    if (onnx_want(v, 0)) {
        assay_onnx_value *t = onnx_2(b, "MatMul", dy, swap_last(v, right));
        t = b->status == ASSAY_OK ? onnx_unbroadcast(b, t, left) : NULL;
        onnx_give(v, 0, b->status == ASSAY_OK ? onnx_reshape_like(b, t, a) : NULL);
    }
    if (onnx_want(v, 1)) {
        assay_onnx_value *t = onnx_2(b, "MatMul", swap_last(v, left), dy);
        t = b->status == ASSAY_OK ? onnx_unbroadcast(b, t, right) : NULL;
        onnx_give(v, 1, b->status == ASSAY_OK ? onnx_reshape_like(b, t, c) : NULL);
    }
}

static assay_onnx_value *gemm(onnx_vjp *v, assay_onnx_value *a, assay_onnx_value *c, bool flip_a,
                              bool flip_c)
{
    assay_onnx_value *in[2] = {a, c};
    const assay_onnx_attribute attributes[3] = {
        ONNX_FLOAT("alpha", assay_onnx_attribute_float(v->node, "alpha", 1.0F)),
        ONNX_INT("transA", flip_a), ONNX_INT("transB", flip_c)};
    return onnx_emit(&v->b, "Gemm", 2, in, 3, attributes, 1);
}

void onnx_vjp_gemm(onnx_vjp *v)
{
    assay_onnx_value *a = v->node->in[0];
    assay_onnx_value *c = v->node->in[1];
    bool flip_a = assay_onnx_attribute_int(v->node, "transA", 0) != 0;
    bool flip_c = assay_onnx_attribute_int(v->node, "transB", 0) != 0;
    if (onnx_want(v, 0)) {
        onnx_give(v, 0,
                  flip_a ? gemm(v, c, v->dy, flip_c, true) : gemm(v, v->dy, c, false, !flip_c));
    }
    if (onnx_want(v, 1)) {
        onnx_give(v, 1,
                  flip_c ? gemm(v, v->dy, a, true, flip_a) : gemm(v, a, v->dy, !flip_a, false));
    }
    if (onnx_want(v, 2)) {
        double beta = (double)assay_onnx_attribute_float(v->node, "beta", 1.0F);
        assay_onnx_value *t = beta == 1.0 ? v->dy : onnx_scale(&v->b, v->dy, beta);
        onnx_give(v, 2, onnx_unbroadcast(&v->b, t, v->node->in[2]));
    }
}

typedef struct equation {
    char in[2][ASSAY_ONNX_RANK + 1], out[ASSAY_ONNX_RANK + 1];
} equation;

static bool repeated(const char *letters)
{
    for (const char *c = letters; *c != '\0'; c++) {
        if (strchr(c + 1, *c) != NULL) {
            return true;
        }
    }
    return false;
}

/* Explicit letters only; without an arrow the output is what occurs once, in order. */
static bool parse(equation *e, const char *text, int32_t n_in)
{
    char *to = e->in[0];
    int32_t operand = 0;
    bool arrow = false;
    size_t n = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == ' ') {
            continue;
        }
        if (*c == ',' && operand == 0) {
            operand = 1;
            to = e->in[1];
            n = 0;
        } else if (c[0] == '-' && c[1] == '>') {
            to = e->out;
            arrow = true;
            n = 0;
            c++;
        } else if (((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')) && n < ASSAY_ONNX_RANK) {
            to[n++] = *c;
        } else {
            return false;
        }
    }
    n = 0;
    for (int c = 'A'; !arrow && c <= 'z'; c++) {
        bool first = strchr(e->in[0], c) != NULL;
        bool second = strchr(e->in[1], c) != NULL;
        if (first != second && n < ASSAY_ONNX_RANK) {
            e->out[n++] = (char)c;
        }
    }
    return operand + 1 == n_in && !repeated(e->in[0]) && !repeated(e->in[1]) && !repeated(e->out);
}

/* Letters that only this operand has were summed over: their gradient is repeated. */
static assay_onnx_value *einsum_back(onnx_vjp *v, const equation *e, int32_t i, int32_t n)
{
    char text[4 * ASSAY_ONNX_RANK + 8];
    char kept[ASSAY_ONNX_RANK + 1] = {0};
    int64_t shape[ASSAY_ONNX_RANK];
    const assay_onnx_value *x = v->node->in[i];
    const char *other = n == 2 ? e->in[1 - i] : "";
    size_t m = 0;
    for (int32_t d = 0; e->in[i][d] != '\0'; d++) {
        char c = e->in[i][d];
        bool there = strchr(e->out, c) != NULL || (n == 2 && strchr(other, c) != NULL);
        shape[d] = there ? x->shape[d] : 1;
        if (there) {
            kept[m++] = c;
        }
    }
    size_t at = 0;
    const char *const parts[] = {e->out, n == 2 ? "," : "", other, "->", kept};
    for (size_t k = 0; k < ASSAY_COUNT(parts); k++) {
        size_t length = strlen(parts[k]);
        memcpy(text + at, parts[k], length);
        at += length;
    }
    text[at] = '\0';
    assay_onnx_value *in[2] = {v->dy, n == 2 ? v->node->in[1 - i] : NULL};
    const assay_onnx_attribute attribute = ONNX_TEXT("equation", text);
    assay_onnx_value *t = onnx_emit(&v->b, "Einsum", n, in, 1, &attribute, 1);
    return onnx_expand_like(&v->b, onnx_reshape(&v->b, t, x->rank, shape), x);
}

void onnx_vjp_einsum(onnx_vjp *v)
{
    equation e = {{{0}}, {0}};
    int32_t n = v->node->n_in;
    if (n > 2 || !parse(&e, assay_onnx_attribute_text(v->node, "equation", ""), n)) {
        onnx_refuse(v, "has an equation with an ellipsis, a repeated letter or more than two "
                       "operands, for which there is no gradient rule");
        return;
    }
    for (int32_t i = 0; i < n; i++) {
        if (onnx_want(v, i)) {
            onnx_give(v, i, einsum_back(v, &e, i, n));
        }
    }
}
