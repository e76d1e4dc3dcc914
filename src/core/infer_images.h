/**
 * @file infer_images.h
 * What a model says about the images of a dataset, as bytes: fixed batches, each read, perturbed, prepared
 * and run by one worker; what a caller makes of an image's raw outputs is kept batch by batch. Finished
 * batches are handed to a store at once.
 */
#ifndef ASSAY_CORE_INFER_IMAGES_H
#define ASSAY_CORE_INFER_IMAGES_H

#include "base/buffer.h"
#include "core/predict.h"

/** The raw outputs about one image. */
typedef struct assay_inferred {
    int64_t image; /* of the dataset */
    int worker;
    assay_decoder_input in;
    const assay_box_map *map; /* of the image */
} assay_inferred;

typedef struct assay_infer_images_use {
    /** Append what there is to say about the image to `out`. Several workers may call at once. */
    assay_status (*image)(void *payload, assay_buffer *out, const assay_inferred *inferred,
                          assay_error *err);
    /** Whether bytes that were stored before are those of the images first .. first + n - 1; such as are
     *  not are computed again. */
    bool (*whole)(void *payload, const uint8_t *bytes, size_t size, int64_t first, int64_t n);
    void *payload;
} assay_infer_images_use;

typedef struct assay_infer_batch {
    uint8_t *bytes;
    size_t size;
} assay_infer_batch;

/** How many workers will call `image`, numbered from 0. */
int assay_infer_images_workers(const assay_model *model, const assay_dataset *dataset,
                               const assay_predict_options *options);

/** `batches` has (dataset->n + batch - 1) / batch entries in the order of the data; the caller frees them,
 *  after a failure too (NULL then, perhaps). `options` as for assay_predict. The model's output has a
 *  decoder. An empty dataset is ASSAY_EFORMAT. */
ASSAY_NODISCARD assay_status assay_infer_images(assay_infer_batch **batches, int64_t *n,
                                                assay_model *model, const assay_dataset *dataset,
                                                const assay_predict_options *options,
                                                const assay_infer_images_use *use,
                                                assay_error *err);
void assay_infer_batches_free(assay_infer_batch *batches, int64_t n);

#endif
