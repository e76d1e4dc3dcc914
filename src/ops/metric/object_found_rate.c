#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: {object_found_rate: {confidence: 0.5}}, "
    "at_least: 0.9}]",
    NULL,
};

extern const assay_op assay_op_metric_object_found_rate;
const assay_op assay_op_metric_object_found_rate = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "object_found_rate",
    .title = "Objects found",
    .summary = "Which share of the objects has a box of its class on it, whatever else lies "
               "there.",
    .description = "Share of the objects that a detection of their class overlaps by more "
                   "than `iou`. Together with object_misclassified_rate and "
                   "object_vanished_rate it adds up to 1. Unlike recall, a box may stand "
                   "for two objects. Only detections with a score of at least `confidence` "
                   "count. Without it the score is the one with the best F1 over all "
                   "classes, chosen from the same data: then these values are slightly too "
                   "good; state the confidence of the system in requirements. The interval "
                   "comes from resampling images (or the clusters of the data).",
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
