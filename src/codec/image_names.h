/**
 * @file image_names.h
 * Finding the images of a truth by file name, as results and label files write them: whole, without
 * extension, or without folder and extension.
 */
#ifndef ASSAY_CODEC_IMAGE_NAMES_H
#define ASSAY_CODEC_IMAGE_NAMES_H

#include "codec/coco_read.h"

typedef struct assay_image_names assay_image_names;

ASSAY_NODISCARD assay_status assay_image_names_new(assay_image_names **out,
                                                   const assay_coco_truth *truth, assay_error *err);
void assay_image_names_free(assay_image_names *names);
/** Row of the image; -1 = none; -2 = several images have this name in different folders. */
int64_t assay_image_names_find(const assay_image_names *names, const char *file, size_t size);

/** The part of a file name without folder and without an extension of an image or an annotation. */
void assay_file_stem(const char **stem, size_t *stem_size, const char *file, size_t size);
/** Bytes of `file` without such an extension. */
size_t assay_file_without_extension(const char *file, size_t size);

#endif
