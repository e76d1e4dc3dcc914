#include "core/op.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: weighted_iou, at_least: 0.7}]",
    NULL,
};

extern const assay_op assay_op_metric_weighted_iou;
const assay_op assay_op_metric_weighted_iou = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "weighted_iou",
    .title = "Frequency-weighted intersection over union",
    .summary = "Intersection over union, each class counting by its true pixels.",
    .description = "The mean of the classes' IoU weighted by their true pixels. "
                   "Between 0 and 1. Also called frequency-weighted IoU. Pixels whose "
                   "true label is the ignored one, or no class, are left out of "
                   "everything. The interval comes from resampling images (or the "
                   "clusters of the data).",
    .citation = "J. Long, E. Shelhamer, T. Darrell, \"Fully convolutional networks "
                "for semantic segmentation\", CVPR 2015, arXiv:1411.4038",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
};
