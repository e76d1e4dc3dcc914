/**
 * @file detections.h
 * What a detector said about the images of a dataset: boxes in the images' own pixels, by image in
 * the dataset's order, inside an image by falling score.
 */
#ifndef ASSAY_CORE_DETECTIONS_H
#define ASSAY_CORE_DETECTIONS_H

#include "base/arena.h"
#include "base/digest.h"
#include "core/decoder.h"

typedef struct assay_detections {
    assay_arena *arena; /* owned: holds everything below */
    int64_t images;
    const char **ids;        /* of the images */
    int32_t *width, *height; /* of the images, pixels */
    int64_t *first;          /* images + 1: rows of image i are first[i] .. first[i + 1] - 1 */
    int64_t n;               /* rows */
    double *box;             /* 4 per row: left, top, width, height */
    double *score;
    int32_t *label; /* index into class_names */
    assay_decoder_shape shape;
    int64_t width_extra; /* numbers of each row in `extra` */
    double *extra;       /* corners x, y, or keypoints x, y, confidence; NULL = boxes alone */
    int32_t classes;
    const char **class_names;
    char digest[ASSAY_DIGEST_HEX]; /* over ids, class names, rows */
} assay_detections;

/** Room for `images` images and n rows, zeroed; names and ids are copied. */
ASSAY_NODISCARD assay_status assay_detections_new(assay_detections **out, int64_t images,
                                                  const char *const *ids, int64_t n,
                                                  int32_t classes, const char *const *class_names,
                                                  assay_error *err);
/** Room for `width` extra numbers of every row. */
ASSAY_NODISCARD assay_status assay_detections_shape(assay_detections *d, assay_decoder_shape shape,
                                                    int64_t width, assay_error *err);
ASSAY_NODISCARD assay_status assay_detections_digest(assay_detections *detections,
                                                     assay_error *err);
void assay_detections_free(assay_detections *detections);

#endif
