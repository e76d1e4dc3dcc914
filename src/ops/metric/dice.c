#include "core/op.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: dice, class: road, at_least: 0.7}]",
    NULL,
};

extern const assay_op assay_op_metric_dice;
const assay_op assay_op_metric_dice = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "dice",
    .title = "Dice coefficient of a class",
    .summary = "How well the predicted area of one class covers the true one, by "
               "Dice.",
    .description = "2 shared pixels / (true pixels + predicted pixels), over all "
                   "images together. Between 0 and 1. It is the F1 of the pixels. A "
                   "requirement says which `class` it means. Pixels whose true label "
                   "is the ignored one, or no class, are left out of everything. The "
                   "interval comes from resampling images (or the clusters of the "
                   "data).",
    .citation = "L. R. Dice, \"Measures of the amount of ecologic association between "
                "species\", Ecology 26 (1945)",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
};
