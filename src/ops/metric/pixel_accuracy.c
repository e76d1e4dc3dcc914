#include "core/op.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: pixel_accuracy, at_least: 0.7}]",
    NULL,
};

extern const assay_op assay_op_metric_pixel_accuracy;
const assay_op assay_op_metric_pixel_accuracy = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "pixel_accuracy",
    .title = "Pixel accuracy",
    .summary = "Which share of the pixels has the right class. Large areas decide it.",
    .description = "Pixels with the right class by all pixels that count. Between 0 "
                   "and 1. A rare class that is never found hardly lowers it: see "
                   "mean_iou. Pixels whose true label is the ignored one, or no "
                   "class, are left out of everything. The interval comes from "
                   "resampling images (or the clusters of the data).",
    .citation = "J. Long, E. Shelhamer, T. Darrell, \"Fully convolutional networks "
                "for semantic segmentation\", CVPR 2015, arXiv:1411.4038",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
};
