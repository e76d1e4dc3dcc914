#include "core/interval.h"
#include "core/op.h"
#include "stats/bootstrap.h"

typedef struct params {
    int32_t value;
} params;

static assay_status replicates(double *low, double *high, const double *values, int64_t n,
                               double estimate, double alpha_low, double alpha_high,
                               const void *given, assay_error *err)
{
    static const assay_distance kinds[] = {ASSAY_DISTANCE_PLAIN, ASSAY_DISTANCE_SQUARED,
                                           ASSAY_DISTANCE_DEBIASED};
    const params *p = given;
    return assay_distance_interval(low, high, values, n, estimate, kinds[p->value], alpha_low,
                                   alpha_high, err);
}

static const assay_interval interval = {.replicates = replicates, .distances = 1};

static const char *const kinds[] = {"distance", "squared", "debiased", NULL};

static const assay_param specs[] = {
    ASSAY_CHOICE(params, value, 0, kinds,
                 "What the value is: a distance, the square of one, or one that was corrected for "
                 "chance and cut off at zero."),
};

static const char *const examples[] = {"assay describe interval bootstrap_distance", NULL};

const assay_op assay_op_interval_bootstrap_distance = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "bootstrap_distance",
    .title = "Bootstrap of distances from zero",
    .summary = "Interval of metrics that chance alone makes positive, such as calibration errors.",
    .description =
        "A calibration error is a distance: the size of gaps that are estimated from few rows "
        "each. "
        "Errors in the gaps make it larger, so it is positive even for a model without any error, "
        "and "
        "resampling adds the same bias once more: percentiles of its replicates then hold the "
        "truth "
        "in none of a hundred cases. With v the value and q the quantile 1 - alpha of the "
        "replicates, "
        "the low end is sqrt(max(0, 2 v^2 - q^2)), the basic bootstrap interval of the square, "
        "from "
        "which the bias drops out; it is 0 when the data do not show any error. The high end is v "
        "+ q "
        "- median of the replicates: a distance is a convex function of the gaps, so the truth "
        "lies "
        "above the value no farther than a linear function of the errors does. The value always "
        "lies "
        "between the ends, and the interval speaks of the distance in the population of which the "
        "rows are a sample (for binned metrics: with these bins), which is likely nearer to the "
        "low "
        "end than to the high one.\n\n"
        "Calibration errors get it by themselves, unless another interval than the percentiles is "
        "asked for. Coverage is measured in docs/coverage.md: about as stated, or more.",
    .citation =
        "Davison, Hinkley (1997), Bootstrap Methods and their Application, 5.2; Broecker (2012), "
        "Estimating reliability and resolution of probability forecasts, Climate Dynamics 39; "
        "Kumar, "
        "Liang, Ma (2019), Verified uncertainty calibration, NeurIPS (on the bias).",
    .since = "0.1.0",
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .interval = &interval};
