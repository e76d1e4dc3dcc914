#include "core/op.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: mean_image_iou, at_least: 0.7}]",
    NULL,
};

extern const assay_op assay_op_metric_mean_image_iou;
const assay_op assay_op_metric_mean_image_iou = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "mean_image_iou",
    .title = "Mean IoU per image",
    .summary = "How well a typical image is segmented: the mean IoU of every image, "
               "averaged.",
    .description = "For every image the mean IoU over the classes that occur in it, "
                   "then the mean of the images. Between 0 and 1. Images count alike "
                   "here, where mean_iou adds all pixels first. Pixels whose true "
                   "label is the ignored one, or no class, are left out of "
                   "everything. The interval comes from resampling images (or the "
                   "clusters of the data).",
    .citation = "M. Everingham et al., \"The PASCAL visual object classes challenge: "
                "A retrospective\", IJCV 111 (2015)",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
};
