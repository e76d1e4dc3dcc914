#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: {coco_average_precision: {iou: \"0.50\"}}, "
    "at_least: 0.5}]",
    NULL,
};

extern const assay_op assay_op_metric_coco_average_precision;
const assay_op assay_op_metric_coco_average_precision = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "coco_average_precision",
    .title = "Average precision (COCO)",
    .summary = "How well the model ranks real objects before false alarms, over all thresholds of "
               "its score: 1 is perfect.",
    .description =
        "For each class the precision at 101 recalls from 0 to 1, after the envelope, averaged; "
        "then "
        "the mean over classes that have objects. With iou 0.50:0.95 the mean over ten thresholds "
        "as "
        "well: the number that is called AP or mAP. Equal to pycocotools in every bit.\n\n"
        "Only the combinations that COCO prints exist: every iou with area all, every area with "
        "0.50:0.95, all with max_detections 100; of single classes iou 0.50:0.95, 0.50 and 0.75 "
        "with "
        "area all.",
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
