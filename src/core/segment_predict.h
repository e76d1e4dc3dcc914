/** @file segment_predict.h  A segmentation model over a dataset: a label map of every image, as PNG. */
#ifndef ASSAY_CORE_SEGMENT_PREDICT_H
#define ASSAY_CORE_SEGMENT_PREDICT_H

#include "core/predict.h"

/** What becomes of the maps. Several workers may call at once. */
typedef struct assay_segment_sink {
    /** Keep the PNG file about an image of the dataset; `digest` gets the SHA-256 of its bytes. */
    assay_status (*save)(void *payload, char digest[ASSAY_DIGEST_HEX], int64_t image,
                         const void *png, size_t size, assay_error *err);
    /** Whether the file about the image is there and has this digest. */
    bool (*there)(void *payload, int64_t image, const char *digest);
    void *payload;
} assay_segment_sink;

/** How the model's classes are written. */
typedef struct assay_segment_labels {
    const int32_t *label; /* of each of the model's classes; -1 = no class */
    int32_t classes;      /* labels are below. Pixels without a class are 255; with more than 255
                             classes maps have 16 bits, and they are 65535 */
} assay_segment_labels;

/** `options` as for assay_predict; a store remembers which images are done. */
ASSAY_NODISCARD assay_status assay_segment_predict(assay_model *model, const assay_dataset *dataset,
                                                   const assay_segment_labels *labels,
                                                   const assay_predict_options *options,
                                                   const assay_segment_sink *sink,
                                                   assay_error *err);

#endif
