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

/** How many channels the shape tells; 0 = it doesn't, or not for sure. */
int64_t assay_head_channels(const assay_raw *raw, int32_t layout);

/** Where the numbers of such a head lie. */
typedef struct assay_head {
    const float *data; /* the raw tensor's */
    int64_t anchors;
    int64_t step; /* from channel to channel of an anchor */
    int64_t next; /* from anchor to anchor */
} assay_head;

/** `channels` as the model's classes make them. They come first unless told otherwise: there are far more
 *  anchors. ASSAY_EFORMAT when the tensor has another number of them. */
ASSAY_NODISCARD assay_status assay_head_open(assay_head *out, const assay_raw *raw,
                                             int64_t channels, int32_t layout, assay_error *err);

/** An anchor's first channel. */
static inline const float *assay_head_row(const assay_head *head, int64_t anchor)
{
    return head->data + anchor * head->next;
}

#endif
