/** @file boxes.h  Parameters of what is measured about detections. They are those that the measures
 *  name, so that a requirement finds its own. */
#ifndef ASSAY_OPS_SHARED_BOXES_H
#define ASSAY_OPS_SHARED_BOXES_H

#include "core/op.h"

/** Averages that COCO prints. */
typedef struct assay_boxes_average {
    int32_t iou;
    int32_t area;
    int64_t max_detections;
    int32_t convention;
} assay_boxes_average;

/** An average by the rules of the plan. */
typedef struct assay_boxes_statistic {
    assay_word iou;
    assay_word area;
    int64_t max_detections;
} assay_boxes_statistic;

/** At one overlap. */
typedef struct assay_boxes_overlap {
    double iou;
} assay_boxes_overlap;

/** At one overlap and one confidence. */
typedef struct assay_boxes_point {
    double iou;
    double confidence;
} assay_boxes_point;

/** As above, one quantile. */
typedef struct assay_boxes_quantile {
    double iou;
    double confidence;
    int32_t quantile;
} assay_boxes_quantile;

enum {
    ASSAY_BOXES_AVERAGE = 4,
    ASSAY_BOXES_STATISTIC = 3,
    ASSAY_BOXES_OVERLAP = 1,
    ASSAY_BOXES_POINT = 2,
    ASSAY_BOXES_QUANTILE = 3
};
extern const assay_param assay_boxes_average_params[ASSAY_BOXES_AVERAGE];
extern const assay_param assay_boxes_statistic_params[ASSAY_BOXES_STATISTIC];
extern const assay_param assay_boxes_overlap_params[ASSAY_BOXES_OVERLAP];
extern const assay_param assay_boxes_point_params[ASSAY_BOXES_POINT];
extern const assay_param assay_boxes_quantile_params[ASSAY_BOXES_QUANTILE];

#endif
