/**
 * @file build.h
 * Adding nodes to a graph. Failure is sticky: after the first one everything gives NULL, and one look
 * at `status` at the end tells what went wrong, so that rules read like formulas. Shapes are inferred
 * as nodes are added; every addition is checked by that.
 */
#ifndef ASSAY_ONNX_BUILD_H
#define ASSAY_ONNX_BUILD_H

#include "onnx/graph.h"

typedef struct assay_onnx_build {
    assay_onnx_graph *graph;
    assay_status status;
    assay_error *err;
} assay_onnx_build;

#define ONNX_INT(key, value)                                                                       \
    ((assay_onnx_attribute){.name = (key), .type = ASSAY_ONNX_A_INT, .i = (value)})
#define ONNX_FLOAT(key, value)                                                                     \
    ((assay_onnx_attribute){.name = (key), .type = ASSAY_ONNX_A_FLOAT, .f = (value)})
#define ONNX_TEXT(key, value)                                                                      \
    ((assay_onnx_attribute){.name = (key), .type = ASSAY_ONNX_A_TEXT, .text = (value)})
#define ONNX_INTS(key, list, count)                                                                \
    ((assay_onnx_attribute){                                                                       \
        .name = (key), .type = ASSAY_ONNX_A_INTS, .ints = (list), .n = (size_t)(count)})

/** Any operator of ai.onnx: inputs may be NULL (left out); what attributes point to is copied. The
 *  first of `n_out` outputs; the others by assay_onnx_out(value->node, i). */
assay_onnx_value *onnx_emit(assay_onnx_build *b, const char *op, int32_t n_in,
                            assay_onnx_value *const *in, int32_t n_attributes,
                            const assay_onnx_attribute *attributes, int32_t n_out);

/** Notes which of the node's outputs the runtime keeps in its blocked layout (vjp/blocked.c), from
 *  what was noted for its inputs. Nodes that are emitted are noted as they come. */
void onnx_note_layout(assay_onnx_node *node);

/* Without attributes. */
assay_onnx_value *onnx_1(assay_onnx_build *b, const char *op, assay_onnx_value *x);
assay_onnx_value *onnx_2(assay_onnx_build *b, const char *op, assay_onnx_value *x,
                         assay_onnx_value *y);
assay_onnx_value *onnx_3(assay_onnx_build *b, const char *op, assay_onnx_value *x,
                         assay_onnx_value *y, assay_onnx_value *z);

/* Constants. */
assay_onnx_value *onnx_list(assay_onnx_build *b, const int64_t *values, int64_t n);
assay_onnx_value *onnx_one_int(assay_onnx_build *b, int64_t value); /* a list of one */
assay_onnx_value *onnx_index(assay_onnx_build *b, int64_t value);   /* a single number */
/** A single real number of the type (float16 and bfloat16 too). */
assay_onnx_value *onnx_real(assay_onnx_build *b, int32_t type, double value);
/** An array of real numbers of the type. */
assay_onnx_value *onnx_reals(assay_onnx_build *b, int32_t type, const double *values, int32_t rank,
                             const int64_t *shape);
assay_onnx_value *onnx_whole(assay_onnx_build *b, const int64_t *values, int32_t rank,
                             const int64_t *shape);

/* Small formulas; `x op number` takes the number in x's type. */
assay_onnx_value *onnx_scale(assay_onnx_build *b, assay_onnx_value *x, double factor);
assay_onnx_value *onnx_shift(assay_onnx_build *b, assay_onnx_value *x, double addend);
assay_onnx_value *onnx_reshape(assay_onnx_build *b, assay_onnx_value *x, int32_t rank,
                               const int64_t *shape);
/** To the shape of another value, which must be known. */
assay_onnx_value *onnx_reshape_like(assay_onnx_build *b, assay_onnx_value *x,
                                    const assay_onnx_value *like);
assay_onnx_value *onnx_transpose(assay_onnx_build *b, assay_onnx_value *x, const int64_t *perm);
/** Over the axes; over all of them when `axes` is NULL. */
assay_onnx_value *onnx_sum(assay_onnx_build *b, assay_onnx_value *x, const int64_t *axes, int64_t n,
                           bool keep);
assay_onnx_value *onnx_mean(assay_onnx_build *b, assay_onnx_value *x, const int64_t *axes,
                            int64_t n);
assay_onnx_value *onnx_cast(assay_onnx_build *b, assay_onnx_value *x, int32_t type);
assay_onnx_value *onnx_expand_like(assay_onnx_build *b, assay_onnx_value *x,
                                   const assay_onnx_value *like);
/** Step 1 or -1 along one axis. */
assay_onnx_value *onnx_slice(assay_onnx_build *b, assay_onnx_value *x, int32_t axis, int64_t from,
                             int64_t to, int64_t step);
/** Zeros before and after, per dimension; negative numbers cut off. `pads` has 2 * rank entries. */
assay_onnx_value *onnx_pad_zeros(assay_onnx_build *b, assay_onnx_value *x, const int64_t *pads);
/** Where the mask (bool) holds, x, else zero. */
assay_onnx_value *onnx_keep(assay_onnx_build *b, assay_onnx_value *mask, assay_onnx_value *x);
/** The same as a product, which runtimes compute faster; x must be finite. */
assay_onnx_value *onnx_mask(assay_onnx_build *b, assay_onnx_value *mask, assay_onnx_value *x);
/** 1 where x > 0, else 0, in x's type. */
assay_onnx_value *onnx_step(assay_onnx_build *b, assay_onnx_value *x);
/** Sum over what broadcasting repeated, back to the shape of `like`. */
assay_onnx_value *onnx_unbroadcast(assay_onnx_build *b, assay_onnx_value *x,
                                   const assay_onnx_value *like);

/** The sticky failure; context may be put before it. */
void onnx_fail(assay_onnx_build *b, assay_status status, const char *format, ...)
    ASSAY_PRINTF(3, 4);

#endif
