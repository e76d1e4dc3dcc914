/**
 * @file resize.h
 * Resampling that is bit-exact with the library that the model's author used. The choice changes
 * accuracy, so the modes carry the library's name.
 *
 * pillow_*: Image.resize of Pillow 13 (antialiased: the support grows when shrinking), 8-bit with
 * its fixed-point two-pass arithmetic, float with its double accumulation, 16-bit grey as its I;16;
 * pillow_nearest is Pillow's nearest. Pillow 13 runs the vertical pass first when the height loses
 * more than twice as many pixels as the width loses; earlier versions (2.7 to 12) always run the
 * horizontal pass first, and results differ by a rounding here and there (in 16 bit also where the
 * filter overshoots): pillow12_* are theirs.
 *
 * opencv_*: cv2.resize INTER_NEAREST, INTER_LINEAR, INTER_AREA, INTER_CUBIC of OpenCV 4.x and 5.0 on
 * 8-bit and float images, with OpenCV's fixed-point arithmetic for 8 bit. This is OpenCV's own code.
 * Builds with Intel's IPP (the x86-64 wheels) hand 8-bit cubic and float linear and cubic to IPP,
 * whose arithmetic is not published and depends on the processor; there cv2.ipp.setUseIPP(False)
 * gives the results of this file, and the default differs as docs/decisions/0007-resampling.md says.
 * 8-bit nearest, linear and area are the same with and without IPP.
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
    ASSAY_RESIZE_PILLOW12_BOX,
    ASSAY_RESIZE_PILLOW12_BILINEAR,
    ASSAY_RESIZE_PILLOW12_HAMMING,
    ASSAY_RESIZE_PILLOW12_BICUBIC,
    ASSAY_RESIZE_PILLOW12_LANCZOS,
    ASSAY_RESIZE_MODES
} assay_resize_mode;

/** "pillow_bilinear", ... "unknown" when there is no such mode. Static text. */
const char *assay_resize_mode_name(assay_resize_mode mode);
/** False when there is no such mode, and then *out is left alone. */
int assay_resize_mode_parse(assay_resize_mode *out, const char *name);

/**
 * Resize to width x height; `out` is {0} before, and after a failure. 8-bit and float images of
 * 1..4 channels; 16-bit images with the nearest modes and, one channel only, with the other pillow
 * modes (else ASSAY_EUNSUPPORTED). 8-bit images with alpha take Pillow's premultiplied route (RGBa)
 * in pillow modes other than nearest; OpenCV knows no alpha, and Pillow has no float alpha: there
 * channels are resampled one by one. The same size gives a copy.
 * ASSAY_EINVAL: a side below 1; ASSAY_ELIMIT: a side above 65535 or more than 2^28 pixels.
 */
ASSAY_NODISCARD assay_status assay_image_resize(assay_image *out, const assay_image *in,
                                                int32_t width, int32_t height,
                                                assay_resize_mode mode, assay_error *err);

/** Resample the box {x0, y0, x1, y1} (sub-pixel, rounded to single precision: Pillow's `box=`);
 *  pillow modes only. ASSAY_EINVAL when the box leaves the image or is reversed. */
ASSAY_NODISCARD assay_status assay_image_resize_box(assay_image *out, const assay_image *in,
                                                    const double box[4], int32_t width,
                                                    int32_t height, assay_resize_mode mode,
                                                    assay_error *err);

#endif
