/**
 * @file rle.h
 * Masks as run lengths, the form of the COCO data format (Lin et al. 2014): pixels column by column,
 * runs of background and object in turn, background first. Everything gives the numbers of the COCO
 * tools (pycocotools 2.0.11) to the last bit.
 */
#ifndef ASSAY_CODEC_RLE_H
#define ASSAY_CODEC_RLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/** The runs are borrowed. height * width < 2^31. */
typedef struct assay_rle {
    int32_t height, width;
    int64_t n;
    const uint32_t *runs;
} assay_rle;

/** Runs from the compressed text (six bits a character, differences to the run before last); `runs`
 *  has room for `size`, one run takes at least one character. */
ASSAY_NODISCARD assay_status assay_rle_from_text(uint32_t *runs, int64_t *n, const char *text,
                                                 size_t size, assay_error *err);
/** The compressed text; `out` has room for 7 * n characters. Returns their number. */
size_t assay_rle_to_text(char *out, const assay_rle *rle);
/** Whether the size is possible and the runs fill it exactly; other masks are given to no function
 *  below. */
ASSAY_NODISCARD assay_status assay_rle_check(const assay_rle *rle, assay_error *err);

/** The area inside the closed polygon through `points` points (x, y, x, y, ...): the boundary drawn
 *  five times as fine, pixels whose centre it encloses. Runs live in the arena. Points beyond 2^26
 *  and outlines of more than 2^23 pixels are refused. */
ASSAY_NODISCARD assay_status assay_rle_from_polygon(assay_rle *out, const double *xy,
                                                    int64_t points, int32_t height, int32_t width,
                                                    assay_arena *arena, assay_error *err);
/** Pixels of either mask; the two have one size. */
ASSAY_NODISCARD assay_status assay_rle_union(assay_rle *out, const assay_rle *a, const assay_rle *b,
                                             assay_arena *arena, assay_error *err);
/** Pixels of the object. */
uint32_t assay_rle_area(const assay_rle *rle);
/** Left, top, width, height of the smallest box around the object. */
void assay_rle_box(double out[4], const assay_rle *rle);

/** Intersection over union of two boxes (left, top, width, height); over the area of `box` when the
 *  other one is a crowd. */
double assay_box_iou(const double box[4], const double truth[4], bool crowd);
/** The same for masks, whose boxes and areas are known; -1 when their sizes differ. */
double assay_rle_iou(const assay_rle *mask, const double box[4], uint32_t area,
                     const assay_rle *truth, const double truth_box[4], uint32_t truth_area,
                     bool crowd);

#endif
