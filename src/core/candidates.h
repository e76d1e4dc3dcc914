/**
 * @file candidates.h
 * What a decoder finds in a detector's raw output before duplicates are removed: boxes in pixels of
 * the model's input, corners x1, y1 (left, top) and x2, y2 (right, bottom).
 */
#ifndef ASSAY_CORE_CANDIDATES_H
#define ASSAY_CORE_CANDIDATES_H

#include <stdint.h>

#include "base/error.h"

typedef struct assay_candidate {
    double box[4]; /* x1, y1, x2, y2 */
    double score;
    int64_t label; /* index of the class, from 0; 64 bit so that there is no padding to be stored */
} assay_candidate;

/** A growing list; {0} is empty. */
typedef struct assay_candidates {
    assay_candidate *items;
    int64_t n, capacity;
} assay_candidates;

enum { ASSAY_MOST_CANDIDATES = 1 << 26 };

/** Append one; more than ASSAY_MOST_CANDIDATES is ASSAY_ELIMIT. */
ASSAY_NODISCARD assay_status assay_candidates_add(assay_candidates *list,
                                                  const assay_candidate *candidate,
                                                  assay_error *err);
void assay_candidates_dispose(assay_candidates *list);

/** Corners from centre and size. */
static inline void assay_box_from_center(double box[4], double x, double y, double w, double h)
{
    box[0] = x - w / 2.0;
    box[1] = y - h / 2.0;
    box[2] = x + w / 2.0;
    box[3] = y + h / 2.0;
}

#endif
