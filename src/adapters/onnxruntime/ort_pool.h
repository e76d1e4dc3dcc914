/**
 * @file ort_pool.h
 * The gradient of a MaxPool as one kernel. The gradient graph says it in operators of ai.onnx: MaxPool
 * with its second output, places of the maxima, and ScatterElements. ONNX Runtime looks for the places
 * number by number, which in a ResNet takes a tenth of the whole gradient; here several windows are
 * looked at at once. A graph that runs elsewhere keeps the plain operators.
 */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_POOL_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_POOL_H

#include "onnx/graph.h"

struct OrtCustomOp; /* of onnxruntime_c_api.h */

/* The operator, and its list of numbers: kernel, stride, dilation, begin of both axes; how many channels
 * lie beside one another, 0 = none: planes. */
#define ASSAY_ORT_POOL "MaxPoolGradient"
#define ASSAY_ORT_POOL_NUMBERS "window"

enum { ASSAY_ORT_POOL_BLOCK = 8 };

/** Windows over two axes; begin is the padding before them. */
typedef struct assay_pool {
    int64_t kernel[2], stride[2], dilation[2], begin[2];
} assay_pool;

/**
 * dx[planes, in] = the sum over windows of dy[planes, out] at the first place, row by row, where x is
 * y, the window's maximum (the rule of torch and of ONNX Runtime's places). ASSAY_ENOMEM.
 */
ASSAY_NODISCARD assay_status assay_pool_gradient(float *dx, const float *x, const float *y,
                                                 const float *dy, int64_t planes,
                                                 const int64_t in[2], const int64_t out[2],
                                                 const assay_pool *pool, assay_error *err);

/** The same of maps whose channels lie in blocks, [planes, in, block]; block is a multiple of 8. */
void assay_pool_gradient_blocked(float *dx, const float *x, const float *y, const float *dy,
                                 int64_t planes, int64_t block, const int64_t in[2],
                                 const int64_t out[2], const assay_pool *pool);

/** Puts the kernel in the place of the operators, wherever they are of float32 maps and windows lie and reach
 *  no farther than those of pictures do; then prunes. */
ASSAY_NODISCARD assay_status assay_ort_pool_replace(assay_onnx_graph *graph, assay_error *err);

/** For a session's domain of own kernels; lives as long as the program. */
const struct OrtCustomOp *assay_ort_pool_operator(void);

#endif
