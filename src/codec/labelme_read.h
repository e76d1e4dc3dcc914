/**
 * @file labelme_read.h
 * Annotations as labelme (and its kin) write them: one JSON file per image with a list of shapes.
 * The image that may be embedded is passed over.
 */
#ifndef ASSAY_CODEC_LABELME_READ_H
#define ASSAY_CODEC_LABELME_READ_H

#include "codec/annotation_draft.h"

/** Rows of one file into the draft. The image is called `file`, or, unless `own_name`, as the JSON's
 *  imagePath says. Rectangles, polygons and circles become objects; polygons of one label and group
 *  are one object. *others counts the shapes that are no regions (points, lines). */
ASSAY_NODISCARD assay_status assay_labelme_read(assay_annotation_draft *draft, int64_t *others,
                                                const char *file, bool own_name, const char *bytes,
                                                size_t size, assay_error *err);

#endif
