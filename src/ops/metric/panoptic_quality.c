#include "ops/shared/masks.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: {panoptic_quality: {classes: things}}, "
    "at_least: 0.4}]",
    NULL,
};

extern const assay_op assay_op_metric_panoptic_quality;
const assay_op assay_op_metric_panoptic_quality = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "panoptic_quality",
    .title = "Panoptic quality",
    .summary = "How well segments are found and how exactly they lie, things and "
               "background together: 1 is perfect.",
    .description = "A true and a predicted segment of one class match when their "
                   "overlap (IoU) is above 0.5; PQ = sum of the overlaps of matches / "
                   "(TP + FP / 2 + FN / 2), of each class, then the mean of the "
                   "classes; `classes` says of which. Between 0 and 1. The rules are "
                   "those of COCO's panoptic evaluation (panopticapi): pixels without "
                   "a true segment leave the union; crowds are neither found nor "
                   "missed. The interval comes from resampling images (or the "
                   "clusters of the data).",
    .citation = "A. Kirillov et al., \"Panoptic segmentation\", CVPR 2019, "
                "arXiv:1801.00868",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = assay_masks_group_params,
    .n_params = ASSAY_MASKS_GROUP,
    .params_size = sizeof(assay_masks_group),
    .examples = examples,
};
