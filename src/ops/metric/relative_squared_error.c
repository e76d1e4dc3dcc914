#include <math.h>

#include "ops/shared/moments.h"

typedef struct params {
    bool root;
} params;

static assay_status finish(assay_result *out, const void *from, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)shape;
    const params *p = given;
    const assay_moments *s = from;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_moments_start(&measure, out, s, err));
    if (measure == NULL) {
        return ASSAY_OK;
    }
    double mean = assay_moment_mean(&s->error);
    double share = (s->error.squares + s->n * mean * mean) / s->truth.squares;
    measure->value = p->root ? sqrt(share) : share;
    assay_moments_end(measure);
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_moments_size,
                                    .block = assay_moments_block,
                                    .merge = assay_moments_merge,
                                    .finish = finish,
                                    .squares = 1};

static const assay_param specs[] = {
    ASSAY_BOOL(params, root, false, "Take the square root."),
};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric "
    "relative_squared_error:root=true",
    NULL};

const assay_op assay_op_metric_relative_squared_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "relative_squared_error",
    .title = "Relative squared error",
    .summary = "Squared error of the predictions as a share of that of always saying the mean.",
    .description =
        "sum (truth - value)^2 / sum (truth - mean truth)^2, or its root (`root: true`, the "
        "relative root squared error). 0 is best, always predicting the mean gives 1; it is "
        "1 - `r2`. When all true values are equal it is undefined; torchmetrics divides by a "
        "small number instead.",
    .citation = "Witten, Frank (2005), Data Mining, 2nd ed., 5.8; as "
                "torchmetrics.functional.relative_squared_error (1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
