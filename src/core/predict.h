/**
 * @file predict.h
 * A model over a dataset, optionally through a perturbation: fixed batches, each read, perturbed,
 * prepared and run by one worker, so that decoding overlaps inference and memory depends on batch
 * and threads, not on the number of images. Finished batches are handed to a sink at once, so a
 * killed run loses at most the batches in flight.
 */
#ifndef ASSAY_CORE_PREDICT_H
#define ASSAY_CORE_PREDICT_H

#include "base/log.h"
#include "base/parallel.h"
#include "core/dataset.h"
#include "core/model.h"
#include "core/op.h"
#include "core/predictions.h"

/** Where finished batches go, and whether one is already there (resume). Any thread may call. */
typedef struct assay_batch_store {
    void *payload;
    /** Load batch `index` (n rows) if it was stored before: ASSAY_OK with *found 1 or 0. */
    assay_status (*load)(void *payload, int64_t index, int64_t n, int32_t classes, float *scores,
                         int32_t *labels, int *found, assay_error *err);
    assay_status (*save)(void *payload, int64_t index, int64_t n, int32_t classes,
                         const float *scores, const int32_t *labels, assay_error *err);
    /** The same for bytes that have no fixed size: *out is from assay_alloc, the caller's. */
    assay_status (*load_bytes)(void *payload, int64_t index, uint8_t **out, size_t *size,
                               int *found, assay_error *err);
    assay_status (*save_bytes)(void *payload, int64_t index, const void *bytes, size_t size,
                               assay_error *err);
} assay_batch_store;

typedef struct assay_predict_options {
    const assay_args *perturbation; /* NULL = none */
    uint64_t seed;
    int threads;                    /* 0 = all cores */
    const assay_batch_store *store; /* NULL = keep in memory only */
    const assay_cancel *cancel;
    const assay_log *log;
    const char *what; /* for the progress line */
} assay_predict_options;

/**
 * Row i of the result is datum i of the dataset. Targets are mapped by class name when the model
 * and the dataset name their classes differently ordered; a dataset class that the model doesn't
 * have is ASSAY_EFORMAT naming it. Scores are probabilities afterwards (softmax of logits in
 * double). NaN from the model is ASSAY_EFORMAT naming the datum.
 */
ASSAY_NODISCARD assay_status assay_predict(assay_predictions **out, assay_model *model,
                                           const assay_dataset *dataset,
                                           const assay_predict_options *options, assay_error *err);

/** targets[i] of the data set in the model's classes, -1 = none; the rules of assay_predict. */
ASSAY_NODISCARD assay_status assay_predict_targets(int32_t *targets, const assay_model *model,
                                                   const assay_dataset *dataset, assay_error *err);

/** SHA-256 over everything that predictions depend on: model, data, preprocessing, perturbation with
 *  parameters and revision, seed (only with a perturbation), backend version, Assay version. */
ASSAY_NODISCARD assay_status assay_predict_key(char out[ASSAY_DIGEST_HEX], const assay_model *model,
                                               const assay_dataset *dataset,
                                               const assay_predict_options *options,
                                               assay_error *err);

#endif
