#include "core/op.h"

/* Parameters and their order are those that evaluations of detections write with their measures, so
 * that a requirement finds its measure. */
typedef struct params {
    int32_t iou;
    int32_t area;
    int64_t max_detections;
    int32_t convention;
} params;

static const char *const ious[] = {"0.50:0.95", "0.50", "0.75", NULL};
static const char *const areas[] = {"all", "small", "medium", "large", NULL};
static const char *const conventions[] = {"coco", NULL};

static const assay_param param_list[] = {
    ASSAY_CHOICE(params, iou, 0, ious,
                 "Overlap from which a detection counts as a hit; 0.50:0.95 is the mean over ten "
                 "thresholds."),
    ASSAY_CHOICE(params, area, 0, areas,
                 "Objects of which size: small below 32 x 32 pixels, medium to 96 x 96, large "
                 "beyond."),
    ASSAY_INT(params, max_detections, 100, 1, 100, "detections",
              "At most so many per image and class count, the best ones."),
    ASSAY_CHOICE(params, convention, 0, conventions, "Whose rules are followed."),
};

static const char *const examples[] = {
    "requirements: [{id: R2, text: ..., metric: {coco_average_recall: {max_detections: 10}}, "
    "at_least: 0.5}]",
    NULL,
};

extern const assay_op assay_op_metric_coco_average_recall;
const assay_op assay_op_metric_coco_average_recall = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "coco_average_recall",
    .title = "Average recall (COCO)",
    .summary = "Which share of the objects is found when a fixed number of detections per image is "
               "allowed: 1 is all.",
    .description =
        "The largest recall that is reached with at most `max_detections` detections per image and "
        "class (1, 10 or 100), averaged over IoU thresholds from 0.50 to 0.95 and over classes "
        "that "
        "have objects. False alarms do not count against it. Equal to pycocotools in every bit.\n\n"
        "Only the combinations that COCO prints exist: iou 0.50:0.95, area all with 1, 10 and 100, "
        "the other areas with 100; of single classes area all with 100.",
    .citation = "T.-Y. Lin et al., \"Microsoft COCO: Common objects in context\", ECCV 2014, "
                "arXiv:1405.0312; pycocotools 2.0.11",
    .since = "0.1.0",
    .task = ASSAY_TASK_DETECTION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
};
