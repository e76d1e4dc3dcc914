#include <math.h>

#include "ops/shared/bins.h"
#include "ops/shared/confusion.h"

enum { FEWEST_ROWS = 10 }; /* in the bin of the largest gap, for an interval */

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)shape;
    const assay_bins_params *params = given;
    const assay_metric_bin *bins = state;
    assay_measure *measure = NULL;
    assay_sum sum = {0};
    double largest = 0.0;
    double largest_rows = 0.0; /* behind it */
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    for (int64_t b = 0; b <= params->bins; b++) {
        measure->weight += bins[b].weight;
    }
    if (measure->weight == 0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    for (int64_t b = 0; b <= params->bins; b++) {
        if (bins[b].weight == 0.0) {
            continue;
        }
        double weight = bins[b].weight;
        double gap =
            fabs(assay_sum_value(&bins[b].sum[1]) - assay_sum_value(&bins[b].sum[0])) / weight;
        double share = weight / measure->weight;
        assay_sum_add(&sum, params->norm == ASSAY_NORM_L2 ? share * gap * gap : share * gap);
        if (gap > largest) {
            largest = gap;
            largest_rows = bins[b].squares > 0.0 ? weight * weight / bins[b].squares : weight;
        }
    }
    double total = assay_sum_value(&sum);
    measure->value = params->norm == ASSAY_NORM_L1
                         ? total
                         : (params->norm == ASSAY_NORM_L2 ? sqrt(total) : largest);
    measure->distance = ASSAY_DISTANCE_PLAIN;
    if (params->norm == ASSAY_NORM_MAX && largest_rows < FEWEST_ROWS) {
        measure->no_interval =
            "none: the largest gap is that of a bin with fewer than 10 rows; take "
            "fewer bins, or equal_mass";
    }
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_bins_state_size,
                                    .block = assay_bins_block,
                                    .merge = assay_bins_merge,
                                    .finish = finish,
                                    .terms = &assay_bins_terms,
                                    .sorted = assay_bins_sorted};

static const char *const norms[] = {"l1", "l2", "max", NULL};

static const assay_param specs[] = {
    ASSAY_BINS_PARAMS,
    ASSAY_CHOICE(assay_bins_params, norm, ASSAY_NORM_L1, norms,
                 "How the gaps of the bins are put together: mean (l1), root of the mean square "
                 "(l2), or the largest (max)."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric expected_calibration_error",
    "metrics: [{expected_calibration_error: {bins: 10, edges: left_closed}}]", NULL};

const assay_op assay_op_metric_expected_calibration_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "expected_calibration_error",
    .title = "Expected calibration error",
    .summary = "How far the confidence of the model is from its accuracy, on average.",
    .description =
        "Rows are put into bins by the probability given to the predicted class. In each bin the "
        "gap is |accuracy - mean confidence|; the result is the mean of the gaps weighted by the "
        "rows in the bin (`norm: l1`), the root of the weighted mean of their squares (`l2`), or "
        "the largest gap (`max`, the maximum calibration error). Range 0 to 1, lower is better; "
        "0.1 means that confidence and accuracy differ by 10 points on "
        "average.\n\n" ASSAY_BINS_CONVENTIONS
        "For two classes it uses the predicted class too, not the probability of class 1 as "
        "torchmetrics' binary form does. The estimate is biased upwards when bins hold few rows, "
        "also for a perfectly calibrated model; its interval (`bootstrap_distance`) allows for "
        "that "
        "and speaks of the error in the population with the same bins. The largest gap has no "
        "interval when its bin holds fewer than 10 rows. Without rows it is undefined.",
    .citation = "Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities using "
                "Bayesian binning, AAAI; Guo, Pleiss, Sun, Weinberger (2017), On calibration of "
                "modern neural networks, ICML.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_bins_params),
    .examples = examples,
    .metric = &metric};
