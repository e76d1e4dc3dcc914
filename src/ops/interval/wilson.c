#include "core/interval.h"
#include "core/op.h"
#include "stats/intervals.h"

static assay_status proportion(double *low, double *high, int64_t successes, int64_t trials,
                               double alpha_low, double alpha_high, const void *params,
                               assay_error *err)
{
    (void)params;
    return assay_wilson(low, high, successes, trials, alpha_low, alpha_high, err);
}

static const assay_interval interval = {.proportion = proportion};

static const char *const examples[] = {"assay describe interval wilson", NULL};

const assay_op assay_op_interval_wilson = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "wilson",
    .title = "Wilson score",
    .summary = "Score interval of a proportion: close to its level on average, shorter than the "
               "exact one.",
    .description =
        "(x + z^2/2 -+ z sqrt(x (n - x) / n + z^2/4)) / (n + z^2) with z the normal quantile of 1 "
        "- "
        "alpha, without continuity correction. Its coverage is near the level on average but falls "
        "below it for some proportions: use it to describe, not to accept. Without trials it is "
        "[0, 1].",
    .citation =
        "Wilson (1927), Probable inference, the law of succession, and statistical inference, "
        "JASA 22.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
