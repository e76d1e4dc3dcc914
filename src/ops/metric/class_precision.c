#include "core/op.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: class_precision, class: road, at_least: 0.7}]",
    NULL,
};

extern const assay_op assay_op_metric_class_precision;
const assay_op assay_op_metric_class_precision = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "class_precision",
    .title = "Pixels of a class that are right",
    .summary = "Which share of the pixels that are predicted as a class is it.",
    .description = "Pixels predicted as the class that are it, by all pixels "
                   "predicted as it, over all images together. Between 0 and 1. A "
                   "requirement says which `class` it means. Pixels whose true label "
                   "is the ignored one, or no class, are left out of everything. The "
                   "interval comes from resampling images (or the clusters of the "
                   "data).",
    .citation = "J. Long, E. Shelhamer, T. Darrell, \"Fully convolutional networks "
                "for semantic segmentation\", CVPR 2015, arXiv:1411.4038",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
};
