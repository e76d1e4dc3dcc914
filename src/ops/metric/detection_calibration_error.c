#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: detection_calibration_error, at_most: "
    "0.05}]",
    NULL,
};

extern const assay_op assay_op_metric_detection_calibration_error;
const assay_op assay_op_metric_detection_calibration_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "detection_calibration_error",
    .title = "Detection calibration error",
    .summary = "How far the scores of boxes are from the share of them that is right: 0 "
               "means that scores can be read as probabilities.",
    .description = "Expected calibration error of all detections: sum over 10 equally wide "
                   "bins of the score of |mean score - precision|, weighted by the share of "
                   "detections in the bin. Detections are matched to objects of their class "
                   "by COCO's rule at `iou`: by falling score, each takes the free object "
                   "that it overlaps most; crowds count neither way. The interval comes "
                   "from resampling images (or the clusters of the data).",
    .citation = "F. Küppers, J. Kronenberger, A. Shantia, A. Haselhoff, \"Multivariate "
                "confidence calibration for object detection\", CVPR workshops 2020, "
                "arXiv:2004.13546",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = assay_boxes_overlap_params,
    .n_params = ASSAY_BOXES_OVERLAP,
    .params_size = sizeof(assay_boxes_overlap),
    .examples = examples,
};
