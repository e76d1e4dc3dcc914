#include <math.h>

#include "ops/shared/bins.h"
#include "ops/shared/share.h"

enum { COLUMNS = 7 };

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)shape;
    static const char *const columns[COLUMNS] = {
        "low", "high", "n", "confidence", "accuracy", "accuracy_low", "accuracy_high"};
    const assay_bins_params *params = given;
    const assay_metric_bin *bins = state;
    double edges[ASSAY_BINS_MOST + 1];
    double alpha = (1.0 - params->level) / 2.0;
    int64_t rows = params->bins + (bins[params->bins].weight > 0.0);
    double n = 0.0;
    double *values = assay_arena_alloc(out->arena, (size_t)rows * COLUMNS, sizeof *values);
    if (values == NULL) {
        return assay_fail_memory(err);
    }
    assay_bins_edges(edges, state, params);
    for (int64_t b = 0; b < rows; b++) {
        double *row = values + b * COLUMNS;
        row[0] = edges[b];
        row[1] = b < params->bins ? edges[b + 1] : edges[b];
        row[2] = bins[b].weight;
        n += bins[b].weight;
        if (bins[b].weight == 0.0) {
            row[3] = row[4] = row[5] = row[6] = NAN;
            continue;
        }
        double hits = assay_sum_value(&bins[b].sum[1]);
        row[3] = assay_sum_value(&bins[b].sum[0]) / row[2];
        row[4] = hits / row[2];
        ASSAY_TRY(
            assay_share_interval(&row[5], &row[6], hits, row[2], bins[b].squares, alpha, err));
    }
    return assay_result_curve(out, "reliability", columns, COLUMNS, values, n > 0.0 ? rows : 0,
                              err);
}

static const assay_metric metric = {.state_size = assay_bins_state_size,
                                    .block = assay_bins_block,
                                    .merge = assay_bins_merge,
                                    .finish = finish,
                                    .terms = &assay_bins_terms,
                                    .sorted = assay_bins_sorted,
                                    .curve_only = 1};

static const assay_param specs[] = {
    ASSAY_BINS_PARAMS,
    ASSAY_REAL(assay_bins_params, level, 0.95, 0.5, 0.9999, "",
               "Confidence level of the intervals of accuracy in each bin."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric reliability",
    "metrics: [{reliability: {bins: 10, binning: equal_mass}}]", NULL};

const assay_op assay_op_metric_reliability = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "reliability",
    .title = "Reliability curve",
    .summary = "Accuracy against confidence, bin by bin: a well calibrated model lies on the "
               "diagonal.",
    .description =
        "A table with one row per bin of the probability given to the predicted class: `low` and "
        "`high` edge, `n` rows, mean `confidence`, `accuracy`, and the Clopper-Pearson interval of "
        "the accuracy (`accuracy_low`, `accuracy_high`) at `level`. Bins without rows have no "
        "values beyond n.\n\n" ASSAY_BINS_CONVENTIONS
        "The summary number that belongs to it is `expected_calibration_error` with the same bins.",
    .citation = "DeGroot, Fienberg (1983), The comparison and evaluation of forecasters, The "
                "Statistician 32; Clopper, Pearson (1934), Biometrika 26.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE,
    .direction = ASSAY_NO_DIRECTION,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(assay_bins_params),
    .examples = examples,
    .metric = &metric};
