/**
 * @file decoder.h
 * The shape of a decoder: raw output tensors in; of a detector candidate boxes in pixels of the
 * model's input out, of a segmentation the class of every pixel of the image. What follows is common to
 * all detectors: confidence floor, suppression of duplicates (nms.h), the way back to the image's own
 * pixels (preprocess_map.h).
 */
#ifndef ASSAY_CORE_DECODER_H
#define ASSAY_CORE_DECODER_H

#include <stdbool.h>

#include "codec/npy.h"
#include "core/candidates.h"
#include "core/preprocess_map.h"

enum { ASSAY_DECODER_ROLES = 5 };

/** One output tensor as float32, whatever the model's type; labels stay exact up to 2^24. */
typedef struct assay_raw {
    const char *name; /* of the model's output, for messages; NULL = the model has none for it */
    const float *data;
    int32_t rank;
    int64_t shape[ASSAY_TENSOR_RANK]; /* -1 = not known yet (data is NULL then) */
} assay_raw;

/** What an output means to the decoder. */
typedef struct assay_decoder_role {
    const char *name;
    bool optional;
    int32_t rank; /* of one image's part: with a batch one more; 0 = as it comes */
    bool shared;  /* the same for every image, may lack the batch: priors */
} assay_decoder_role;

typedef struct assay_decoder_input {
    assay_raw raw[ASSAY_DECODER_ROLES]; /* of one image, by role: the batch is taken off */
    int32_t width, height;              /* of the model's input, pixels */
    int32_t classes;                    /* of the model; > 0 */
    double floor; /* candidates with a score of this or less may be left out */
} assay_decoder_input;

/** What a candidate is beside its box, in the extra numbers of the list. */
typedef enum assay_decoder_shape {
    ASSAY_SHAPE_BOX = 0,
    ASSAY_SHAPE_TURNED,    /* four corners x, y: the box is the one around them */
    ASSAY_SHAPE_KEYPOINTS, /* x, y, confidence of each */
    ASSAY_SHAPE_MAP        /* no candidates: a class per pixel */
} assay_decoder_shape;

enum { ASSAY_SHAPE_MOST = 3 * 256 };

typedef struct assay_decoder {
    assay_decoder_shape shape;
    const assay_decoder_role *roles;
    int32_t n_roles;
    double nms_iou; /* of hard, class-wise suppression when nothing is declared; 0 = none */
    /** Number of classes that the shapes tell; 0 = they don't. */
    int32_t (*classes)(const assay_raw *raw, const void *params);
    /** Append candidates; a shape that does not fit is ASSAY_EFORMAT with the tensor's name and shape
     *  in the message. NaN is passed on: the caller refuses it. */
    assay_status (*decode)(assay_candidates *out, const assay_decoder_input *in, const void *params,
                           assay_error *err);
    /** ASSAY_SHAPE_MAP, in place of decode: the class of every pixel of the image, row by row, or
     *  ASSAY_MAP_UNSEEN where the model's input does not show it. NaN is ASSAY_EFORMAT. */
    assay_status (*map)(uint16_t *classes, const assay_decoder_input *in, const assay_box_map *map,
                        const void *params, assay_error *err);
} assay_decoder;

enum { ASSAY_MAP_UNSEEN = 65535 };

#endif
