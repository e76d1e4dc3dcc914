/**
 * @file candidates.h
 * What a decoder finds in a detector's raw output before duplicates are removed: boxes in pixels of
 * the model's input, corners x1, y1 (left, top) and x2, y2 (right, bottom).
 */
#ifndef ASSAY_CORE_CANDIDATES_H
#define ASSAY_CORE_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct assay_candidate {
    double box[4]; /* x1, y1, x2, y2 */
    double score;
    int64_t label; /* index of the class, from 0; 64 bit so that there is no padding to be stored */
    int64_t extra; /* row of the list's extra numbers; -1 = none */
} assay_candidate;

/** A growing list; {0} is empty. */
typedef struct assay_candidates {
    assay_candidate *items;
    int64_t n, capacity;
    double *extra;               /* rows of `width` numbers: corners or keypoints */
    int64_t n_extra, room_extra; /* rows; numbers */
    int32_t width;               /* 0 = there are none */
    bool turned;                 /* extra numbers are four corners, and overlap is theirs */
} assay_candidates;

enum { ASSAY_MOST_CANDIDATES = 1 << 26 };

/** Append one; more than ASSAY_MOST_CANDIDATES is ASSAY_ELIMIT. */
ASSAY_NODISCARD assay_status assay_candidates_add(assay_candidates *list,
                                                  const assay_candidate *candidate,
                                                  assay_error *err);
/** The same with `width` extra numbers, as many for each of the list. */
ASSAY_NODISCARD assay_status assay_candidates_add_with(assay_candidates *list,
                                                       const assay_candidate *candidate,
                                                       const double *extra, int32_t width,
                                                       assay_error *err);
/** Extra numbers of a candidate; NULL = it has none. */
static inline double *assay_candidate_extra(const assay_candidates *list, int64_t i)
{
    return list->items[i].extra < 0 ? NULL : list->extra + list->items[i].extra * list->width;
}
/** No rows, the memory stays. */
void assay_candidates_clear(assay_candidates *list);
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
