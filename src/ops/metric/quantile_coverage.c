#include "ops/shared/confusion.h"

static void terms_rows(int32_t *bin, double *const *values, const void *params,
                       const assay_rows *rows)
{
    (void)bin;
    (void)params;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = (double)(rows->truth[i] <= rows->value[i]);
    }
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    (void)shape;
    const assay_metric_bin *all = state;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = all->weight;
    if (all->weight == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->hits = assay_sum_value(&all->sum[0]);
    measure->value = measure->hits / measure->weight;
    return ASSAY_OK;
}

static const assay_metric_terms terms = {.values = 1, .rows = terms_rows};
static const assay_metric metric = {.finish = finish, .terms = &terms};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric quantile_coverage",
    NULL};

const assay_op assay_op_metric_quantile_coverage = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "quantile_coverage",
    .title = "Quantile coverage",
    .summary = "Share of the true values that do not exceed the predicted one: what a predicted "
               "quantile really covers.",
    .description =
        "Number of rows with truth <= value, divided by the number of rows. For values that are "
        "meant to be the q-quantile it should be q; compare its interval with q. Range 0 to 1.\n\n"
        "It is a proportion of independent rows, so its interval is exact. Without rows it is "
        "undefined.",
    .citation = "Koenker, Bassett (1978), Regression quantiles, Econometrica 46.",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_NO_DIRECTION,
    .examples = examples,
    .metric = &metric};
