#include "core/op.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: boundary_f, class: road, at_least: 0.7}]",
    NULL,
};

extern const assay_op assay_op_metric_boundary_f;
const assay_op assay_op_metric_boundary_f = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "boundary_f",
    .title = "Boundary F (DAVIS)",
    .summary = "How exactly the contours are followed; of one class, or the mean of "
               "the classes.",
    .description = "A contour pixel is right when one of the other mask lies within "
                   "0.8 % of the diagonal; F = 2 P R / (P + R) per image and class, "
                   "then the mean of the images, then of the classes. Between 0 and "
                   "1. Pixels whose true label is the ignored one, or no class, are "
                   "left out of everything. The interval comes from resampling images "
                   "(or the clusters of the data).",
    .citation = "F. Perazzi et al., \"A benchmark dataset and evaluation methodology "
                "for video object segmentation\", CVPR 2016",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
};
