#include "core/op.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: mean_iou, at_least: 0.7}]",
    NULL,
};

extern const assay_op assay_op_metric_mean_iou;
const assay_op assay_op_metric_mean_iou = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "mean_iou",
    .title = "Mean intersection over union",
    .summary = "How well the predicted areas cover the true ones, each class counting "
               "alike: 1 is pixel for pixel.",
    .description = "For each class the pixels that truth and prediction share, by "
                   "those that either has, over all images together; then the mean of "
                   "the classes. Between 0 and 1. A class that occurs in neither "
                   "truth nor prediction leaves the mean; one that is only predicted "
                   "counts as 0. Pixels whose true label is the ignored one, or no "
                   "class, are left out of everything. The interval comes from "
                   "resampling images (or the clusters of the data).",
    .citation = "M. Everingham et al., \"The PASCAL visual object classes challenge: "
                "A retrospective\", IJCV 111 (2015)",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
};
