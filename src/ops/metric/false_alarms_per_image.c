#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: {false_alarms_per_image: {confidence: "
    "0.5}}, at_most: 0.1}]",
    NULL,
};

extern const assay_op assay_op_metric_false_alarms_per_image;
const assay_op assay_op_metric_false_alarms_per_image = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "false_alarms_per_image",
    .title = "False alarms per image",
    .summary = "How many boxes that lie on nothing an operator sees in an image.",
    .description = "(detections - found) / images. Images without any object count. "
                   "Detections are matched to objects of their class by COCO's rule at "
                   "`iou`: by falling score, each takes the free object that it overlaps "
                   "most; crowds count neither way. Only detections with a score of at "
                   "least `confidence` count. Without it the score is the one with the best "
                   "F1 over all classes, chosen from the same data: then these values are "
                   "slightly too good; state the confidence of the system in requirements. "
                   "The interval comes from resampling images (or the clusters of the "
                   "data).",
    .citation = "P. Dollár, C. Wojek, B. Schiele, P. Perona, \"Pedestrian detection: An "
                "evaluation of the state of the art\", TPAMI 34(4), 2012",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = assay_boxes_point_params,
    .n_params = ASSAY_BOXES_POINT,
    .params_size = sizeof(assay_boxes_point),
    .examples = examples,
};
