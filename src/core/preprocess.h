/**
 * @file preprocess.h
 * What happens between the image and the model's input tensor: ordered geometric steps, colour,
 * scaling, layout. It is declared beside the model, because a wrong choice here changes accuracy
 * as much as a wrong weight, and it is part of the predictions' identity.
 */
#ifndef ASSAY_CORE_PREPROCESS_H
#define ASSAY_CORE_PREPROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "codec/image.h"
#include "codec/npy.h"
#include "codec/resize.h"

typedef enum assay_step_kind {
    ASSAY_STEP_RESIZE = 1,   /* to width x height, aspect not kept */
    ASSAY_STEP_RESIZE_SHORT, /* shorter side to `size`, aspect kept (torchvision's Resize(size):
                                long side = int(size * long / short)) */
    ASSAY_STEP_LETTERBOX,    /* fit inside width x height, aspect kept, centred, filled */
    ASSAY_STEP_CENTER_CROP,  /* width x height; smaller images are padded with `fill`
                                (torchvision's CenterCrop) */
    ASSAY_STEP_CROP,         /* left, top, width, height; must lie inside the image */
    ASSAY_STEP_PAD,          /* to width x height, centred, `fill`; larger images are an error */
    ASSAY_STEP_FIT_CONTENT,  /* cut the box of pixels above `threshold`, scale its longer side to
                                `size`, aspect kept (how MNIST was made, LeCun et al. 1998) */
    ASSAY_STEP_CENTER_MASS   /* place on width x height with the intensity centroid at the centre
                                (nearest whole pixel), `fill` elsewhere */
} assay_step_kind;

typedef struct assay_step {
    assay_step_kind kind;
    int32_t width, height, left, top, size;
    assay_resize_mode mode;
    double fill;      /* 0..255, in 8-bit units */
    double threshold; /* 0..255, in 8-bit units */
} assay_step;

typedef enum assay_color { ASSAY_COLOR_RGB = 1, ASSAY_COLOR_BGR, ASSAY_COLOR_GREY } assay_color;

typedef enum assay_layout { ASSAY_LAYOUT_NCHW = 1, ASSAY_LAYOUT_NHWC } assay_layout;

enum { ASSAY_STEPS = 16 };

typedef struct assay_preprocess {
    assay_color color;
    bool invert; /* 255 - v, before the steps */
    int32_t n_steps;
    assay_step steps[ASSAY_STEPS];
    double scale;           /* value = (pixel * scale - mean[c]) / std[c]; default 1/255 */
    double mean[3], std[3]; /* default 0, 1; in the model's channel order */
    assay_layout layout;
} assay_preprocess;

/** RGB, no steps, scale 1/255, mean 0, std 1, NCHW. */
void assay_preprocess_init(assay_preprocess *preprocess);

/** Pixels after colour conversion and all steps (8 bit, or float for float images). */
ASSAY_NODISCARD assay_status assay_preprocess_image(assay_image *out, const assay_image *in,
                                                    const assay_preprocess *preprocess,
                                                    assay_error *err);

/**
 * Steps, colour, scaling and layout; writes channels * height * width elements of `type` (float32,
 * float16, uint8 or int64; integers get the pixel value itself: scale, mean and std must then be
 * 1, 0 and 1) at `out`. An image whose processed size is not width x height x channels is
 * ASSAY_EFORMAT with both sizes in the message.
 */
ASSAY_NODISCARD assay_status assay_preprocess_run(void *out, assay_dtype type, int32_t channels,
                                                  int32_t height, int32_t width,
                                                  const assay_image *in,
                                                  const assay_preprocess *preprocess,
                                                  assay_error *err);

/** Canonical JSON object: for digests, provenance and the report. */
ASSAY_NODISCARD assay_status assay_preprocess_json(assay_buffer *out,
                                                   const assay_preprocess *preprocess,
                                                   assay_error *err);

#endif
