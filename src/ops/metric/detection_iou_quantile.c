#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: {detection_iou_quantile: {confidence: "
    "0.5}}, at_least: 0.6}]",
    NULL,
};

extern const assay_op assay_op_metric_detection_iou_quantile;
const assay_op assay_op_metric_detection_iou_quantile = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "detection_iou_quantile",
    .title = "Quantile of the overlap of found objects",
    .summary = "The overlap that a given share of the found objects does not exceed: with "
               "0.1, nine of ten lie better.",
    .description = "Smallest overlap (intersection over union) of a found object so that at "
                   "least the share `quantile` of all found objects has no larger one. "
                   "Detections are matched to objects of their class by COCO's rule at "
                   "`iou`: by falling score, each takes the free object that it overlaps "
                   "most; crowds count neither way. Only detections with a score of at "
                   "least `confidence` count. Without it the score is the one with the best "
                   "F1 over all classes, chosen from the same data: then these values are "
                   "slightly too good; state the confidence of the system in requirements. "
                   "Undefined when nothing is found. The interval comes from resampling "
                   "images (or the clusters of the data).",
    .citation = "T.-Y. Lin et al., \"Microsoft COCO: Common objects in context\", ECCV "
                "2014, arXiv:1405.0312",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = assay_boxes_quantile_params,
    .n_params = ASSAY_BOXES_QUANTILE,
    .params_size = sizeof(assay_boxes_quantile),
    .examples = examples,
};
