/**
 * @file infer.h
 * Types and shapes of every value, and the values of small constants (shape arithmetic), computed
 * from the declared inputs. Graphs are in the form that upgrade.h gives. What cannot be told stays
 * unknown; a contradiction is an error that names the node.
 */
#ifndef ASSAY_ONNX_INFER_H
#define ASSAY_ONNX_INFER_H

#include "onnx/graph.h"

/** Of every node, in order. Idempotent. */
ASSAY_NODISCARD assay_status assay_onnx_infer(assay_onnx_graph *graph, assay_error *err);

/** Of one node whose inputs are known; for nodes that are being added. */
ASSAY_NODISCARD assay_status assay_onnx_infer_node(assay_onnx_graph *graph, assay_onnx_node *node,
                                                   assay_error *err);

/** True when there is a rule for the operator's shapes. */
bool assay_onnx_infer_knows(const assay_onnx_node *node);

/**
 * Multiply-accumulates of the node counted as two operations, one for each other output element of
 * arithmetic; 0 for moving data around; -1 when shapes are not known.
 */
int64_t assay_onnx_flops(const assay_onnx_node *node);

#endif
