#include "ops/shared/levels.h"

typedef struct params {
    double quantile;
} params;

static int sorted(const void *given)
{
    (void)given;
    return 1;
}

static assay_status block(void *state, const void *given, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = given;
    return assay_explained_pinball(state, p->quantile, rows, scratch, err);
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

static const assay_param specs[] = {
    ASSAY_REAL(params, quantile, 0.5, 0.001, 0.999, "",
               "The quantile that the values are meant to be."),
};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric "
    "d2_pinball:quantile=0.9",
    NULL};

const assay_op assay_op_metric_d2_pinball = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "d2_pinball",
    .title = "Share of the pinball loss explained",
    .summary =
        "How much better a predicted quantile is than always saying the same quantile of the "
        "true values.",
    .description =
        "1 - pinball loss of the predictions / pinball loss of the quantile of the true "
        "values, both for the quantile q. 1 is best; always predicting the true values' own "
        "q-quantile gives 0, worse predictions are negative.\n\n"
        "The quantile of the true values is taken on the rows measured (where several values "
        "would do, the loss is the same for all). When all true values are equal nothing is "
        "to be explained and it is undefined; scikit-learn returns 1 for perfect predictions "
        "and 0 otherwise. Without rows it is undefined.",
    .citation = "Koenker, Machado (1999), Goodness of fit and related inference processes for "
                "quantile regression, JASA 94; as sklearn.metrics.d2_pinball_score (scikit-learn "
                "1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
