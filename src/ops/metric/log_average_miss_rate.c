#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: log_average_miss_rate, at_most: 0.3}]",
    NULL,
};

extern const assay_op assay_op_metric_log_average_miss_rate;
const assay_op assay_op_metric_log_average_miss_rate = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "log_average_miss_rate",
    .title = "Log-average miss rate",
    .summary = "Which share of the objects is missed, averaged over strict and lenient "
               "thresholds of the score: the measure of pedestrian detection.",
    .description = "Geometric mean of the miss rate at nine rates of false alarms per image "
                   "from 0.01 to 1, evenly spaced in their logarithms; at each the most "
                   "false alarms that do not exceed it. A rate that is never reached counts "
                   "as a miss rate of 1; miss rates below 1e-10 count as 1e-10. Over all "
                   "classes the mean of the classes that have objects. Detections are "
                   "matched to objects of their class by COCO's rule at `iou`: by falling "
                   "score, each takes the free object that it overlaps most; crowds count "
                   "neither way. The interval comes from resampling images (or the clusters "
                   "of the data).",
    .citation = "P. Dollár, C. Wojek, B. Schiele, P. Perona, \"Pedestrian detection: An "
                "evaluation of the state of the art\", TPAMI 34(4), 2012",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = assay_boxes_overlap_params,
    .n_params = ASSAY_BOXES_OVERLAP,
    .params_size = sizeof(assay_boxes_overlap),
    .examples = examples,
};
