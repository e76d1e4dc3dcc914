#include "core/op.h"

static const char *const examples[] = {
    "requirements: [{id: R1, text: ..., metric: mean_dice, at_least: 0.7}]",
    NULL,
};

extern const assay_op assay_op_metric_mean_dice;
const assay_op assay_op_metric_mean_dice = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "mean_dice",
    .title = "Mean Dice coefficient",
    .summary = "How well the predicted areas cover the true ones, by Dice; each class "
               "counts alike.",
    .description = "2 shared pixels / (true pixels + predicted pixels) of each class "
                   "over all images together, then the mean of the classes. Between 0 "
                   "and 1; 2 IoU / (1 + IoU) class by class. A class that occurs in "
                   "neither truth nor prediction leaves the mean; one that is only "
                   "predicted counts as 0. Pixels whose true label is the ignored "
                   "one, or no class, are left out of everything. The interval comes "
                   "from resampling images (or the clusters of the data).",
    .citation = "L. R. Dice, \"Measures of the amount of ecologic association between "
                "species\", Ecology 26 (1945)",
    .since = "0.1.0",
    .task = ASSAY_TASK_SEGMENTATION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
};
