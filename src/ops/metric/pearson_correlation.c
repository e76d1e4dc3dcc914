#include <math.h>

#include "ops/shared/confusion.h"
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
    if (!(s->value.squares > 0.0)) {
        assay_measure_undefine(measure, "all predicted values are equal");
        return ASSAY_OK;
    }
    double r = s->products / (sqrt(s->truth.squares) * sqrt(s->value.squares));
    measure->value = isnan(r) ? r : fmin(1.0, fmax(-1.0, r));
    assay_moments_end(measure);
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_moments_size,
                                    .block = assay_moments_block,
                                    .merge = assay_moments_merge,
                                    .finish = finish};

static const char *const examples[] = {
    "assay evaluate --task regression --predictions predictions.csv --metric pearson_correlation",
    NULL};

const assay_op assay_op_metric_pearson_correlation = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "pearson_correlation",
    .title = "Pearson correlation",
    .summary = "Whether predicted values rise and fall with the true ones along a straight line.",
    .description =
        "Sum of the products of both values' differences from their means, divided by the root "
        "of the product of their sums of squares. Range -1 to 1; 1 means that the predictions "
        "are the true values up to shift and scale, so look at `mean_error` and "
        "`concordance_correlation` too.\n\n"
        "When all true or all predicted values are equal it is undefined. The interval comes "
        "from the bootstrap, which does not take the values as normal.",
    .citation = "Pearson (1896), Mathematical contributions to the theory of evolution III, "
                "Philosophical Transactions A 187; as scipy.stats.pearsonr (scipy 1.17) and "
                "torchmetrics PearsonCorrCoef (1.9).",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
