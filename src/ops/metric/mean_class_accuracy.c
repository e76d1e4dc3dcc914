#include "core/op.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: mean_class_accuracy, at_least: 0.7}]",
    NULL,
};

extern const assay_op assay_op_metric_mean_class_accuracy;
const assay_op assay_op_metric_mean_class_accuracy = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "mean_class_accuracy",
    .title = "Mean class accuracy",
    .summary = "Which share of a class's pixels is found, each class counting alike.",
    .description = "Pixels of a class that are predicted as it, by its true pixels, "
                   "over all images together; then the mean of the classes that occur "
                   "in the truth. Between 0 and 1. False alarms of a class do not "
                   "lower its own number. Pixels whose true label is the ignored one, "
                   "or no class, are left out of everything. The interval comes from "
                   "resampling images (or the clusters of the data).",
    .citation = "J. Long, E. Shelhamer, T. Darrell, \"Fully convolutional networks "
                "for semantic segmentation\", CVPR 2015, arXiv:1411.4038",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
};
