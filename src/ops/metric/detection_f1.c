#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: {detection_f1: {confidence: 0.5}}, "
    "at_least: 0.8}]",
    NULL,
};

extern const assay_op assay_op_metric_detection_f1;
const assay_op assay_op_metric_detection_f1 = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "detection_f1",
    .title = "F1 of detections",
    .summary = "One number for boxes that are right and objects that are found, at one "
               "threshold of the score.",
    .description = "2 found / (detections + objects), the harmonic mean of precision and "
                   "recall, over all classes or of one. Detections are matched to objects "
                   "of their class by COCO's rule at `iou`: by falling score, each takes "
                   "the free object that it overlaps most; crowds count neither way. Only "
                   "detections with a score of at least `confidence` count. Without it the "
                   "score is the one with the best F1 over all classes, chosen from the "
                   "same data: then these values are slightly too good; state the "
                   "confidence of the system in requirements. The interval comes from "
                   "resampling images (or the clusters of the data).",
    .citation = "T.-Y. Lin et al., \"Microsoft COCO: Common objects in context\", ECCV "
                "2014, arXiv:1405.0312",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = assay_boxes_point_params,
    .n_params = ASSAY_BOXES_POINT,
    .params_size = sizeof(assay_boxes_point),
    .examples = examples,
};
