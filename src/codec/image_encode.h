/** @file image_encode.h  Pixels to bytes: PNG (for reports, artefacts) and JPEG (as a perturbation). */
#ifndef ASSAY_CODEC_IMAGE_ENCODE_H
#define ASSAY_CODEC_IMAGE_ENCODE_H

#include "base/buffer.h"
#include "codec/image.h"

/** 8- or 16-bit image as PNG; deterministic bytes for one libpng/zlib. */
ASSAY_NODISCARD assay_status assay_image_encode_png(assay_buffer *out, const assay_image *image,
                                                    assay_error *err);
/** 8-bit grey or RGB as baseline JPEG, quality 1..100, 4:2:0 as Pillow's default does. */
ASSAY_NODISCARD assay_status assay_image_encode_jpeg(assay_buffer *out, const assay_image *image,
                                                     int quality, assay_error *err);

#endif
