/**
 * @file ort_blocked.h
 * Gradient graphs in ONNX Runtime's blocked layout. For convolutions its processor backend keeps maps
 * of features with 8 or 16 channels beside one another ("nchwc") and puts them back into the usual
 * order before any operator that it does not know there: our kernels among them, and a mask takes two
 * passes. So the graph is taken as the runtime has optimised it, our kernels are put onto the blocked
 * maps, and the result is opened as it stands. The arithmetic is the same, bit for bit.
 */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_BLOCKED_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_BLOCKED_H

#include "onnx/graph.h"

struct assay_ort_session; /* of ort_session.h */

/** Channels that lie beside one another; 0 where the runtime has no such layout. */
int64_t assay_ort_block_size(void);

/** Puts our kernels onto blocked maps in a graph that the runtime has optimised; the number of nodes
 *  that were changed. `gates`: masks too. */
ASSAY_NODISCARD assay_status assay_ort_blocked_rewrite(int32_t *changed, assay_onnx_graph *graph,
                                                       int64_t block, bool gates, assay_error *err);

/** As assay_ort_session_open_bytes of the graph, which our kernels have been put into, but with blocked
 *  maps wherever that succeeds; the number of nodes that were changed for it (may be NULL). */
ASSAY_NODISCARD assay_status assay_ort_blocked_open(struct assay_ort_session *out, int32_t *changed,
                                                    const assay_onnx_graph *graph,
                                                    assay_error *err);

#endif
