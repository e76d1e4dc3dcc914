/**
 * @file head.h
 * Surgery: other inputs, other outputs, another end. Nothing is computed here; nodes are added to the
 * graph or no longer reached, and assay_onnx_prune takes away what is not needed any more.
 */
#ifndef ASSAY_ONNX_HEAD_H
#define ASSAY_ONNX_HEAD_H

#include "onnx/graph.h"

/** Fix the shape of an input; do it before assay_onnx_upgrade, which infers all others from it.
 *  A dimension that the model declares otherwise is ASSAY_EFORMAT. */
ASSAY_NODISCARD assay_status assay_onnx_pin(assay_onnx_value *input, int32_t rank,
                                            const int64_t *shape, assay_error *err);

/** The graph gives exactly these values from now on (raw heads, embeddings, gradients). */
ASSAY_NODISCARD assay_status assay_onnx_set_outputs(assay_onnx_graph *graph,
                                                    assay_onnx_value *const *values, int32_t n,
                                                    assay_error *err);

/** A new input of the graph. */
ASSAY_NODISCARD assay_status assay_onnx_add_input(assay_onnx_value **out, assay_onnx_graph *graph,
                                                  const char *name, int32_t type, int32_t rank,
                                                  const int64_t *shape, assay_error *err);

/**
 * The scores before a closing activation: the input of the Softmax, LogSoftmax or (sigmoid = true)
 * Sigmoid at the end, looked for behind nodes that only reshape or copy. *out has the shape of
 * `output`; *stripped is the operator's name, or NULL and *out = output when there is none. A softmax
 * over anything but the last dimension of size above 1 stays.
 */
ASSAY_NODISCARD assay_status assay_onnx_strip_activation(assay_onnx_value **out,
                                                         const char **stripped,
                                                         assay_onnx_graph *graph,
                                                         assay_onnx_value *output, bool sigmoid,
                                                         assay_error *err);

/** Losses of one datum's logits z: the definitions of core/model.h. */
typedef enum assay_onnx_loss {
    ASSAY_ONNX_LOSS_CROSS_ENTROPY = 1, /* -log softmax(z)[label] */
    ASSAY_ONNX_LOSS_MARGIN,            /* max of z_k, k != label, minus z_label */
    ASSAY_ONNX_LOSS_LOGIT,             /* z_label */
    ASSAY_ONNX_LOSS_LOGIT_DIFFERENCE,  /* z_other - z_label */
    ASSAY_ONNX_LOSS_DLR,               /* Croce, Hein 2020 (arXiv:2003.01690), eq. 6 */
    ASSAY_ONNX_LOSS_DLR_TARGETED       /* the same, eq. 7 */
} assay_onnx_loss;

/** logits [n, classes] and labels [n] (int64; `other` NULL where the loss does not name it) to the
 *  loss of each datum [n]. Of equal logits the one of the lower index counts. */
ASSAY_NODISCARD assay_status assay_onnx_add_loss(assay_onnx_value **out, assay_onnx_graph *graph,
                                                 assay_onnx_loss kind, assay_onnx_value *logits,
                                                 assay_onnx_value *label, assay_onnx_value *other,
                                                 assay_error *err);

#endif
