/** @file geometry_internal.h  What geometry.c and affine.c share. */
#ifndef ASSAY_CODEC_GEOMETRY_INTERNAL_H
#define ASSAY_CODEC_GEOMETRY_INTERNAL_H

#include "codec/geometry.h"

assay_status assay_geometry_check_size(int64_t width, int64_t height, assay_error *err);
assay_status assay_geometry_check_source(const assay_image *in, assay_error *err);

/** The bytes of one pixel of this image with the value `fill` (NULL: zeros). */
void assay_geometry_pixel(uint8_t out[16], const assay_image *image, const double *fill);
void assay_geometry_fill(assay_image *image, const uint8_t pixel[16]);

#endif
