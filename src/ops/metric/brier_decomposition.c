#include "ops/shared/bins.h"
#include "ops/shared/confusion.h"

enum { PART_RELIABILITY = 0, PART_RESOLUTION, PART_UNCERTAINTY };

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)shape;
    const assay_bins_params *p = given;
    const assay_metric_bin *bins = state;
    assay_measure *measure = NULL;
    assay_sum hits = {0};
    assay_sum sum = {0};
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    for (int64_t b = 0; b <= p->bins; b++) {
        measure->weight += bins[b].weight;
        assay_sum_merge(&hits, &bins[b].sum[1]);
    }
    if (measure->weight == 0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    double overall = assay_sum_value(&hits) / measure->weight;
    for (int64_t b = 0; b <= p->bins; b++) {
        if (bins[b].weight > 0.0) {
            double weight = bins[b].weight;
            double accuracy = assay_sum_value(&bins[b].sum[1]) / weight;
            double other =
                p->part == PART_RESOLUTION ? overall : assay_sum_value(&bins[b].sum[0]) / weight;
            assay_sum_add(&sum, weight * (accuracy - other) * (accuracy - other));
        }
    }
    measure->distance = p->part == PART_UNCERTAINTY ? ASSAY_DISTANCE_NONE : ASSAY_DISTANCE_SQUARED;
    measure->value = p->part == PART_UNCERTAINTY ? overall * (1.0 - overall)
                                                 : assay_sum_value(&sum) / measure->weight;
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_bins_state_size,
                                    .block = assay_bins_block,
                                    .merge = assay_bins_merge,
                                    .finish = finish,
                                    .terms = &assay_bins_terms,
                                    .sorted = assay_bins_sorted};

static const char *const parts[] = {"reliability", "resolution", "uncertainty", NULL};

static const assay_param specs[] = {
    ASSAY_BINS_PARAMS,
    ASSAY_CHOICE(assay_bins_params, part, PART_RELIABILITY, parts, "Which part is the value."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric brier_decomposition:part=resolution",
    "metrics: [{brier_decomposition: {part: resolution}}]", NULL};

const assay_op assay_op_metric_brier_decomposition = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "brier_decomposition",
    .title = "Decomposition of the Brier score",
    .summary = "The parts of the Brier score of the confidence: how calibrated it is, how much it "
               "tells rows apart, and how hard the task is.",
    .description =
        "For the event that the predicted class is right, with the probability given to it as "
        "the forecast, and rows put into bins: `reliability` is the mean over rows of (accuracy "
        "of the bin - mean confidence of the bin)^2 (lower is better), `resolution` that of "
        "(accuracy of the bin - accuracy)^2 (higher is better), and `uncertainty` is accuracy "
        "(1 - accuracy). reliability - resolution + uncertainty is the Brier score of the event "
        "when all rows of a bin have the same confidence; otherwise the spread within bins "
        "comes on top.\n\n"
        "`part` chooses which of them is the value.\n\n" ASSAY_BINS_CONVENTIONS
        "reliability is the square of `expected_calibration_error` with `norm: l2`. Without "
        "rows it is undefined.",
    .citation =
        "Murphy (1973), A new vector partition of the probability score, Journal of Applied "
        "Meteorology 12.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE,
    .direction = ASSAY_NO_DIRECTION,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_bins_params),
    .examples = examples,
    .metric = &metric};
