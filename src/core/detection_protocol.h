/**
 * @file detection_protocol.h
 * What an evaluation of detections counts, and how: thresholds, recall grid, ranges of area, caps and
 * the rules in which the known evaluations differ. A protocol is a value; conventions have names.
 */
#ifndef ASSAY_CORE_DETECTION_PROTOCOL_H
#define ASSAY_CORE_DETECTION_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
    ASSAY_MOST_THRESHOLDS = 16,
    ASSAY_MOST_RECALLS = 1001,
    ASSAY_MOST_RANGES = 8,
    ASSAY_MOST_CAPS = 8,
    ASSAY_MOST_STATISTICS = 64,
    ASSAY_MOST_KEYPOINTS = 256,
    ASSAY_RANGE_NAME = 24
};

/** Sizes of the convention coco for boxes and masks. */
enum {
    ASSAY_COCO_THRESHOLDS = 10,
    ASSAY_COCO_RECALLS = 101,
    ASSAY_COCO_AREAS = 4, /* all, small, medium, large */
    ASSAY_COCO_CAPS = 3,  /* most detections per image and class: 1, 10, 100 */
    ASSAY_COCO_STATS = 12
};

typedef enum assay_iou_type {
    ASSAY_IOU_BOX = 1,
    ASSAY_IOU_MASK,
    ASSAY_IOU_KEYPOINTS, /* object keypoint similarity (Lin et al. 2014) */
    ASSAY_IOU_ORIENTED   /* boxes that are turned, given by their four corners */
} assay_iou_type;

/** "bbox", "segm", "keypoints", "obb". */
const char *assay_iou_type_name(assay_iou_type iou);

/** Rules that conventions set or not. */
enum {
    ASSAY_RULE_ID_ZERO = 1 << 0,      /* an object with the id 0 is never found */
    ASSAY_RULE_IGNORE_FIELD = 1 << 1, /* objects marked ignore or difficult are ignored */
    ASSAY_RULE_CROWD_PLAIN = 1 << 2,  /* iscrowd has no meaning */
    ASSAY_RULE_HALF_OPEN = 1 << 3,    /* the upper end does not belong to an area range */
    ASSAY_RULE_EPSILON = 1 << 4,      /* 2.2e-16 is added to the denominator of precision */
    ASSAY_RULE_FIRST_EQUAL = 1 << 5, /* of equal overlaps the first object is taken, not the last */
    ASSAY_RULE_ABSENT_ZERO =
        1 << 6,               /* detections of a class without objects: AP is 0, not left out */
    ASSAY_RULE_TIES = 1 << 7, /* equal scores are one point of the curve */
    ASSAY_RULE_MASK_AREA = 1 << 8,  /* the area of a detection's mask is that of the mask */
    ASSAY_RULE_FEDERATED = 1 << 9,  /* only classes that were looked for in an image count there */
    ASSAY_RULE_CAP_IMAGE = 1 << 10, /* the largest cap is per image over all classes */
    ASSAY_RULE_CLAIM = 1 << 11,     /* a detection claims its best object even when that is taken */
    ASSAY_RULE_GROUPS = 1 << 12,    /* group-of objects take any number, by the detection's area */
    ASSAY_RULE_AREA_UNDER = 1 << 13,  /* AP is the area under the envelope, without a recall grid */
    ASSAY_RULE_PIXEL = 1 << 14,       /* widths and heights count one pixel more */
    ASSAY_RULE_FLOAT32 = 1 << 15,     /* boxes, areas and scores are rounded to single precision */
    ASSAY_RULE_AREA_NEEDED = 1 << 17, /* what has no area does not exist */
    ASSAY_RULE_AP_AT_100 = 1 << 16,   /* AP is defined for a cap of 100 only */
    ASSAY_RULE_GROUP_COUNTS =
        1 << 18 /* a group is one object: found by the best in it, or missed */
};

/** A range of areas in square pixels. */
typedef struct assay_area_range {
    char name[ASSAY_RANGE_NAME];
    double low, high;
} assay_area_range;

typedef struct assay_protocol {
    const char *name; /* static */
    assay_iou_type iou;
    uint32_t rules;
    int32_t n_thresholds, n_recalls, n_ranges, n_caps, n_sigmas;
    double thresholds[ASSAY_MOST_THRESHOLDS];   /* ascending */
    double recalls[ASSAY_MOST_RECALLS];         /* ascending */
    assay_area_range ranges[ASSAY_MOST_RANGES]; /* the first one is "all" */
    int32_t caps[ASSAY_MOST_CAPS];              /* ascending: most detections per image and class */
    double sigmas[ASSAY_MOST_KEYPOINTS]; /* keypoints: standard deviations, relative to scale */
} assay_protocol;

/** coco, coco-corrected, lvis, voc2007, voc2012, open-images, open-images-challenge or torchmetrics. ASSAY_EINVAL, with the
 *  names, for another name, and for keypoints outside of COCO. iou 0 = boxes. */
ASSAY_NODISCARD assay_status assay_protocol_init(assay_protocol *out, const char *convention,
                                                 assay_iou_type iou, assay_error *err);
/** Names of conventions from 0 on; NULL behind the last. */
const char *assay_convention_name(size_t which);
/** What people say of a protocol; NULL = as the convention has it. */
typedef struct assay_protocol_words {
    const char *iou_type, *convention, *iou, *areas, *max_detections, *recalls, *sigmas;
    bool pixel;
} assay_protocol_words;

/** All of them at once; what does not fit together is refused. */
ASSAY_NODISCARD assay_status assay_protocol_of(assay_protocol *out,
                                               const assay_protocol_words *words, assay_error *err);

/** "0.5", "0.5,0.75" or "0.5:0.95:0.05" (first, last, step; both ends belong), in (0, 1]. */
ASSAY_NODISCARD assay_status assay_protocol_set_iou(assay_protocol *protocol, const char *text,
                                                    assay_error *err);
/** "small:0:1024,large:1024:inf": ranges beside "all", in square pixels. */
ASSAY_NODISCARD assay_status assay_protocol_set_areas(assay_protocol *protocol, const char *text,
                                                      assay_error *err);
/** "1,10,100": most detections per image and class; AP is that of the largest. */
ASSAY_NODISCARD assay_status assay_protocol_set_caps(assay_protocol *protocol, const char *text,
                                                     assay_error *err);
/** "101": so many points from 0 to 1; "0,0.5,1": these points; "area": the area under the envelope. */
ASSAY_NODISCARD assay_status assay_protocol_set_recalls(assay_protocol *protocol, const char *text,
                                                        assay_error *err);
/** "0.026,0.025,...": one per keypoint. */
ASSAY_NODISCARD assay_status assay_protocol_set_sigmas(assay_protocol *protocol, const char *text,
                                                       assay_error *err);

/** One number of the summary. */
typedef struct assay_statistic {
    bool recall;       /* AR, else AP */
    int32_t threshold; /* -1 = mean over all */
    int32_t range;
    int32_t cap;   /* -1 = not among the caps: undefined */
    int32_t group; /* LVIS: 0 rare, 1 common, 2 frequent; -1 = all classes */
} assay_statistic;

/** The summary of a protocol, in the order in which its own tools print it. Returns how many. */
int assay_protocol_statistics(assay_statistic out[ASSAY_MOST_STATISTICS],
                              const assay_protocol *protocol);
/** "0.50:0.95", "0.75": what a threshold of a statistic is called. */
void assay_protocol_iou_text(char *out, size_t size, const assay_protocol *protocol,
                             int32_t threshold);

/** Grids as numpy.linspace computes them, which differ from i/100 in the last place. */
void assay_linspace(double *out, int32_t n, double low, double high);

#endif
