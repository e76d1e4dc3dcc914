#include "ops/shared/masks.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: {panoptic_recognition_quality: {classes: things}}, "
    "at_least: 0.4}]",
    NULL,
};

extern const assay_op assay_op_metric_panoptic_recognition_quality;
const assay_op assay_op_metric_panoptic_recognition_quality = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "panoptic_recognition_quality",
    .title = "Recognition quality of panoptic quality",
    .summary = "Whether the segments are found, however exactly they lie: an F1 of "
               "segments.",
    .description = "TP / (TP + FP / 2 + FN / 2) of each class, then the mean of the "
                   "classes: the RQ of PQ = SQ x RQ. Between 0 and 1. The interval "
                   "comes from resampling images (or the clusters of the data).",
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
