#include <math.h>

#include "ops/shared/bins.h"
#include "ops/shared/ranked.h"

static double score_at(const void *of, int64_t i)
{
    return assay_ranking_score(of, i);
}

static double weight_at(const void *of, int64_t i)
{
    return assay_ranking_weight(of, i);
}

/* The bin that holds p, when probabilities come in ascending order. */
static int64_t next_bin(int64_t bin, double p, const double *edges, const assay_bins_params *params)
{
    bool right_closed = params->edges != ASSAY_EDGES_LEFT_CLOSED;
    while (bin < params->bins - 1 && (right_closed ? edges[bin + 1] < p : edges[bin + 1] <= p)) {
        bin++;
    }
    return bin;
}

static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const assay_bins_params *params = given;
    assay_class_value *to = (assay_class_value *)state + ranking->class_index;
    double edges[ASSAY_BINS_MOST + 1];
    to->n = ranking->positives + ranking->negatives;
    to->positives = ranking->positives;
    if (to->n == 0.0) {
        return;
    }
    if (params->binning == ASSAY_BINNING_EQUAL_WIDTH) {
        assay_bins_equal_width(edges, params);
    } else {
        const assay_bins_column column = {.of = ranking,
                                          .n = ranking->n,
                                          .value = score_at,
                                          .weight = weight_at,
                                          .real = ranking->real != NULL};
        assay_bins_equal_mass(edges, params, &column, to->n);
    }
    assay_sum sum = {0};
    assay_sum part = {0}; /* probability less occurrences in the bin */
    int64_t bin = 0;
    bool left_closed =
        params->binning == ASSAY_BINNING_EQUAL_WIDTH && params->edges == ASSAY_EDGES_LEFT_CLOSED;
    for (int64_t i = ranking->n - 1; i >= 0; i--) {
        double p = assay_ranking_score(ranking, i);
        int64_t at = left_closed && p >= 1.0 ? params->bins : next_bin(bin, p, edges, params);
        if (at != bin) {
            assay_sum_add(&sum, fabs(assay_sum_value(&part)));
            part = (assay_sum){0};
            bin = at;
        }
        double weight = assay_ranking_weight(ranking, i);
        bool mine = assay_ranking_target(ranking, i) == ranking->class_index;
        assay_sum_add(&part, weight * p);
        assay_sum_add(&part, mine ? -weight : 0.0);
    }
    assay_sum_add(&sum, fabs(assay_sum_value(&part)));
    to->value = assay_sum_value(&sum) / to->n;
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    int64_t first = out->n_measures;
    ASSAY_TRY(assay_class_values_finish(out, state, params, shape, err));
    for (int64_t m = first; m < out->n_measures; m++) {
        out->measures[m].distance = ASSAY_DISTANCE_PLAIN;
    }
    return ASSAY_OK;
}

static const assay_metric metric = {
    .state_size = assay_class_values_size, .finish = finish, .ranked = ranked};

static const assay_param specs[] = {
    ASSAY_BINS_PARAMS,
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric classwise_calibration_error",
    "metrics: [{classwise_calibration_error: {binning: equal_mass}}]", NULL};

const assay_op assay_op_metric_classwise_calibration_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "classwise_calibration_error",
    .title = "Class-wise calibration error",
    .summary =
        "How far the probability of each class is from how often the class occurs, on average.",
    .description =
        "For each class, rows are put into bins by the probability of that class. In each bin "
        "the gap is |share of rows of the class - mean probability|; the value is the mean of "
        "the gaps weighted by the rows in the bin. `macro` is the plain mean over classes: the "
        "class-wise ECE of Kull and others, the static calibration error (SCE) of Nixon and "
        "others; with `binning: equal_mass` it is their adaptive calibration error (ACE). "
        "`weighted` weighs classes by their rows. Range 0 to 1, lower is better. Unlike "
        "`expected_calibration_error` it looks at all probabilities, not only at that of the "
        "predicted class.\n\n" ASSAY_BINS_CONVENTIONS
        "Classes without a row in the truth take part: their probabilities ought to be 0. The "
        "estimate is biased upwards when bins hold few rows. Without rows it is undefined.",
    .citation =
        "Kull et al. (2019), Beyond temperature scaling: obtaining well-calibrated multiclass "
        "probabilities with Dirichlet calibration, NeurIPS; Nixon et al. (2019), Measuring "
        "calibration in deep learning, CVPR workshops.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_P_TARGET | ASSAY_NEEDS_SCORES,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_bins_params),
    .examples = examples,
    .metric = &metric};
