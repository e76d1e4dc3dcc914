/**
 * @file detection_errors.h
 * Why detections are wrong: the kinds of errors of Bolya, Foley, Hays, Hoffman 2020, "TIDE: A General
 * Toolbox for Identifying Object Detection Errors", and what AP would be without each of them.
 */
#ifndef ASSAY_CORE_DETECTION_ERRORS_H
#define ASSAY_CORE_DETECTION_ERRORS_H

#include "core/detection.h"

/** Kinds of errors. Every detection that hits nothing is of one of the first five. */
typedef enum assay_detection_error {
    ASSAY_ERROR_CLASS,        /* right place, wrong class */
    ASSAY_ERROR_PLACE,        /* right class, wrong place */
    ASSAY_ERROR_BOTH,         /* wrong class and wrong place */
    ASSAY_ERROR_DUPLICATE,    /* an object that is found already */
    ASSAY_ERROR_BACKGROUND,   /* nothing is there */
    ASSAY_ERROR_MISSED,       /* an object that no detection could be mended to */
    ASSAY_ERROR_FALSE_ALARMS, /* all that hits nothing, ranked last */
    ASSAY_ERROR_ALL_MISSED,   /* all objects that are not found */
    ASSAY_ERROR_KINDS
} assay_detection_error;

/** What became of a detection. */
enum {
    ASSAY_DETECTION_HIT = -1,
    ASSAY_DETECTION_IGNORED = -2 /* in a region that does not count */
};

/** One detection of the analysis: at most 100 of an image over all classes, as TIDE takes them. */
typedef struct assay_judged_detection {
    int32_t row;    /* of the results */
    int32_t class;  /* rank */
    int32_t image;  /* rank */
    int32_t object; /* number of the object that it hits or would hit when mended; -1 = none */
    double score;
    float overlap; /* best with an object of its class */
    int8_t state;  /* ASSAY_DETECTION_HIT, _IGNORED, or ASSAY_ERROR_CLASS to _BACKGROUND */
    int8_t error;  /* of an ignored one too: the kind that it would be of */
    bool mends;    /* it becomes the hit of its object when errors of its kind are mended */
} assay_judged_detection;

typedef struct assay_judged_object {
    int32_t row, class, image;
    int32_t detection; /* that hits it; -1 = none */
    bool ignored;
    bool missed; /* ASSAY_ERROR_MISSED */
} assay_judged_object;

typedef struct assay_detection_errors assay_detection_errors;

/** Judge everything at one IoU. `background` = most overlap with which nothing is there [0.1]. The
 *  detection gives ranks, protocol and slice (of the same truth and results). */
ASSAY_NODISCARD assay_status assay_detection_errors_find(
    assay_detection_errors **out, const assay_detection *detection, const assay_coco_truth *truth,
    const assay_coco_rows *results, const assay_detection_slice *slice, double iou,
    double background, assay_error *err);
void assay_detection_errors_free(assay_detection_errors *errors);
const assay_judged_detection *
assay_detection_errors_detections(int64_t *n, const assay_detection_errors *errors);
const assay_judged_object *assay_detection_errors_objects(int64_t *n,
                                                          const assay_detection_errors *errors);
/** How many there are of a kind; of class k (that of the detection, or of the missed object) or -1. */
int64_t assay_detection_errors_count(const assay_detection_errors *errors,
                                     assay_detection_error kind, int64_t k);

enum { ASSAY_ERROR_VALUES = ASSAY_ERROR_KINDS + 1 };
/** The metric of value 0..ASSAY_ERROR_VALUES-1: "tide_average_precision", "tide_classification", ... */
const char *assay_detection_error_metric(int value);
/**
 * AP (first) and what it gains when each kind of error alone is mended, 0..1: averages over the classes
 * that have objects or detections, in `all`, and of every class (classes x ASSAY_ERROR_VALUES, NaN
 * where a class has neither). Kinds do not add up to 1 - AP. tidecv 1.0.1 gives the same, times 100.
 */
ASSAY_NODISCARD assay_status assay_detection_errors_gain(double all[ASSAY_ERROR_VALUES],
                                                         double *classes,
                                                         const assay_detection_errors *errors,
                                                         assay_error *err);
/** Replicates of the same: replicates x ASSAY_ERROR_VALUES, and x classes x ASSAY_ERROR_VALUES (may be
 *  NULL); images or clusters as in assay_detection_bootstrap. */
ASSAY_NODISCARD assay_status assay_detection_errors_bootstrap(double *all, double *classes,
                                                              const assay_detection_errors *errors,
                                                              int64_t replicates, uint64_t seed,
                                                              assay_error *err);

#endif
