#include "core/op.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: boundary_iou, class: road, at_least: 0.7}]",
    NULL,
};

extern const assay_op assay_op_metric_boundary_iou;
const assay_op assay_op_metric_boundary_iou = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "boundary_iou",
    .title = "Boundary IoU",
    .summary = "How well the predicted areas agree with the true ones along their "
               "edges; of one class, or the mean of the classes.",
    .description = "IoU of the bands along the boundaries of truth and prediction, 2 "
                   "% of the image's diagonal wide (an erosion by a 3 x 3 square, "
                   "once per pixel; the image's edge is boundary), over all images "
                   "together. Between 0 and 1. Without `class` the mean of the "
                   "classes. Pixels whose true label is the ignored one, or no class, "
                   "are left out of everything. The interval comes from resampling "
                   "images (or the clusters of the data).",
    .citation = "B. Cheng et al., \"Boundary IoU: Improving object-centric image "
                "segmentation evaluation\", CVPR 2021, arXiv:2103.16562",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
};
