#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R2, text: ..., metric: {coco_average_recall: {max_detections: 10}}, "
    "at_least: 0.5}]",
    NULL,
};

extern const assay_op assay_op_metric_coco_average_recall;
const assay_op assay_op_metric_coco_average_recall = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "coco_average_recall",
    .title = "Average recall (COCO)",
    .summary = "Which share of the objects is found when a fixed number of detections per image is "
               "allowed: 1 is all.",
    .description =
        "The largest recall that is reached with at most `max_detections` detections per image and "
        "class (1, 10 or 100), averaged over IoU thresholds from 0.50 to 0.95 and over classes "
        "that "
        "have objects. False alarms do not count against it. Equal to pycocotools in every bit.\n\n"
        "Only the combinations that COCO prints exist: iou 0.50:0.95, area all with 1, 10 and 100, "
        "the other areas with 100; of single classes area all with 100.",
    .citation = "T.-Y. Lin et al., \"Microsoft COCO: Common objects in context\", ECCV 2014, "
                "arXiv:1405.0312; pycocotools 2.0.11",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = assay_boxes_average_params,
    .n_params = ASSAY_BOXES_AVERAGE,
    .params_size = sizeof(assay_boxes_average),
    .examples = examples,
};
