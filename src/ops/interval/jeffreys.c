#include "core/interval.h"
#include "core/op.h"
#include "stats/intervals.h"

static assay_status proportion(double *low, double *high, int64_t successes, int64_t trials,
                               double alpha_low, double alpha_high, const void *params,
                               assay_error *err)
{
    (void)params;
    return assay_jeffreys(low, high, successes, trials, alpha_low, alpha_high, err);
}

static const assay_interval interval = {.proportion = proportion};

static const char *const examples[] = {"assay describe interval jeffreys", NULL};

const assay_op assay_op_interval_jeffreys = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "jeffreys",
    .title = "Jeffreys",
    .summary = "Bayesian interval of a proportion under the Jeffreys prior.",
    .description =
        "Quantiles alpha and 1 - alpha of the posterior Beta(x + 1/2, n - x + 1/2), with low = 0 "
        "at x "
        "= 0 and high = 1 at x = n. Its coverage is near the level on average but falls below it "
        "for some proportions: use it to describe, not to accept. Without trials it is [0, 1].",
    .citation =
        "Brown, Cai, DasGupta (2001), Interval estimation for a binomial proportion, Statistical "
        "Science 16.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
