#include "ops/shared/levels.h"

static int sorted(const void *given)
{
    (void)given;
    return 1;
}

static assay_status block(void *state, const void *given, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    (void)given;
    return assay_explained_pinball(state, 0.5, rows, scratch, err);
}

static assay_status finish(assay_result *out, const void *state, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    return assay_explained_finish(out, state, "a value is too large", err);
}

static const assay_metric metric = {
    .state_size = assay_explained_size, .block = block, .finish = finish, .sorted = sorted};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric "
    "d2_absolute_error",
    NULL};

const assay_op assay_op_metric_d2_absolute_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "d2_absolute_error",
    .title = "Share of the absolute error explained",
    .summary = "How much smaller the absolute errors are than those of always saying the median of "
               "the true values.",
    .description =
        "1 - sum |truth - value| / sum |truth - median truth|. 1 is best; always predicting "
        "the median gives 0, worse predictions are negative. Unlike `r2` it is not ruled by "
        "few large errors.\n\n"
        "When all true values are equal nothing is to be explained and it is undefined; "
        "scikit-learn returns 1 for perfect predictions and 0 otherwise. Without rows it is "
        "undefined.",
    .citation = "Koenker, Machado (1999), Goodness of fit and related inference processes for "
                "quantile regression, JASA 94; as sklearn.metrics.d2_absolute_error_score "
                "(scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
