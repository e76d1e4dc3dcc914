#include "core/interval.h"
#include "core/op.h"
#include "stats/bootstrap.h"

static assay_status replicates(double *low, double *high, const double *values, int64_t n,
                               double estimate, double alpha_low, double alpha_high,
                               const void *params, assay_error *err)
{
    (void)params;
    return assay_basic_interval(low, high, values, n, estimate, alpha_low, alpha_high, err);
}

static const assay_interval interval = {.replicates = replicates};

static const char *const examples[] = {"assay describe interval bootstrap_basic", NULL};

const assay_op assay_op_interval_bootstrap_basic = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "bootstrap_basic",
    .title = "Basic bootstrap",
    .summary = "Bootstrap interval that takes off the bias of the resampled values.",
    .description =
        "Twice the estimate minus the quantiles 1 - alpha and alpha of the replicates: the "
        "distribution of the replicates about the estimate stands for that of the estimate about "
        "the truth. Replicates as in `bootstrap_percentile`. It may reach beyond the range of "
        "the metric.",
    .citation = "Davison, Hinkley (1997), Bootstrap Methods and their Application, 5.2.1.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
