/** @file attack_internal.h  What the files of the attack framework share. */
#ifndef ASSAY_CORE_ATTACK_INTERNAL_H
#define ASSAY_CORE_ATTACK_INTERNAL_H

#include <pthread.h>

#include "base/buffer.h"
#include "core/attack_run.h"

/** The models' side of a block: who is asked, with what memory. One per worker. */
typedef struct assay_attack_oracle {
    const assay_attack_options *options;
    pthread_mutex_t *lock; /* around models that answer one call at a time */
    const char **ids;      /* of the block's rows */
    int32_t channels, height, width, classes;
    int64_t most;             /* largest batch of all models */
    void *tensor;             /* most x the largest element size */
    assay_image *images;      /* most, empty between calls */
    float *gradient;          /* most x size: with respect to the tensor */
    float *logits;            /* most x classes */
    int32_t *labels, *others; /* most */
    const char **batch_ids;   /* most */
    const float **pixels;     /* most */
    assay_buffer events;      /* assay_attack_event */
    assay_rng *draws;         /* per row: the noise of the repeats */
} assay_attack_oracle;

static inline int32_t assay_points_place(const assay_points *points, int64_t i)
{
    return points->at != NULL ? points->at[i] : (int32_t)i;
}

static inline int32_t assay_points_row(const assay_points *points, int64_t i)
{
    return points->of != NULL ? points->of[i] : assay_points_place(points, i);
}

/** Keep the point if it is adversarial, inside and nearer than what is known. `logits` of the point
 *  decide about confidence; NULL = labels only. */
ASSAY_NODISCARD assay_status assay_attack_record(assay_attack_block *block, int64_t row,
                                                 const float *x, const float *logits,
                                                 int32_t predicted, assay_error *err);

/** Write pixels (planar, [0, 1]) at place `i` of a batch tensor of the model. Integer inputs get the
 *  value rounded to 8 bit. */
void assay_attack_to_tensor(void *tensor, int64_t i, const assay_model *model, const float *pixels);
/** Chain rule back: gradient with respect to the tensor at place i -> with respect to pixels, added
 *  times `weight` to out. */
void assay_attack_from_tensor(float *out, const float *gradient, int64_t i,
                              const assay_model *model, float weight);

ASSAY_NODISCARD assay_status assay_attack_oracle_new(assay_attack_oracle *out,
                                                     const assay_attack_images *images,
                                                     const assay_attack_options *options,
                                                     int64_t rows, pthread_mutex_t *lock,
                                                     assay_error *err);
void assay_attack_oracle_dispose(assay_attack_oracle *oracle);

/** Classes that `model` gives n points, nothing counted or recorded. */
ASSAY_NODISCARD assay_status assay_attack_classify(int32_t *labels, assay_attack_oracle *oracle,
                                                   assay_model *model, const float *pixels,
                                                   const int32_t *rows, int64_t n,
                                                   assay_error *err);

/** As assay_attack_classify after rounding to 8 bit, through the deployed preparation of an 8-bit
 *  image; `levels` (same places) gets the rounded pixels. */
ASSAY_NODISCARD assay_status assay_attack_classify_rounded(int32_t *labels, float *levels,
                                                           assay_attack_oracle *oracle,
                                                           assay_model *model, const float *pixels,
                                                           const int32_t *rows, int64_t n,
                                                           assay_error *err);

ASSAY_NODISCARD assay_status assay_attack_result_new(assay_attack_result **out, int64_t rows,
                                                     const assay_attack_options *options,
                                                     assay_error *err);
/** As it was before anything was written into it. */
void assay_attack_forget_row(assay_attack_result *r, int64_t i);
/** A finished row of the result, its example (NULL = none) and its improvements, appended as bytes. */
void assay_attack_keep_row(assay_buffer *out, const assay_attack_result *r, int64_t i,
                           const float *best, int64_t size, const assay_attack_event *events,
                           int64_t n_events);
/** The same back into the result; improvements are appended for row `block_row` of a block. False: the
 *  bytes are not such a row, and the result's row is to be made anew. */
bool assay_attack_read_row(const assay_attack_result *r, int64_t i, bool *found, float *best,
                           int64_t size, assay_buffer *events, int64_t block_row,
                           const assay_buffer *bytes);

#endif
