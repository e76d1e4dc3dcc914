/**
 * @file resize.h
 * Resampling that is bit-exact with the library that the model's author used. The choice changes
 * accuracy, so the modes carry the library's name.
 *
 * pillow_*: Pillow's ImagingResample (antialiased: the support grows when shrinking), 8-bit with its
 * fixed-point two-pass arithmetic, float with its double accumulation; pillow_nearest is Pillow's
 * nearest. opencv_*: cv2.resize INTER_NEAREST, INTER_LINEAR, INTER_AREA, INTER_CUBIC on 8-bit and
 * float images, with OpenCV's fixed-point arithmetic for 8 bit.
 */
#ifndef ASSAY_CODEC_RESIZE_H
#define ASSAY_CODEC_RESIZE_H

#include "codec/image.h"

typedef enum assay_resize_mode {
    ASSAY_RESIZE_PILLOW_NEAREST = 0,
    ASSAY_RESIZE_PILLOW_BOX,
    ASSAY_RESIZE_PILLOW_BILINEAR,
    ASSAY_RESIZE_PILLOW_HAMMING,
    ASSAY_RESIZE_PILLOW_BICUBIC,
    ASSAY_RESIZE_PILLOW_LANCZOS,
    ASSAY_RESIZE_OPENCV_NEAREST,
    ASSAY_RESIZE_OPENCV_LINEAR,
    ASSAY_RESIZE_OPENCV_AREA,
    ASSAY_RESIZE_OPENCV_CUBIC,
    ASSAY_RESIZE_MODES
} assay_resize_mode;

/** "pillow_bilinear", ... Static text. */
const char *assay_resize_mode_name(assay_resize_mode mode);
/** False when there is no such mode; *nearest (may be NULL) then gets the nearest name. */
int assay_resize_mode_parse(assay_resize_mode *out, const char *name);

/** Resize to width x height; `out` is {0} before. 8-bit and float images of 1..4 channels; 16 bit
 *  is ASSAY_EUNSUPPORTED for pillow modes other than nearest, as in Pillow itself. For images with
 *  alpha Pillow's premultiplied route (RGBa) is used in pillow_* modes other than nearest. */
ASSAY_NODISCARD assay_status assay_image_resize(assay_image *out, const assay_image *in,
                                                int32_t width, int32_t height,
                                                assay_resize_mode mode, assay_error *err);

/** Resample the box [x0,x1) x [y0,y1) (sub-pixel, Pillow's `box=` argument); pillow_* modes only. */
ASSAY_NODISCARD assay_status assay_image_resize_box(assay_image *out, const assay_image *in,
                                                    const double box[4], int32_t width,
                                                    int32_t height, assay_resize_mode mode,
                                                    assay_error *err);

#endif
