/**
 * @file preprocess_steps.h
 * The geometric steps of preprocessing on a region: a rectangle of an image that is borrowed or
 * owned. Crops only move the rectangle; pixels are copied when a step needs them packed.
 */
#ifndef ASSAY_CORE_PREPROCESS_STEPS_H
#define ASSAY_CORE_PREPROCESS_STEPS_H

#include "core/preprocess.h"

typedef struct assay_region {
    const assay_image *image; /* `owned`, or the caller's */
    assay_image owned;        /* empty while the pixels are the caller's */
    int32_t left, top, width, height;
} assay_region;

static inline const uint8_t *assay_region_row(const assay_region *region, int32_t y)
{
    size_t pixel = (size_t)region->image->channels * (size_t)region->image->type;
    return assay_image_row(region->image, region->top + y) + (size_t)region->left * pixel;
}

void assay_region_init(assay_region *region, const assay_image *image);
void assay_region_dispose(assay_region *region);
/** Take over `fresh` as the whole region; `fresh` is empty afterwards. */
void assay_region_replace(assay_region *region, assay_image *fresh);
/** Copy the pixels if they are not the whole of an owned image. */
ASSAY_NODISCARD assay_status assay_region_settle(assay_region *region, assay_error *err);
ASSAY_NODISCARD assay_status assay_region_step(assay_region *region, const assay_step *step,
                                               assay_error *err);

#endif
