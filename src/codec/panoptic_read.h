/**
 * @file panoptic_read.h
 * The JSON beside panoptic label maps (Kirillov et al. 2019, "Panoptic Segmentation"; the format of
 * COCO): which segment of which image has which class.
 */
#ifndef ASSAY_CODEC_PANOPTIC_READ_H
#define ASSAY_CODEC_PANOPTIC_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/json_scan.h"

typedef struct assay_panoptic_segment {
    int64_t id, category; /* ids as written */
    int64_t area;         /* as written; -1 = not given */
    bool crowd;
} assay_panoptic_segment;

typedef struct assay_panoptic {
    int64_t n_images;
    int64_t *image_id;
    char **file;    /* label map of the image; NULL = not given */
    int64_t *first; /* per image, and one more: its first segment */
    assay_panoptic_segment *segments;
    int64_t n_segments;
    int64_t n_categories; /* results may have none */
    int64_t *category_id;
    char **category_name;
    uint8_t *is_thing;
} assay_panoptic;

ASSAY_NODISCARD assay_status assay_panoptic_read(assay_panoptic **out, assay_read_fn read,
                                                 void *context, size_t window, assay_error *err);
void assay_panoptic_free(assay_panoptic *panoptic);

#endif
