#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: localisation_aware_calibration_error, "
    "at_most: 0.1}]",
    NULL,
};

extern const assay_op assay_op_metric_localisation_aware_calibration_error;
const assay_op assay_op_metric_localisation_aware_calibration_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "localisation_aware_calibration_error",
    .title = "Localisation-aware calibration error",
    .summary = "How far the scores of boxes are from precision times overlap: 0 means that "
               "a score tells how well a box lies, too.",
    .description = "Mean over classes of the sum over 25 equally wide bins of the score of "
                   "|mean score - precision x mean overlap of hits|, weighted by the share "
                   "of the class's detections in the bin. Detections are matched to objects "
                   "of their class by COCO's rule at `iou`: by falling score, each takes "
                   "the free object that it overlaps most; crowds count neither way. The "
                   "interval comes from resampling images (or the clusters of the data).",
    .citation = "K. Oksuz, T. Joy, P. K. Dokania, \"Towards building self-aware object "
                "detectors via reliable uncertainty quantification and calibration\", CVPR "
                "2023, arXiv:2307.00934",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = assay_boxes_overlap_params,
    .n_params = ASSAY_BOXES_OVERLAP,
    .params_size = sizeof(assay_boxes_overlap),
    .examples = examples,
};
