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
    double shift = assay_moment_mean(&s->truth) - assay_moment_mean(&s->value);
    measure->value =
        2.0 * s->products / (s->truth.squares + s->value.squares + s->n * (shift * shift));
    assay_moments_end(measure);
    return ASSAY_OK;
}

static const assay_metric metric = {.state_size = assay_moments_size,
                                    .block = assay_moments_block,
                                    .merge = assay_moments_merge,
                                    .finish = finish};

static const char *const examples[] = {"assay evaluate --task regression --predictions "
                                       "predictions.csv --metric concordance_correlation",
                                       NULL};

const assay_op assay_op_metric_concordance_correlation = {
    .kind = ASSAY_OP_METRIC,
    .revision = 1,
    .name = "concordance_correlation",
    .title = "Concordance correlation",
    .summary = "How well predicted values agree with the true ones: along a straight line, at the "
               "right height and scale.",
    .description =
        "2 s_tv / (s_t^2 + s_v^2 + (mean of t - mean of v)^2), with the covariance and the "
        "variances of true values t and predicted values v divided by n. Range -1 to 1; 1 means "
        "that all predictions equal the truth, unlike with `pearson_correlation`.\n\n"
        "When all true values are equal it is undefined. Convention: variances divided by n, as "
        "Lin; torchmetrics 1.9 divides by n - 1, which is the same but for the last term, so "
        "its value differs a little for few rows.",
    .citation = "Lin (1989), A concordance correlation coefficient to evaluate reproducibility, "
                "Biometrics 45.",
    .since = "0.1.0",
    .needs = 0,
    .task = ASSAY_TASK_REGRESSION,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &metric};
