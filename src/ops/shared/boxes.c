#include "ops/shared/boxes.h"

static const char *const ious[] = {"0.50:0.95", "0.50", "0.75", NULL};
static const char *const areas[] = {"all", "small", "medium", "large", NULL};
static const char *const conventions[] = {"coco", NULL};
static const char *const quantiles[] = {"0.1", "0.25", "0.5", "0.75", "0.9", NULL};

const assay_param assay_boxes_average_params[ASSAY_BOXES_AVERAGE] = {
    ASSAY_CHOICE(assay_boxes_average, iou, 0, ious,
                 "Overlap from which a detection counts as a hit; 0.50:0.95 is the mean over ten "
                 "thresholds."),
    ASSAY_CHOICE(assay_boxes_average, area, 0, areas,
                 "Objects of which size: small below 32 x 32 pixels, medium to 96 x 96, large "
                 "beyond."),
    ASSAY_INT(assay_boxes_average, max_detections, 100, 1, 100, "detections",
              "At most so many per image and class count, the best ones."),
    ASSAY_CHOICE(assay_boxes_average, convention, 0, conventions, "Whose rules are followed."),
};

const assay_param assay_boxes_statistic_params[ASSAY_BOXES_STATISTIC] = {
    ASSAY_WORD(assay_boxes_statistic, iou,
               "Overlap from which a detection counts as a hit, or the whole grid; else the first "
               "of the convention."),
    ASSAY_WORD(assay_boxes_statistic, area, "Name of the range of areas; else all."),
    ASSAY_INT(assay_boxes_statistic, max_detections, 0, 0, 1000000, "detections",
              "At most so many per image and class; 0 = those of the convention's first line."),
};

#define IOU(type)                                                                                  \
    ASSAY_REAL(type, iou, 0.5, 0.01, 1.0, "", "Overlap from which a detection counts as a hit.")
#define CONFIDENCE(type)                                                                           \
    ASSAY_REAL(type, confidence, -1.0, -1.0, 1.0, "",                                              \
               "Detections below this score are not looked at; -1 takes the score with the best "  \
               "F1 over all classes.")

const assay_param assay_boxes_overlap_params[ASSAY_BOXES_OVERLAP] = {IOU(assay_boxes_overlap)};

const assay_param assay_boxes_point_params[ASSAY_BOXES_POINT] = {IOU(assay_boxes_point),
                                                                 CONFIDENCE(assay_boxes_point)};

const assay_param assay_boxes_quantile_params[ASSAY_BOXES_QUANTILE] = {
    IOU(assay_boxes_quantile),
    CONFIDENCE(assay_boxes_quantile),
    ASSAY_CHOICE(assay_boxes_quantile, quantile, 2, quantiles,
                 "Share of the found objects whose overlap is at most the value."),
};
