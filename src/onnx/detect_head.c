#include "onnx/detect_head.h"

#include <inttypes.h>
#include <math.h>

#include "onnx/build.h"

/* Probabilities are kept this far from 0 before a logarithm; single precision has nothing nearer to 1
 * than 6e-8. */
static const double least = 1e-30;
static const double least_complement = 3e-8;

static assay_status misfit(const assay_onnx_value *raw, int64_t columns, assay_error *err)
{
    return assay_fail(err, ASSAY_EFORMAT,
                      "output \"%.200s\" does not have the %" PRId64
                      " columns that its decoder and the number of classes ask for",
                      raw->name, columns);
}

/* [n, candidates, columns] */
static assay_onnx_value *as_rows(assay_onnx_build *b, const assay_onnx_candidates *from,
                                 int64_t columns)
{
    assay_onnx_value *x = from->raw;
    const int64_t n = x->shape[0];
    const int64_t rows = assay_onnx_count(x) / (n * columns);
    const int64_t flat[3] = {n, rows, columns};
    if (from->anchors > 0) {
        const int64_t parts[4] = {n, from->anchors, columns, rows / from->anchors};
        static const int64_t turn[4] = {0, 1, 3, 2};
        x = onnx_transpose(b, onnx_reshape(b, x, 4, parts), turn);
    } else if (from->columns_second) {
        const int64_t parts[3] = {n, columns, rows};
        static const int64_t turn[3] = {0, 2, 1};
        x = onnx_transpose(b, onnx_reshape(b, x, 3, parts), turn);
    }
    return onnx_reshape(b, x, 3, flat);
}

static bool fits(const assay_onnx_candidates *from, int64_t columns)
{
    const assay_onnx_value *x = from->raw;
    if (from->anchors > 0) {
        return x->rank == 4 && x->shape[1] == from->anchors * columns;
    }
    return from->columns_second ? x->rank >= 3 && x->shape[1] == columns
                                : x->rank >= 3 && x->shape[x->rank - 1] == columns;
}

static assay_onnx_value *squash(assay_onnx_build *b, assay_onnx_value *x, assay_onnx_squash kind)
{
    const assay_onnx_attribute axis = ONNX_INT("axis", -1);
    if (kind == ASSAY_ONNX_SQUASH_SOFTMAX) {
        return onnx_emit(b, "Softmax", 1, &x, 1, &axis, 1);
    }
    return kind == ASSAY_ONNX_SQUASH_SIGMOID ? onnx_1(b, "Sigmoid", x) : x;
}

assay_status assay_onnx_add_candidates(assay_onnx_value **scores, assay_onnx_value **boxes,
                                       assay_onnx_graph *graph, const assay_onnx_candidates *from,
                                       assay_error *err)
{
    assay_onnx_build b = {.graph = graph, .err = err};
    const int64_t extra = from->background >= 0 ? 1 : 0;
    const int64_t columns = from->first + from->classes + extra;
    if (!assay_onnx_is_static(from->raw)) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "the shape of output \"%.200s\" depends on the data", from->raw->name);
    }
    if (!fits(from, columns)) {
        return misfit(from->raw, columns, err);
    }
    assay_onnx_value *rows = as_rows(&b, from, columns);
    rows = onnx_cast(&b, rows, ASSAY_ONNX_FLOAT);
    assay_onnx_value *p = onnx_slice(&b, rows, 2, from->first, columns, 1);
    p = squash(&b, p, from->squash);
    if (from->background >= 0) {
        int64_t start = from->background == from->first ? 1 : 0;
        p = onnx_slice(&b, p, 2, start, start + from->classes, 1);
    }
    if (from->objectness >= 0) {
        assay_onnx_value *o = onnx_slice(&b, rows, 2, from->objectness, from->objectness + 1, 1);
        o = squash(&b, o,
                   from->squash == ASSAY_ONNX_SQUASH_NONE ? ASSAY_ONNX_SQUASH_NONE
                                                          : ASSAY_ONNX_SQUASH_SIGMOID);
        p = onnx_2(&b, "Mul", p, o);
    }
    if (boxes != NULL && from->boxes >= 0) {
        *boxes = onnx_slice(&b, rows, 2, from->boxes, from->boxes + 4, 1);
    }
    *scores = p;
    return b.status;
}

assay_status assay_onnx_join_candidates(assay_onnx_value **out, assay_onnx_graph *graph,
                                        assay_onnx_value *const *parts, int32_t n, assay_error *err)
{
    assay_onnx_build b = {.graph = graph, .err = err};
    const assay_onnx_attribute axis = ONNX_INT("axis", 1);
    *out = n == 1 ? parts[0] : onnx_emit(&b, "Concat", n, parts, 1, &axis, 1);
    return b.status;
}

static assay_onnx_value *greatest(assay_onnx_build *b, assay_onnx_value *x, int64_t axis, bool keep)
{
    assay_onnx_value *in[2] = {x, onnx_one_int(b, axis)};
    const assay_onnx_attribute kept = ONNX_INT("keepdims", keep ? 1 : 0);
    return onnx_emit(b, "ReduceMax", 2, in, 1, &kept, 1);
}

static assay_onnx_value *log_from(assay_onnx_build *b, assay_onnx_value *p, double floor_)
{
    return onnx_1(b, "Log", onnx_2(b, "Max", p, onnx_real(b, ASSAY_ONNX_FLOAT, floor_)));
}

static assay_onnx_value *log_of(assay_onnx_build *b, assay_onnx_value *p)
{
    return log_from(b, p, least);
}

static assay_onnx_value *log_of_rest(assay_onnx_build *b, assay_onnx_value *p)
{
    return log_from(b, onnx_shift(b, onnx_1(b, "Neg", p), 1.0), least_complement);
}

assay_status assay_onnx_add_verdict(assay_onnx_value **out, assay_onnx_graph *graph,
                                    assay_onnx_value *scores, double threshold, assay_error *err)
{
    assay_onnx_build b = {.graph = graph, .err = err};
    const assay_onnx_attribute axis = ONNX_INT("axis", 1);
    const double bar = log(threshold) - log1p(-threshold);
    const int64_t column[2] = {scores->shape[0], 1};
    assay_onnx_value *p = greatest(&b, scores, 1, false);
    assay_onnx_value *z = onnx_2(&b, "Sub", log_of(&b, p), log_of_rest(&b, p));
    if (b.status != ASSAY_OK) {
        return b.status;
    }
    double *bars = assay_arena_alloc(graph->arena, (size_t)column[0], sizeof *bars);
    if (bars == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < column[0]; i++) {
        bars[i] = bar;
    }
    assay_onnx_value *parts[2] = {onnx_reals(&b, ASSAY_ONNX_FLOAT, bars, 2, column), z};
    *out = onnx_emit(&b, "Concat", 2, parts, 1, &axis, 1);
    return b.status;
}

/* [n, candidates]: 1 where the greatest score reaches the threshold. */
static assay_onnx_value *counts(assay_onnx_build *b, assay_onnx_value *best, double threshold)
{
    assay_onnx_value *bar = onnx_real(b, ASSAY_ONNX_FLOAT, threshold);
    return onnx_cast(b, onnx_2(b, "GreaterOrEqual", best, bar), ASSAY_ONNX_FLOAT);
}

static assay_onnx_value *mislabel(assay_onnx_build *b, const assay_onnx_aim_request *q,
                                  assay_onnx_value *weight)
{
    const int64_t last = 2;
    const int64_t n = q->scores->shape[0];
    const int64_t flat[2] = {n, q->scores->shape[1]};
    assay_onnx_value *total = onnx_sum(b, q->scores, &last, 1, true);
    total = onnx_2(b, "Max", total, onnx_real(b, ASSAY_ONNX_FLOAT, least));
    assay_onnx_value *share = onnx_2(b, "Div", q->scores, total);
    if (q->class_index >= 0) {
        share = onnx_slice(b, share, 2, q->class_index, q->class_index + 1, 1);
        return onnx_2(b, "Mul", weight, log_of(b, onnx_reshape(b, share, 2, flat)));
    }
    return onnx_2(b, "Mul", weight, onnx_1(b, "Neg", log_of(b, greatest(b, share, 2, false))));
}

assay_status assay_onnx_add_aim(assay_onnx_value **out, assay_onnx_graph *graph,
                                const assay_onnx_aim_request *q, assay_error *err)
{
    assay_onnx_build b = {.graph = graph, .err = err};
    const int64_t candidates = 1;
    const int64_t last = 2;
    const int64_t column[2] = {q->scores->shape[0], 1};
    assay_onnx_value *best = greatest(&b, q->scores, 2, false);
    assay_onnx_value *each = NULL;
    switch (q->aim) {
    case ASSAY_ONNX_AIM_VANISH:
        each = log_of_rest(&b, best);
        break;
    case ASSAY_ONNX_AIM_FABRICATE:
        each = log_of(&b, best);
        break;
    case ASSAY_ONNX_AIM_MISLABEL:
        each = mislabel(&b, q, counts(&b, best, q->threshold));
        break;
    case ASSAY_ONNX_AIM_SHIFT:
        each = onnx_1(&b, "Abs", onnx_2(&b, "Sub", q->boxes, q->reference));
        each = onnx_sum(&b, each, &last, 1, false);
        each = onnx_2(&b, "Mul", each, counts(&b, best, q->threshold));
        break;
    }
    *out = onnx_reshape(&b, onnx_sum(&b, each, &candidates, 1, false), 2, column);
    return b.status;
}
