/**
 * @file ort_picture.h
 * A ConvTranspose to the few channels of a picture, which is what the gradient of a network's first
 * convolution is, as one kernel. The runtime fills the channels up to a whole block or spreads sums over
 * the places one by one; here several places are summed at once, over the channels of a block, and maps
 * in the runtime's blocked layout are taken as they are.
 */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_PICTURE_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_PICTURE_H

#include "onnx/graph.h"

struct OrtCustomOp; /* of onnxruntime_c_api.h */

/* The operators, of a map and weights [channels of the map, of the picture, kernel]; the second masks the
 * map first, by the bits of ASSAY_ORT_MASK. Their list of numbers: stride and begin of both axes, height
 * and width of the picture; how many channels of the map lie beside one another, 0 = none: planes. */
#define ASSAY_ORT_PICTURE "PictureGradient"
#define ASSAY_ORT_PICTURE_GATED "PictureGradientGated"
#define ASSAY_ORT_PICTURE_NUMBERS "window"

enum { ASSAY_ORT_PICTURE_BLOCK = 6, ASSAY_PICTURE_CHANNELS = 4 };

typedef struct assay_picture {
    int64_t depth, in[2]; /* of the map; in an order of 0, 8 or 16 channels in a block */
    int64_t block;
    int64_t channels, out[2]; /* of the picture; at most ASSAY_PICTURE_CHANNELS */
    int64_t kernel[2], stride[2], begin[2];
} assay_picture;

/**
 * out[n, channels, out] = the sum over places and channels of map[n, depth, in] w[depth, channels, kernel]
 * that reach it: place y of the map reaches y stride - begin + tap. `mask` NULL = none; else a bit for each
 * number of the map. The same bits for every `block`. ASSAY_ENOMEM.
 */
ASSAY_NODISCARD assay_status assay_picture_gradient(float *out, const float *map, const float *w,
                                                    const uint8_t *mask, int64_t n,
                                                    const assay_picture *p, assay_error *err);

/** Puts the kernel in the place of each ConvTranspose that it can stand for. */
ASSAY_NODISCARD assay_status assay_ort_picture_replace(assay_onnx_graph *graph, assay_error *err);

const struct OrtCustomOp *assay_ort_picture_operator(void);
const struct OrtCustomOp *assay_ort_picture_gated_operator(void);

#endif
