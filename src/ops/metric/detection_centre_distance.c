#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: {detection_centre_distance: {confidence: "
    "0.5}}, at_most: 5}]",
    NULL,
};

extern const assay_op assay_op_metric_detection_centre_distance;
const assay_op assay_op_metric_detection_centre_distance = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "detection_centre_distance",
    .title = "Distance of centres",
    .summary = "How many pixels lie between the middle of a box and the middle of the "
               "object that it finds.",
    .description = "Mean over found objects of the distance between the centres of both "
                   "boxes, in pixels of the image. Detections are matched to objects of "
                   "their class by COCO's rule at `iou`: by falling score, each takes the "
                   "free object that it overlaps most; crowds count neither way. Only "
                   "detections with a score of at least `confidence` count. Without it the "
                   "score is the one with the best F1 over all classes, chosen from the "
                   "same data: then these values are slightly too good; state the "
                   "confidence of the system in requirements. Of boxes only. Undefined when "
                   "nothing is found. The interval comes from resampling images (or the "
                   "clusters of the data).",
    .citation = "H. Caesar et al., \"nuScenes: A multimodal dataset for autonomous "
                "driving\", CVPR 2020, arXiv:1903.11027 (average translation error, in "
                "pixels)",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = assay_boxes_point_params,
    .n_params = ASSAY_BOXES_POINT,
    .params_size = sizeof(assay_boxes_point),
    .examples = examples,
};
