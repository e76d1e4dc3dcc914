/**
 * @file panoptic.h
 * Panoptic quality: Kirillov, He, Girshick, Rother, Dollar (2019), "Panoptic Segmentation". A true and
 * a predicted segment of one class match when their overlap is above 0.5; PQ = sum of the overlaps of
 * matches / (TP + FP / 2 + FN / 2) = SQ x RQ.
 *
 * The rules are those of COCO's panoptic evaluation: pixels without a true segment (id 0) leave the
 * union; crowds are neither found nor missed, and a prediction that lies with more than half of its
 * pixels on them or on no segment is no false alarm. Where an image has several crowds of a class,
 * the last one counts. Areas of true segments are those that the JSON states.
 */
#ifndef ASSAY_CORE_PANOPTIC_H
#define ASSAY_CORE_PANOPTIC_H

#include "codec/label_map.h"
#include "codec/panoptic_read.h"

enum { ASSAY_PANOPTIC_SEGMENTS = 4096 }; /* most of one image */

/** One class in one image, or in all. */
typedef struct assay_panoptic_counts {
    int32_t class_index;
    int32_t found, missed, false_alarms;
    double overlap; /* sum over the matches */
} assay_panoptic_counts;

/** A pair: segments of both, with classes as rows of the truth's categories (in `category`). */
typedef struct assay_panoptic_pair {
    const assay_label_map *truth, *predicted;
    const assay_panoptic_segment *truth_segments, *predicted_segments;
    int64_t n_truth, n_predicted;
} assay_panoptic_pair;

/** Count one image into counts[classes] (zeroed by the caller; class_index is left alone). A label of
 *  the prediction that its JSON does not list, or the other way round, is ASSAY_EFORMAT. */
ASSAY_NODISCARD assay_status assay_panoptic_count(assay_panoptic_counts *counts, int32_t classes,
                                                  const assay_panoptic_pair *pair,
                                                  assay_error *err);

/** PQ, SQ, RQ of a class; false (and zeros) when it occurs in neither. */
bool assay_panoptic_quality(double out[3], double overlap, double found, double missed,
                            double false_alarms);

#endif
