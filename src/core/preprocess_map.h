/**
 * @file preprocess_map.h
 * The way back from the model's input to the image's own pixels, for boxes: every step of the
 * preprocessing that keeps or cuts the picture is x' = a x + b in each direction.
 */
#ifndef ASSAY_CORE_PREPROCESS_MAP_H
#define ASSAY_CORE_PREPROCESS_MAP_H

#include "core/preprocess.h"

/** What a step does to an image of a given size: resize to `scaled`, then lay it at `left`, `top` of a
 *  canvas of `width` x `height` (negative = cut off). */
typedef struct assay_step_geometry {
    int32_t scaled_width, scaled_height;
    int32_t left, top;
    int32_t width, height;
    double ratio; /* letterbox: r before rounding; else 0 */
} assay_step_geometry;

/** False for fit_content and center_mass, which depend on the pixels, and for a step that the size
 *  does not allow (a crop that lies outside). */
bool assay_step_geometry_of(assay_step_geometry *out, const assay_step *step, int32_t width,
                            int32_t height);

typedef enum assay_inverse {
    ASSAY_INVERSE_EXACT = 1,  /* each direction by its real factor: new width / old width */
    ASSAY_INVERSE_ULTRALYTICS /* letterbox: both directions by r (ultralytics.utils.ops.scale_boxes);
                                 differs from exact where r * side was rounded */
} assay_inverse;

/** Input pixel = scale * image pixel + offset, edges of pixels (0 = the left edge of the first). */
typedef struct assay_box_map {
    double scale_x, offset_x, scale_y, offset_y;
    int32_t width, height;             /* of the image */
    int32_t input_width, input_height; /* of the model's input */
    double seen[4]; /* left, top, right, bottom of the image's part of the input */
} assay_box_map;

/** ASSAY_EUNSUPPORTED for preprocessing that depends on the pixels. */
ASSAY_NODISCARD assay_status assay_box_map_make(assay_box_map *out, int32_t width, int32_t height,
                                                const assay_preprocess *preprocess,
                                                assay_inverse inverse, assay_error *err);

/** A point in place, likewise. */
void assay_point_map_back(double xy[2], const assay_box_map *map, bool clip);
/** Corners in place: from the model's input to the image; with `clip` cut to the image. */
void assay_box_map_back(double box[4], const assay_box_map *map, bool clip);

#endif
