/**
 * @file ort_layout.h
 * Kernels of our own for steps of gradients that only move or mask maps of features. Written in
 * operators of ai.onnx they take several passes over the data, of which a gradient has little to spare.
 */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_LAYOUT_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_LAYOUT_H

#include "onnx/graph.h"

struct OrtCustomOp; /* of onnxruntime_c_api.h */

/* Phases of a stride put side by side: [N, given * C, H, W] to [N, C, step * H, step * W]; phases that
 * are not given are zero. Its list of numbers: step, given, channels in a block (0 = planes). */
#define ASSAY_ORT_INTERLEAVE "Interleave"
#define ASSAY_ORT_INTERLEAVE_NUMBERS "phases"

enum {
    ASSAY_ORT_INTERLEAVE_GIVEN = 1,
    ASSAY_ORT_INTERLEAVE_BLOCK = 2,
    ASSAY_ORT_BLOCK_LEAST = 8 /* channels of a block; others are multiples */
};

/* Interleave of the four phases of step 2 in blocks, each an input of its own; and masked by the fifth. */
#define ASSAY_ORT_INTERLEAVE_FOUR "InterleaveFour"
#define ASSAY_ORT_INTERLEAVE_FOUR_GATED "InterleaveFourGated"

/* a + Interleave(b), with its numbers, where one phase of blocks is given. */
#define ASSAY_ORT_INTERLEAVE_ONTO "InterleaveOnto"

/* The bits of where a HardSigmoid of a map is 1, which has its attributes; and the map where they are
 * set, zeros elsewhere. A float for each place would have to be kept from the forward pass. */
#define ASSAY_ORT_MASK "Mask"
#define ASSAY_ORT_GATE "Gate"

/** Puts Interleave in the place of the reshapes and transpositions that say the same. */
ASSAY_NODISCARD assay_status assay_ort_interleave_replace(assay_onnx_graph *graph,
                                                          assay_error *err);

/** Is it a HardSigmoid that is 0 or 1 for every number of float32? */
bool assay_ort_is_gate(const assay_onnx_node *node);
/** Does every one of them only multiply values of its own shape? Shapes must be known. */
bool assay_ort_gates_agree(const assay_onnx_graph *graph);

/* `in_place`: the runtime can be told that the result may lie on the first input. */
const struct OrtCustomOp *assay_ort_interleave_operator(void);
const struct OrtCustomOp *assay_ort_four_operator(void);
const struct OrtCustomOp *assay_ort_four_gated_operator(void);
const struct OrtCustomOp *assay_ort_onto_operator(bool in_place);
const struct OrtCustomOp *assay_ort_mask_operator(void);
const struct OrtCustomOp *assay_ort_gate_operator(bool in_place);

#endif
