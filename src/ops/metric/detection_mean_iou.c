#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: {detection_mean_iou: {confidence: 0.5}}, "
    "at_least: 0.75}]",
    NULL,
};

extern const assay_op assay_op_metric_detection_mean_iou;
const assay_op assay_op_metric_detection_mean_iou = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "detection_mean_iou",
    .title = "Mean overlap of found objects",
    .summary = "How exactly boxes lie on the objects that they find: 1 is pixel for pixel.",
    .description = "Mean over found objects of intersection over union with the box that "
                   "found them; at least `iou` by definition. Detections are matched to "
                   "objects of their class by COCO's rule at `iou`: by falling score, each "
                   "takes the free object that it overlaps most; crowds count neither way. "
                   "Only detections with a score of at least `confidence` count. Without it "
                   "the score is the one with the best F1 over all classes, chosen from the "
                   "same data: then these values are slightly too good; state the "
                   "confidence of the system in requirements. Undefined when nothing is "
                   "found. The interval comes from resampling images (or the clusters of "
                   "the data).",
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
