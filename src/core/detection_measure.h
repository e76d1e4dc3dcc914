/**
 * @file detection_measure.h
 * Everything that is measured about detections, as measures with intervals and as tables for charts:
 * truth and results in, assay_result out.
 */
#ifndef ASSAY_CORE_DETECTION_MEASURE_H
#define ASSAY_CORE_DETECTION_MEASURE_H

#include "core/detection.h"
#include "core/measure.h"

/** What is measured beside the statistics of the protocol. */
enum {
    ASSAY_ANALYSE_CLASSES = 1 << 0 /* AP, AP50, AP75 and AR of every class */
};

/** Zero fields take the defaults in brackets. */
typedef struct assay_detection_request {
    const assay_protocol *protocol; /* [coco, boxes] */
    assay_detection_slice slice;    /* [everything] */
    const int64_t *cluster; /* per image of the truth: equal numbers are resampled together [NULL:
                               every image for itself] */
    uint32_t analyses;      /* ASSAY_ANALYSE_*, or'ed [none] */
    double level;           /* two-sided confidence [0.95] */
    int64_t replicates;     /* bootstrap replicates [1000]; -1 = no intervals */
    uint64_t seed;          /* [1] */
    int threads;            /* [all cores] */
    const assay_cancel *cancel;
} assay_detection_request;

/** What the counts behind a report's head are. */
typedef struct assay_detection_summary {
    assay_detection_notes notes;
    int64_t images, classes; /* images: of the slice */
    int64_t clusters;        /* what was resampled */
    int n_statistics;        /* the first measures of the result; then 4 of every class */
} assay_detection_summary;

/**
 * Measures, in this order: the statistics of the protocol (assay_protocol_statistics), then what
 * `analyses` asks for. Metrics are "coco_average_precision" and "coco_average_recall", or
 * "detection_average_precision" and "detection_average_recall" under other conventions, with the
 * parameters iou, area, max_detections and convention; class names are borrowed from the truth.
 *
 * Intervals are basic bootstrap intervals over images or clusters; there is none with fewer than 10 of
 * these. `replicates` of a measure are reflected at the estimate (2 estimate - replicate, cut to the
 * range of the metric), so that their percentiles are the basic interval and one-sided bounds can be
 * read off them as of any other measure's.
 */
ASSAY_NODISCARD assay_status assay_detection_measure(
    assay_result *out, assay_detection_summary *summary, const assay_coco_truth *truth,
    const assay_coco_rows *results, const assay_detection_request *request, assay_error *err);

/** How the columns of a matrix of replicates become intervals. */
typedef struct assay_interval_rule {
    double level;
    int64_t replicates; /* 0 = none were wanted */
    int64_t units;      /* images or clusters */
    bool clustered;
    double least, most; /* range of the metric */
} assay_interval_rule;

/** Interval of a measure whose value is set, from `rule->replicates` values `stride` apart (NaN =
 *  undefined); `values` NULL = there are none. Sets low, high, level, method and the replicates. */
ASSAY_NODISCARD assay_status assay_replicate_bounds(assay_measure *measure, const double *values,
                                                    int64_t stride, const assay_interval_rule *rule,
                                                    assay_arena *arena, assay_error *err);

#endif
