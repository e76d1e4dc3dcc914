#include "ops/shared/regression.h"

static void terms_rows(int32_t *bin, double *const *values, const void *given,
                       const assay_rows *rows)
{
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        const double *quantile = rows->quantiles + i * rows->n_quantiles;
        double sum = 0.0;
        for (int32_t k = 0; k < rows->n_quantiles; k++) {
            double level = rows->quantile_levels[k];
            double above = rows->truth[i] - quantile[k];
            sum += above >= 0.0 ? level * above : (level - 1.0) * above;
        }
        values[0][i] = 2.0 * sum / (double)rows->n_quantiles;
    }
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    double *mean = NULL;
    return assay_term_mean_finish(&mean, out, state, "a value is too large", err);
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric quantile_score", NULL};

const assay_op assay_op_metric_quantile_score = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "quantile_score",
    .title = "Quantile score",
    .summary = "Quality of predicted quantiles, all levels together.",
    .description =
        "Twice the pinball loss, averaged over all predicted quantiles and rows; the "
        "quantiles are the columns `q0.05`, `q0.5`, ... (or `quantile_0.05`). In the unit of "
        "the target; 0 is best, lower is better. For evenly spread levels it approaches the "
        "continuous ranked probability score; for a median and central intervals it is the "
        "weighted interval score.\n\n"
        "The predicted value itself is not used. Quantiles that are missing, infinite or "
        "cross each other stop the evaluation and name the row. Without rows it is undefined.",
    .citation = "Gneiting, Raftery (2007), Strictly proper scoring rules, prediction, and "
                "estimation, JASA 102; Bracher, Ray, Gneiting, Reich (2021), Evaluating epidemic "
                "forecasts in an interval format, PLOS Computational Biology 17; each quantile as "
                "sklearn.metrics.mean_pinball_loss (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_QUANTILES,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
