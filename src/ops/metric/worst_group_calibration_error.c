#include "ops/shared/group_bins.h"

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    return assay_group_bins_finish(out, state, params, false, shape, err);
}

static const assay_metric metric = {.state_size = assay_group_bins_size,
                                    .block = assay_group_bins_block,
                                    .merge = assay_group_bins_merge,
                                    .finish = finish};

static const assay_param specs[] = {ASSAY_GROUP_BINS_PARAMS};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --group sex --metric "
    "worst_group_calibration_error",
    NULL};

const assay_op assay_op_metric_worst_group_calibration_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "worst_group_calibration_error",
    .title = "Calibration error of the worst group",
    .summary = "The expected calibration error in the group where it is largest.",
    .description =
        "Calibration within groups: in each group, rows are put into `bins` bins of equal "
        "width by the stated probability of the declared positive class (without one: by the "
        "confidence in the predicted class); the group's error is the mean over bins, "
        "weighted by rows, of |mean stated probability - share that was true|. The value is "
        "the largest of them. Range 0 to 1, 0 is best. Groups come from `--group COLUMN` or "
        "`groups` in the plan.\n\n"
        "Bins are [(m-1)/M, m/M), the last one with 1, as in torchmetrics. The error of a "
        "group is biased upwards when its bins hold few rows, the more so the smaller the "
        "group; its interval (`bootstrap_distance`) allows for that. `worst_group_calibration` has "
        "no such "
        "bias.\n\n"
        "Groups with fewer rows than `least` are left out; with fewer groups than it takes "
        "the outcome is too few.",
    .citation = "Kleinberg, Mullainathan, Raghavan (2017), Inherent trade-offs in the fair "
                "determination of risk scores, ITCS; Guo, Pleiss, Sun, Weinberger (2017), On "
                "calibration of modern neural networks, ICML.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE | ASSAY_NEEDS_SCORES | ASSAY_NEEDS_GROUPS,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_group_bins),
    .examples = examples,
    .metric = &metric};
