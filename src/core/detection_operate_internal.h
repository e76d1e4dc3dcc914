/** @file detection_operate_internal.h  What building an operating point and weighing it share. */
#ifndef ASSAY_CORE_DETECTION_OPERATE_INTERNAL_H
#define ASSAY_CORE_DETECTION_OPERATE_INTERNAL_H

#include <math.h>

#include "core/detection_internal.h"
#include "core/detection_operate.h"

/** What an image has of a class at the confidence; sums are over what is found. */
typedef struct assay_operation_part {
    int32_t image, objects, found, detections;
    double overlap, offset, distance, scale;
} assay_operation_part;

struct assay_operation {
    const assay_detection *d;
    double confidence;
    bool chosen;
    int64_t *part_first; /* per class, and one more */
    assay_operation_part *parts;
    assay_operation_part *images; /* per image, over all classes */
    int64_t *order; /* all detections that count, by falling score: numbers of kept columns */
    int64_t n_order;
    int64_t
        *found; /* what is found at the confidence, by rising overlap: numbers of kept columns */
    int64_t n_found;
    int64_t objects;
};

static inline bool assay_operation_has(const assay_detection *d, int64_t i)
{
    return (d->skip[i * d->protocol.n_ranges] & 1) == 0;
}

static inline bool assay_operation_hit(const assay_detection *d, int64_t i)
{
    return (d->hit[i * d->protocol.n_ranges] & 1) != 0;
}

static inline double assay_operation_ratio(double a, double b)
{
    return b > 0.0 ? a / b : (double)NAN;
}

static inline int assay_operation_bin(double score, int bins)
{
    double at = score * bins;
    return !(at > 0.0) ? 0 : at >= bins ? bins - 1 : (int)at;
}

#endif
