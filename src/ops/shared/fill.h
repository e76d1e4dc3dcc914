/** @file fill.h  The colour that geometric perturbations put where the input has no pixel. */
#ifndef ASSAY_OPS_SHARED_FILL_H
#define ASSAY_OPS_SHARED_FILL_H

#include "ops/shared/pixels.h"

/** A grey of `level` (0 black .. 1 white) in sample units, opaque where there is alpha. */
static inline void assay_fill_grey(double fill[4], const assay_image *image, double level)
{
    double white = assay_pixels_white(image->type);
    int32_t colours = assay_pixels_colours(image);

    for (int32_t c = 0; c < 4; c++) {
        fill[c] = c < colours ? level * white : white;
    }
}

#endif
