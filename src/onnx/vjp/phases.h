/** @file phases.h  Gradients of strided convolutions as ordinary convolutions, phase by phase. */
#ifndef ASSAY_ONNX_VJP_PHASES_H
#define ASSAY_ONNX_VJP_PHASES_H

#include "onnx/vjp/vjp.h"
#include "onnx/window.h"

/** Two axes, strides alike, one group: what onnx_by_phases does; and where it is faster. */
bool onnx_phases_suit(const onnx_vjp *v, const assay_onnx_window *win);

/** dx of a Conv from dy, at least as large as x; what is beyond x at the ends is to be cut off. */
assay_onnx_value *onnx_by_phases(onnx_vjp *v, const assay_onnx_window *win);

#endif
