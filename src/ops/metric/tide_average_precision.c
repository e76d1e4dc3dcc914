#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: tide_average_precision, at_least: 0.5}]",
    NULL,
};

extern const assay_op assay_op_metric_tide_average_precision;
const assay_op assay_op_metric_tide_average_precision = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "tide_average_precision",
    .title = "Average precision (TIDE)",
    .summary = "How well real objects are ranked before false alarms, as the error "
               "decomposition counts it.",
    .description = "AP at `iou` over 101 points of recall (i / 100), mean over the classes "
                   "that have objects or detections: a class with detections and no object "
                   "counts 0. At most 100 detections per image over all classes. The "
                   "interval comes from resampling images (or the clusters of the data).",
    .citation = "D. Bolya, S. Foley, J. Hays, J. Hoffman, \"TIDE: A general toolbox for "
                "identifying object detection errors\", ECCV 2020, arXiv:2008.08115; tidecv "
                "1.0.1 (which gives it times 100)",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = assay_boxes_overlap_params,
    .n_params = ASSAY_BOXES_OVERLAP,
    .params_size = sizeof(assay_boxes_overlap),
    .examples = examples,
};
