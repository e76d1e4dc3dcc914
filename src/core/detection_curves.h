/**
 * @file detection_curves.h
 * Precision and recall of one sorted list of detections under many weightings of the images at once:
 * what the replicates of AP and of the error decomposition are made of.
 *
 * A replicate counts every image so many times; its curves are weighted cumulative sums over matches
 * that are known. They are swept from the lowest score upwards, so that the best precision of all that
 * follows is at hand and nothing has to be stored per detection.
 */
#ifndef ASSAY_CORE_DETECTION_CURVES_H
#define ASSAY_CORE_DETECTION_CURVES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detection_protocol.h"

enum { ASSAY_LANES = 16 }; /* weightings side by side */

typedef struct assay_curve_input {
    int64_t n;
    const double *score; /* falling */
    const int32_t *image;
    const int32_t *place; /* rank in its image and class; NULL = there is no cap */
    int32_t cap;
    int64_t stride;                /* entries of hit and skip are so far apart */
    const uint16_t *hit, *skip;    /* bit t: a hit, or left out, in curve t */
    int32_t first_curve, n_curves; /* bits from first_curve on */
    const double *recalls;         /* ascending */
    int32_t n_recalls;
    bool area;             /* area under the envelope instead of the mean over `recalls` */
    bool ties;             /* equal scores are one point */
    bool recall_only;      /* no curve is needed: ap is not set */
    const int32_t *weight; /* image x ASSAY_LANES */
} assay_curve_input;

typedef struct assay_curve_output {
    double ap[ASSAY_MOST_THRESHOLDS][ASSAY_LANES];
    double recall[ASSAY_MOST_THRESHOLDS][ASSAY_LANES];
    int32_t counted[ASSAY_MOST_THRESHOLDS][ASSAY_LANES]; /* weight of the detections */
} assay_curve_output;

/** Space for one weighting; one per worker. */
typedef struct assay_curve_space assay_curve_space;
assay_curve_space *assay_curve_space_new(void); /* NULL when memory is out */
void assay_curve_space_free(assay_curve_space *space);

/** objects[lane]: weight of the objects. Values of lanes without objects mean nothing. */
void assay_curves_weighted(assay_curve_output *out, assay_curve_space *space,
                           const assay_curve_input *in, const double objects[ASSAY_LANES]);

#endif
