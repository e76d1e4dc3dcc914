/**
 * @file oriented.h
 * Overlap of boxes that are turned: the exact intersection of two convex quadrilaterals, by clipping one
 * at the edges of the other (Sutherland and Hodgman 1974, "Reentrant polygon clipping").
 */
#ifndef ASSAY_CODEC_ORIENTED_H
#define ASSAY_CODEC_ORIENTED_H

#include <stdint.h>

enum { ASSAY_QUAD = 8, ASSAY_HULL_MOST = 4 };

/** A convex polygon of at most four corners that turns one way; n = 0 when it has no area. */
typedef struct assay_hull {
    double xy[ASSAY_QUAD]; /* x, y, x, y, ... */
    double low[2], high[2];
    double area;
    int32_t n;
} assay_hull;

/** The convex hull of four points: for corners of a convex quadrilateral, in whatever order they
 *  turn, that quadrilateral itself. Corners that cross or bend inwards give the hull around them. */
void assay_hull_of(assay_hull *out, const double xy[ASSAY_QUAD]);
/** A box (left, top, width, height) that is not turned. */
void assay_hull_of_box(assay_hull *out, const double box[4]);
double assay_hull_intersection(const assay_hull *a, const assay_hull *b);
/** Intersection over union, in [0, 1]; over the area of `a` when `crowd`; 0 without area. */
double assay_hull_iou(const assay_hull *a, const assay_hull *b, int crowd);

#endif
