/**
 * @file label_map.h
 * PNG files whose pixels are numbers of classes or segments: palette indices and grey values as they are
 * stored, nothing scaled; three channels are R + 256 G + 65536 B (the panoptic format of COCO).
 */
#ifndef ASSAY_CODEC_LABEL_MAP_H
#define ASSAY_CODEC_LABEL_MAP_H

#include <stdbool.h>

#include "codec/image.h"

typedef struct assay_label_map {
    int32_t width, height;
    uint32_t *labels; /* owned; row by row */
    bool colored;     /* three channels */
} assay_label_map;

/** Alpha is not looked at. `out` is {0} before and after a failure. limits may be NULL. */
ASSAY_NODISCARD assay_status assay_label_map_decode(assay_label_map *out, const uint8_t *bytes,
                                                    size_t size, const assay_image_limits *limits,
                                                    assay_error *err);
void assay_label_map_dispose(assay_label_map *map);

#endif
