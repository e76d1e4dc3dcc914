#include <math.h>

#include "ops/shared/confusion.h"
#include "ops/shared/quantiles.h"

typedef struct params {
    double level;
} params;

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    const params *p = given;
    int32_t low = assay_quantile_find(rows, (1.0 - p->level) / 2.0);
    int32_t high = assay_quantile_find(rows, (1.0 + p->level) / 2.0);
    for (int64_t i = 0; i < rows->n; i++) {
        const double *quantile = rows->quantiles + i * rows->n_quantiles;
        values[0][i] = 0.0;
        if (low >= 0 && high >= 0) {
            double below = fmax(0.0, quantile[low] - rows->truth[i]);
            double above = fmax(0.0, rows->truth[i] - quantile[high]);
            double price = 2.0 / (1.0 - p->level);
            values[0][i] = quantile[high] - quantile[low] + price * (below + above);
        }
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    const params *p = given;
    return assay_quantile_interval_finish(out, state, p->level, false, shape, err);
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const assay_param specs[] = {
    ASSAY_REAL(params, level, 0.9, 0.01, 0.999, "", "Probability of the central interval."),
};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric "
    "interval_score:level=0.9",
    NULL};

const assay_op assay_op_metric_interval_score = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "interval_score",
    .title = "Interval score",
    .summary = "Width of the predicted interval, with a penalty for true values outside of it.",
    .description =
        "Winkler's score: the mean over rows of the width, plus 2 / (1 - level) times the "
        "distance by which the true value lies outside. In the unit of the target; lower is "
        "better. It is smallest on average for the true quantiles, so that neither too wide "
        "nor too narrow an interval pays. The ends are the predicted quantiles (1 - level) / "
        "2 and (1 + level) / 2: for the level 0.9 the columns `q0.05` and `q0.95`. Without "
        "these columns it is undefined and says which are missing. Quantiles that are "
        "missing, infinite or cross each other stop the evaluation and name the row.",
    .citation =
        "Winkler (1972), A decision-theoretic approach to interval estimation, JASA 67; "
        "Gneiting, Raftery (2007), Strictly proper scoring rules, prediction, and "
        "estimation, JASA 102; as mapie.metrics.regression.regression_mwi_score (MAPIE 1.6).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_QUANTILES,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
