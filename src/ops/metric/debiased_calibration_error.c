#include <math.h>

#include "ops/shared/bins.h"
#include "ops/shared/confusion.h"

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)shape;
    const assay_bins_params *params = given;
    const assay_metric_bin *bins = state;
    assay_measure *measure = NULL;
    assay_sum sum = {0};
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    for (int64_t b = 0; b <= params->bins; b++) {
        measure->weight += bins[b].weight;
        double weight = bins[b].weight;
        double rows = bins[b].squares > 0.0 ? weight * weight / bins[b].squares : weight;
        if (rows > 1.0) {
            double accuracy = assay_sum_value(&bins[b].sum[1]) / weight;
            double gap = accuracy - assay_sum_value(&bins[b].sum[0]) / weight;
            double chance = accuracy * (1.0 - accuracy) / (rows - 1.0);
            assay_sum_add(&sum, weight * (gap * gap - chance));
        }
    }
    if (measure->weight == 0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    double square = assay_sum_value(&sum) / measure->weight;
    if (square < 0.0) {
        measure->reason = "the gaps are smaller than chance alone makes them";
    }
    measure->distance = ASSAY_DISTANCE_DEBIASED;
    measure->value = square > 0.0 ? sqrt(square) : 0.0;
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_bins_state_size,
                                    .block = assay_bins_block,
                                    .merge = assay_bins_merge,
                                    .finish = finish,
                                    .terms = &assay_bins_terms,
                                    .sorted = assay_bins_sorted};

static const assay_param specs[] = {
    ASSAY_BINS_PARAMS,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric "
    "debiased_calibration_error:binning=equal_mass",
    "metrics: [{debiased_calibration_error: {binning: equal_mass}}]", NULL};

const assay_op assay_op_metric_debiased_calibration_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "debiased_calibration_error",
    .title = "Debiased calibration error",
    .summary = "Root mean square gap between confidence and accuracy, corrected for the gap that "
               "chance alone makes.",
    .description =
        "Rows are put into bins by the probability given to the predicted class. In each bin "
        "with at least two rows the squared gap (accuracy - mean confidence)^2 is reduced by "
        "accuracy (1 - accuracy) / (rows - 1), which is what it would be on average from chance "
        "alone; the result is the square root of the mean weighted by rows, or 0 when that mean "
        "is negative (the remark says so). Bins with one row count as no gap. Range 0 to 1, "
        "lower is better.\n\n" ASSAY_BINS_CONVENTIONS
        "The plain estimate is `expected_calibration_error` with `norm: l2`. Kumar and others "
        "use 15 bins of equal mass. Resampling rows brings back the bias that was removed, which "
        "its interval (`bootstrap_distance`) takes off. Without rows it is undefined.",
    .citation =
        "Kumar, Liang, Ma (2019), Verified uncertainty calibration, NeurIPS; Broecker (2012), "
        "Estimating reliability and resolution of probability forecasts through decomposition "
        "of the empirical score, Climate Dynamics 39; as calibration.get_calibration_error "
        "(uncertainty-calibration 0.1.4).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_bins_params),
    .examples = examples,
    .metric = &metric};
