/**
 * @file gradient.h
 * Reverse-mode differentiation of a graph: nodes that compute gradients are added to it, in plain
 * operators of ai.onnx, so that any runtime runs them. One rule per operator (src/onnx/vjp/).
 */
#ifndef ASSAY_ONNX_GRADIENT_H
#define ASSAY_ONNX_GRADIENT_H

#include "onnx/graph.h"

/** What is done with operators whose derivative is zero almost everywhere although they carry
 *  information on (rounding, casts to whole numbers, quantisation). */
typedef enum assay_onnx_steps {
    ASSAY_ONNX_STEPS_STRAIGHT = 0, /* as if they were the identity: straight-through (Bengio et al.
                                      2013, arXiv:1308.3432; BPDA of Athalye et al. 2018) */
    ASSAY_ONNX_STEPS_STOP          /* no gradient, which is the truth almost everywhere */
} assay_onnx_steps;

/** Texts in the graph's arena, one per node: "Round \"q\"". */
typedef struct assay_onnx_names {
    const char **items;
    int32_t n, capacity;
} assay_onnx_names;

typedef struct assay_onnx_gradient_request {
    assay_onnx_value *const *outputs; /* differentiated: the sum over all their elements */
    int32_t n_outputs;
    assay_onnx_value *const *wanted; /* inputs, initialisers or inner values */
    int32_t n_wanted;
    assay_onnx_steps steps;
} assay_onnx_gradient_request;

/**
 * Add the gradient nodes; gradients[i] has the shape of wanted[i] and is zero when nothing depends on
 * it. The graph must be upgraded (upgrade.h) and all shapes on the way known: fix dynamic dimensions
 * of the inputs first. `by_policy` (may be NULL) gets the nodes that `steps` decided about. A node
 * without a rule is ASSAY_EUNSUPPORTED naming it and what to do.
 */
ASSAY_NODISCARD assay_status assay_onnx_gradient(assay_onnx_value **gradients,
                                                 assay_onnx_names *by_policy,
                                                 assay_onnx_graph *graph,
                                                 const assay_onnx_gradient_request *request,
                                                 assay_error *err);

/** Always a failure: why an output cannot be differentiated, naming the node where its shape is lost,
 *  the first all of whose inputs are known. */
ASSAY_NODISCARD assay_status assay_onnx_gradient_refuse(const assay_onnx_graph *graph,
                                                        const assay_onnx_value *out,
                                                        assay_error *err);

/** Nodes between `wanted` and `outputs` that have no rule: none = differentiable. Needs no shapes. */
ASSAY_NODISCARD assay_status assay_onnx_gradient_blockers(
    assay_onnx_names *without_rule, assay_onnx_names *by_policy, assay_onnx_graph *graph,
    const assay_onnx_gradient_request *request, assay_error *err);

/**
 * Is the gradient of all outputs zero everywhere, since nothing but comparisons, signs, places and the
 * like leads from `wanted` to them? Then `flat` gets these nodes; else it stays empty.
 */
ASSAY_NODISCARD assay_status assay_onnx_gradient_flat(assay_onnx_names *flat,
                                                      assay_onnx_graph *graph,
                                                      const assay_onnx_gradient_request *request,
                                                      assay_error *err);

/** The i-th operator with a rule, by name; NULL beyond the last. For documentation and tests. */
const char *assay_onnx_gradient_operator(int32_t i);

#endif
