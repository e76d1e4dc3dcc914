#include "ops/shared/moments.h"

static assay_status finish(assay_result *out, const void *from, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    const assay_moments *s = from;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_moments_start(&measure, out, s, err));
    if (measure == NULL) {
        return ASSAY_OK;
    }
    measure->value = 1.0 - s->error.squares / s->truth.squares;
    assay_moments_end(measure);
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_moments_size,
                                    .block = assay_moments_block,
                                    .merge = assay_moments_merge,
                                    .finish = finish,
                                    .squares = 1};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric explained_variance",
    NULL};

const assay_op assay_op_metric_explained_variance = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "explained_variance",
    .title = "Explained variance",
    .summary =
        "Share of the variance of the true values that the predictions explain, apart from a "
        "constant shift.",
    .description =
        "1 - variance of (truth - value) / variance of the truth. 1 is best. Unlike `r2` it "
        "does not see a constant error: compare both, or look at `mean_error`.\n\n"
        "When all true values are equal it is 0/0 or worse and undefined here; scikit-learn "
        "returns 1 for perfect predictions and 0 otherwise (`force_finite`), torchmetrics "
        "likewise.",
    .citation = "Draper, Smith (1998), Applied Regression Analysis, 3rd ed.; as "
                "sklearn.metrics.explained_variance_score (scikit-learn 1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
