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

enum { OPERANDS = 8, LETTERS = ASSAY_ONNX_RANK + 1 };

typedef struct equation {
    char in[OPERANDS][LETTERS], out[LETTERS];
    int32_t n;
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

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One operand, up to a comma, the arrow or the end; an ellipsis becomes letters that the text does not
 * have, the last ones of `spare`, so that dimensions that are broadcast over line up at the right. */
static bool parse_operand(char *to, const char **at, int64_t rank, const char *spare)
{
    int64_t named = 0;
    size_t n = 0;
    for (const char *c = *at; *c != '\0' && *c != ',' && *c != '-'; c++) {
        named += is_letter(*c);
    }
    for (; **at != '\0' && **at != ',' && **at != '-'; (*at)++) {
        if (strncmp(*at, "...", 3) == 0) {
            size_t more = rank > named ? (size_t)(rank - named) : 0;
            if (n + more >= LETTERS || more > strlen(spare)) {
                return false;
            }
            memcpy(to + n, spare + strlen(spare) - more, more);
            n += more;
            *at += 2;
        } else if (is_letter(**at) && n + 1 < LETTERS) {
            to[n++] = **at;
        } else if (**at != ' ') {
            return false;
        }
    }
    to[n] = '\0';
    return (int64_t)n == rank;
}

/* Letters that the text does not have. */
static void find_spare(char *spare, const char *text)
{
    size_t n = 0;
    for (int letter = 'A'; letter <= 'z' && n < ASSAY_ONNX_RANK; letter++) {
        char c = (char)letter;
        if (is_letter(c) && strchr(text, c) == NULL) {
            spare[n++] = c;
        }
    }
    spare[n] = '\0';
}

/* Without an arrow the output is what the ellipsis stands for and what occurs once, in order. */
static void imply_output(equation *e, const char *spare, size_t dots)
{
    size_t n = dots;
    memcpy(e->out, spare + strlen(spare) - dots, dots);
    for (int letter = 'A'; letter <= 'z'; letter++) {
        char c = (char)letter;
        int32_t uses = 0;
        for (int32_t i = 0; i < e->n; i++) {
            uses += strchr(e->in[i], c) != NULL;
        }
        if (uses == 1 && is_letter(c) && memchr(spare, c, strlen(spare)) == NULL &&
            n + 1 < LETTERS) {
            e->out[n++] = c;
        }
    }
}

static bool parse(equation *e, const onnx_vjp *v)
{
    const char *text = assay_onnx_attribute_text(v->node, "equation", "");
    const char *at = text;
    char spare[LETTERS];
    bool fits = v->node->n_in <= OPERANDS;
    size_t dots = 0;
    *e = (equation){.n = v->node->n_in};
    find_spare(spare, text);
    for (int32_t i = 0; fits && i < e->n; i++) {
        const char *from = at;
        int64_t rank = v->node->in[i] != NULL ? v->node->in[i]->rank : -1;
        fits = rank >= 0 && parse_operand(e->in[i], &at, rank, spare) && !repeated(e->in[i]) &&
               (i + 1 == e->n ? *at != ',' : *at == ',');
        size_t unnamed = 0;
        for (const char *c = e->in[i]; *c != '\0'; c++) {
            unnamed += strchr(spare, *c) != NULL && memchr(from, *c, (size_t)(at - from)) == NULL;
        }
        dots = unnamed > dots ? unnamed : dots;
        at += *at == ',';
    }
    if (!fits) {
        return false;
    }
    if (at[0] != '-' || at[1] != '>') {
        imply_output(e, spare, dots);
        return *at == '\0' && !repeated(e->out);
    }
    at += 2;
    return parse_operand(e->out, &at, v->dy->rank, spare) && !repeated(e->out);
}

static void append(char *text, size_t *n, const char *more)
{
    size_t length = strlen(more);
    memcpy(text + *n, more, length + 1);
    *n += length;
}

/* Letters that only this operand has were summed over: their gradient is repeated. Dimensions of 1
 * that were broadcast over become sums. */
static assay_onnx_value *einsum_back(onnx_vjp *v, const equation *e, int32_t i)
{
    char text[(OPERANDS + 2) * (LETTERS + 2)];
    char kept[LETTERS] = {0};
    int64_t shape[ASSAY_ONNX_RANK];
    assay_onnx_value *in[OPERANDS] = {v->dy};
    const assay_onnx_value *x = v->node->in[i];
    int32_t n = 1;
    size_t at = 0;
    size_t m = 0;
    append(text, &at, e->out);
    for (int32_t k = 0; k < e->n; k++) {
        if (k != i) {
            append(text, &at, ",");
            append(text, &at, e->in[k]);
            in[n++] = v->node->in[k];
        }
    }
    for (int32_t d = 0; e->in[i][d] != '\0'; d++) {
        char c = e->in[i][d];
        bool there = strchr(text, c) != NULL && x->shape[d] != 1;
        shape[d] = there ? x->shape[d] : 1;
        if (there) {
            kept[m++] = c;
        }
    }
    append(text, &at, "->");
    append(text, &at, kept);
    const assay_onnx_attribute attribute = ONNX_TEXT("equation", text);
    assay_onnx_value *t = onnx_emit(&v->b, "Einsum", n, in, 1, &attribute, 1);
    return onnx_expand_like(&v->b, onnx_reshape(&v->b, t, x->rank, shape), x);
}

void onnx_vjp_einsum(onnx_vjp *v)
{
    equation e;
    if (!parse(&e, v)) {
        onnx_refuse(v, "has an equation with a letter twice in one operand or more than eight "
                       "operands, for which there is no gradient rule");
        return;
    }
    for (int32_t i = 0; i < e.n; i++) {
        if (onnx_want(v, i)) {
            onnx_give(v, i, einsum_back(v, &e, i));
        }
    }
}
