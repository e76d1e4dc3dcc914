#include "core/op.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: iou, class: road, at_least: 0.7}]",
    NULL,
};

extern const assay_op assay_op_metric_iou;
const assay_op assay_op_metric_iou = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "iou",
    .title = "Intersection over union of a class",
    .summary = "How well the predicted area of one class covers the true one.",
    .description = "Pixels that truth and prediction share, by those that either has, "
                   "over all images together. Between 0 and 1. A requirement says "
                   "which `class` it means. Pixels whose true label is the ignored "
                   "one, or no class, are left out of everything. The interval comes "
                   "from resampling images (or the clusters of the data).",
    .citation = "M. Everingham et al., \"The PASCAL visual object classes challenge: "
                "A retrospective\", IJCV 111 (2015)",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
};
