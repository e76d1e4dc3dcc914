/** @file decode.h  What decoders share: shapes in messages, activations, the best class of a row. */
#ifndef ASSAY_OPS_SHARED_DECODE_H
#define ASSAY_OPS_SHARED_DECODE_H

#include "core/decoder.h"

/** "expected N rows of ..." : ASSAY_EFORMAT with the tensor's name and shape before it. */
assay_status assay_decode_misfit(const assay_raw *raw, assay_error *err, const char *format, ...)
    ASSAY_PRINTF(3, 4);

/** ASSAY_OK when the tensor's rank is `rank` and every extent of `shape` that is >= 0 agrees. */
ASSAY_NODISCARD assay_status assay_decode_expect(const assay_raw *raw, int32_t rank,
                                                 const int64_t *shape, assay_error *err);

double assay_decode_sigmoid(double x);

/** Index of the largest of n values that lie `stride` apart, the first of equals; NaN wins, so that it
 *  is noticed. */
int64_t assay_decode_best(const float *values, int64_t n, int64_t stride);

/** A head of channels by anchors, as exported YOLOs have it. */
enum { ASSAY_HEAD_AUTO = 0, ASSAY_HEAD_CHANNELS_FIRST, ASSAY_HEAD_ANCHORS_FIRST };
extern const char *const assay_head_layouts[];

/** Channels come first unless told otherwise: there are far more anchors. `channels` as the model's classes
 *  make them; 0 = not known. */
bool assay_head_channels_first(const assay_raw *raw, int64_t channels, int32_t layout);
/** How many channels the shape tells; 0 = it doesn't, or not for sure. */
int64_t assay_head_channels(const assay_raw *raw, int32_t layout);

#endif
