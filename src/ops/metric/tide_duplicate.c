#include "ops/shared/boxes.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: tide_duplicate, at_most: 0.02}]",
    NULL,
};

extern const assay_op assay_op_metric_tide_duplicate;
const assay_op assay_op_metric_tide_duplicate = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "tide_duplicate",
    .title = "Loss to duplicates",
    .summary = "How much average precision is lost to second boxes on objects that are "
               "found already.",
    .description = "Mended: duplicates are removed. Each kind of error is mended alone and "
                   "AP (at `iou`, 101 points, mean over the classes that have objects or "
                   "detections) computed again; the value is what AP gains, 0 to 1. Gains "
                   "do not add up to 1 - AP. At most 100 detections per image over all "
                   "classes count; below an overlap of 0.1 nothing is there. The interval "
                   "comes from resampling images (or the clusters of the data).",
    .citation = "D. Bolya, S. Foley, J. Hays, J. Hoffman, \"TIDE: A general toolbox for "
                "identifying object detection errors\", ECCV 2020, arXiv:2008.08115; tidecv "
                "1.0.1 (which gives it times 100)",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = assay_boxes_overlap_params,
    .n_params = ASSAY_BOXES_OVERLAP,
    .params_size = sizeof(assay_boxes_overlap),
    .examples = examples,
};
