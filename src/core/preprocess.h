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
    ASSAY_STEP_LETTERBOX,    /* fit inside width x height, aspect kept, filled (YOLO: r = min(W/w,
                                H/h), size round(w*r) x round(h*r) half to even, left and top
                                margins rounded down) */
    ASSAY_STEP_CENTER_CROP,  /* width x height, left = round((w-W)/2) half to even; smaller images
                                are padded with `fill` first (torchvision's CenterCrop) */
    ASSAY_STEP_CROP,         /* left, top, width, height; must lie inside the image */
    ASSAY_STEP_PAD,          /* to width x height, centred (left and top margins rounded down),
                                `fill`; larger images are an error */
    ASSAY_STEP_FIT_CONTENT,  /* cut the box of pixels above `threshold` in any channel (the whole
                                image when there is none), scale its longer side to `size`, the
                                other to round(short*size/long) half to even, at least 1 (how MNIST
                                was made, LeCun et al. 1998) */
    ASSAY_STEP_CENTER_MASS   /* place on width x height so that the pixel of the intensity centroid,
                                floor(c + 1/2), lands on pixel (width/2, height/2) rounded down, as
                                in MNIST; `fill` elsewhere; what falls outside is lost; an image
                                without mass is centred by its geometry */
} assay_step_kind;

typedef struct assay_step {
    assay_step_kind kind;
    int32_t width, height, left, top, size;
    assay_resize_mode mode;
    double fill;      /* 0..255, in 8-bit units */
    double threshold; /* 0..255, in 8-bit units */
} assay_step;

typedef enum assay_color {
    ASSAY_COLOR_AUTO = 0, /* what the model's number of channels asks for: 1 grey, 3 RGB */
    ASSAY_COLOR_RGB,
    ASSAY_COLOR_BGR,
    ASSAY_COLOR_GREY
} assay_color;

typedef enum assay_layout {
    ASSAY_LAYOUT_AUTO = 0, /* by where the model's input has 1 or 3 channels */
    ASSAY_LAYOUT_NCHW,
    ASSAY_LAYOUT_NHWC
} assay_layout;

enum { ASSAY_STEPS = 16 };

/**
 * Value = (pixel * scale - mean[c]) / std[c] in 8-bit units (0..255; 16-bit images are brought to 8
 * bit, float images hold 0..1), computed in the order of the usual author's code so that tensors
 * agree bit for bit: x = pixel / 255 in float32 when scale is the double 1/255 (torchvision's
 * ToTensor) and pixel / 127.5 when it is 1/127.5 (Keras), else pixel * scale in float32; then
 * (x - mean) / std in float32. float16 is that value rounded to nearest even; float64 inputs do the
 * same in double. A float image's pixel is used as it is when scale is 1/255, else pixel * 255 takes
 * the place of the 8-bit pixel.
 */
typedef struct assay_preprocess {
    assay_color color;
    bool invert; /* 255 - v, after the colour, before the steps */
    int32_t n_steps;
    assay_step steps[ASSAY_STEPS];
    double scale;           /* default 1/255 */
    double mean[3], std[3]; /* default 0, 1; in the model's channel order */
    assay_layout layout;
} assay_preprocess;

/** Colour and layout by the model, no steps, scale 1/255, mean 0, std 1. */
void assay_preprocess_init(assay_preprocess *preprocess);

/** "resize", "resize_short", "letterbox", "center_crop", "crop", "pad", "fit_content",
 *  "center_mass"; "unknown" for anything else. Static text. */
const char *assay_step_kind_name(assay_step_kind kind);

/** Sizes, modes, fill, scale, mean and std make sense; ASSAY_EINVAL names the step and the field. */
ASSAY_NODISCARD assay_status assay_preprocess_check(const assay_preprocess *preprocess,
                                                    assay_error *err);

/** ASSAY_EINVAL when an input of whole numbers meets a scale, mean or std other than 1, 0 and 1. */
ASSAY_NODISCARD assay_status assay_preprocess_check_type(assay_dtype type,
                                                         const assay_preprocess *preprocess,
                                                         assay_error *err);

/** True when every image comes out at one size, whatever its own: the last step decides. */
bool assay_preprocess_size(int32_t *width, int32_t *height, const assay_preprocess *preprocess);

/** Pixels after colour conversion and all steps (8 bit, or float for float images). `out` is {0}
 *  before. Automatic colour keeps grey grey and everything else RGB; BGR stays RGB here. */
ASSAY_NODISCARD assay_status assay_preprocess_image(assay_image *out, const assay_image *in,
                                                    const assay_preprocess *preprocess,
                                                    assay_error *err);

/**
 * Steps, colour, scaling and layout; writes channels * height * width elements of `type` (float32,
 * float16, float64, uint8, int32 or int64; integers get the pixel value itself: scale, mean and std
 * must then be 1, 0 and 1, or ASSAY_EINVAL) at `out`. An image whose processed size is not width x
 * height x channels is ASSAY_EFORMAT with both sizes in the message.
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
/** The same as it is declared: what stands under `input` in a description of a model. */
ASSAY_NODISCARD assay_status assay_preprocess_declaration(assay_buffer *out,
                                                          const assay_preprocess *preprocess,
                                                          assay_error *err);

#endif
