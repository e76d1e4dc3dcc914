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
    ASSAY_ANALYSE_CLASSES = 1 << 0,   /* AP, AP50, AP75 and AR of every class */
    ASSAY_ANALYSE_CURVES = 1 << 1,    /* precision by recall, AP by IoU: tables */
    ASSAY_ANALYSE_OPERATION = 1 << 2, /* detection_operate.h, with tables */
    ASSAY_ANALYSE_CONFUSION = 1 << 3, /* detection_confusion.h; needs the operating point too */
    ASSAY_ANALYSE_ERRORS = 1 << 4     /* detection_errors.h */
};

/** One more overlap and confidence at which analyses are made, without tables. */
typedef struct assay_detection_point {
    uint32_t analyses; /* ASSAY_ANALYSE_OPERATION, _CONFUSION, _ERRORS */
    double iou;
    double confidence; /* NaN = that of the best F1 */
} assay_detection_point;

/** Zero fields take the defaults in brackets. */
typedef struct assay_detection_request {
    const assay_protocol *protocol; /* [coco, boxes] */
    assay_detection_slice slice;    /* [everything] */
    const int64_t *cluster; /* per image of the truth: equal numbers are resampled together [NULL:
                               every image for itself] */
    uint32_t analyses;      /* ASSAY_ANALYSE_*, or'ed [none] */
    double iou;             /* of the analyses [0.5] */
    bool has_confidence;
    double confidence; /* of the operating point [that of the best F1] */
    int32_t n_error_ious;
    double error_ious[ASSAY_MOST_THRESHOLDS]; /* of ASSAY_ANALYSE_ERRORS [iou] */
    const assay_detection_point *points;      /* beside the above [none] */
    int32_t n_points;
    double level;       /* two-sided confidence [0.95] */
    int64_t replicates; /* bootstrap replicates [1000]; -1 = no intervals */
    uint64_t seed;      /* [1] */
    int threads;        /* [all cores] */
    const assay_cancel *cancel;
} assay_detection_request;

/** What the counts behind a report's head are. */
typedef struct assay_detection_summary {
    assay_detection_notes notes;
    int64_t images, classes; /* images: of the slice */
    int64_t clusters;        /* what was resampled */
    int class_measures;      /* of every class, after the statistics */
    int n_statistics;        /* the first measures of the result; then 4 of every class */
    double confidence;       /* of the operating point, when there is one */
} assay_detection_summary;

/**
 * Measures, in this order: the statistics of the protocol (assay_protocol_statistics), those of the
 * classes, those of the operating point (detection_precision, detection_recall, detection_f1,
 * false_alarms_per_image, detection_mean_iou, images_with_false_alarm, images_with_all_found,
 * detection_centre_offset, detection_centre_distance, detection_scale_error, detection_iou_quantile (five),
 * log_average_miss_rate, detection_calibration_error, localisation_aware_calibration_error; some of
 * every class), rates (object_found_rate, object_misclassified_rate, object_vanished_rate,
 * hallucinations_per_image), and per error IoU tide_average_precision and tide_<kind> of all and of
 * every class. Tables: detection_precision_recall, detection_class_precision_recall,
 * detection_precision_by_iou, detection_precision_by_confidence, detection_confidence,
 * detection_reliability, detection_images (worst first), detection_confusion (positions of classes in
 * ascending order of ids; the number of classes = background). Metrics are "coco_average_precision" and "coco_average_recall", or
 * "detection_average_precision" and "detection_average_recall" under other conventions, with the
 * parameters iou, area, max_detections and convention; class names are borrowed from the truth.
 *
 * Intervals are basic bootstrap intervals over images or clusters, where estimate -+ t * standard error
 * of the replicates is wider that; there is none with fewer than 10 units. `replicates` of a measure
 * are so transformed (reflected at the estimate, cut to the range of the metric) that their
 * percentiles are this interval and one-sided bounds can be read off them as of any other measure's.
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

/** Whether there are replicates: some were wanted, and there are 10 images or clusters to draw from. */
bool assay_interval_resamples(const assay_interval_rule *rule);

/** Interval of a measure whose value is set, from `rule->replicates` values `stride` apart (NaN =
 *  undefined); `values` NULL = there are none. Sets low, high, level, method and the replicates. */
ASSAY_NODISCARD assay_status assay_replicate_bounds(assay_measure *measure, const double *values,
                                                    int64_t stride, const assay_interval_rule *rule,
                                                    assay_arena *arena, assay_error *err);

/** The table detection_precision_by_confidence of assay_detection_by_confidence. */
ASSAY_NODISCARD assay_status assay_detection_put_by_confidence(assay_result *out,
                                                               const assay_detection *detection,
                                                               assay_error *err);

#endif
