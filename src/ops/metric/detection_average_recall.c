#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: {detection_average_recall: {iou: 0.5, area: "
    "small}}, "
    "at_least: 0.5}]",
    NULL,
};

extern const assay_op assay_op_metric_detection_average_recall;
const assay_op assay_op_metric_detection_average_recall = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "detection_average_recall",
    .title = "Average recall",
    .summary =
        "What share of the real objects the model finds, false alarms not counted: 1 is all of "
        "them.",
    .description =
        "As the member `detection` of the plan (or the options of `assay evaluate`) has it: boxes, "
        "masks, keypoints or turned boxes; the convention, thresholds of overlap, ranges of area, "
        "most "
        "detections. What is not said here is that of the first line of the convention's own "
        "table: "
        "the mean over all thresholds of overlap, at the fewest detections.\n\n"
        "`iou` is one threshold (0.5) or the whole grid (0.50:0.95), `area` the name of a range, "
        "both "
        "as they stand in the results. With COCO's own settings the values are those of "
        "`coco_average_recall`.",
    .citation = "docs/detection.md lists conventions, sources and what each is equal to",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = assay_boxes_statistic_params,
    .n_params = ASSAY_BOXES_STATISTIC,
    .params_size = sizeof(assay_boxes_statistic),
    .examples = examples,
};
