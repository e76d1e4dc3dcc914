#include "core/interval.h"
#include "core/op.h"
#include "stats/intervals.h"

static assay_status proportion(double *low, double *high, int64_t successes, int64_t trials,
                               double alpha_low, double alpha_high, const void *params,
                               assay_error *err)
{
    (void)params;
    return assay_clopper_pearson(low, high, successes, trials, alpha_low, alpha_high, err);
}

static const assay_interval interval = {.proportion = proportion};

static const char *const examples[] = {"assay describe interval clopper_pearson", NULL};

const assay_op assay_op_interval_clopper_pearson = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "clopper_pearson",
    .title = "Clopper-Pearson (exact)",
    .summary =
        "Exact interval of a proportion: it covers the true value at least as often as it says.",
    .description =
        "For x successes in n independent trials the ends are quantiles of beta distributions: low "
        "= "
        "B(alpha; x, n - x + 1), high = B(1 - alpha; x + 1, n - x), with low = 0 at x = 0 and high "
        "= 1 at x = n. It inverts the exact binomial test, so bound and test always agree; its "
        "coverage is never below the level, which makes it the rule for acceptance. Without "
        "trials it is [0, 1].",
    .citation =
        "Clopper, Pearson (1934), The use of confidence or fiducial limits illustrated in the "
        "case of the binomial, Biometrika 26.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
