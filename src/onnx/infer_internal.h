/** @file infer_internal.h  Families of shape rules; each is a function over one node. */
#ifndef ASSAY_ONNX_INFER_INTERNAL_H
#define ASSAY_ONNX_INFER_INTERNAL_H

#include "onnx/infer.h"

typedef struct onnx_shape {
    int32_t rank; /* -1 = not known */
    int64_t d[ASSAY_ONNX_RANK];
} onnx_shape;

/** A rule fills type and shape of the outputs. `param` is the table's; see the families. */
typedef assay_status (*onnx_infer_fn)(assay_onnx_graph *graph, assay_onnx_node *node, int param,
                                      assay_error *err);

typedef struct onnx_infer_rule {
    const char *op;
    onnx_infer_fn fn;
    int param;
    int flops; /* operations per element of the first output; 0 = none, -1 = has its own formula */
} onnx_infer_rule;

onnx_shape onnx_shape_of(const assay_onnx_value *value);
/** Type and shape of an output that may be left out; an unknown rank keeps a declared one. */
void onnx_set(assay_onnx_value *out, int32_t type, const onnx_shape *shape);
/** Numpy's broadcasting; false when the shapes do not fit. */
bool onnx_broadcast(onnx_shape *into, const onnx_shape *other);
/** A negative axis counted from the end; -1 when it is outside of 0 .. rank - 1. */
int32_t onnx_axis(int64_t axis, int32_t rank);

assay_status onnx_infer_same(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_broadcast(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_where(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_cast(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_norm(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_quantize(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);

assay_status onnx_infer_window(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_global_pool(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_matmul(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_gemm(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_einsum(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_reduce(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_arg(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_topk(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_loss(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);

assay_status onnx_infer_reshape(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_flatten(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_squeeze(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_unsqueeze(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_transpose(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_concat(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_split(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_slice(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_pad(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_tile(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_expand(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_depth(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);

assay_status onnx_infer_shape_op(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_constant(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_fill(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_range(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_gather(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_gather_elements(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_gather_nd(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_one_hot(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_resize(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_attention(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_grid(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);
assay_status onnx_infer_opaque(assay_onnx_graph *, assay_onnx_node *, int, assay_error *);

/** The number that a constant of one element holds; false when it is not one. */
bool onnx_constant_number(double *out, const assay_onnx_value *value);

/** Compute the outputs of a node whose inputs are small constants. */
assay_status onnx_fold(assay_onnx_graph *graph, assay_onnx_node *node, assay_error *err);

/* Constants that are only moved about (fold_move.c): the elements of the output from those of the
 * first input, whose shapes are known. False = not known here. */
bool onnx_fold_slice(char *bytes, const assay_onnx_node *node, int64_t count);
bool onnx_fold_transpose(char *bytes, const assay_onnx_node *node, int64_t count);
bool onnx_fold_expand(char *bytes, const assay_onnx_node *node, int64_t count);

#endif
