#include "core/interval.h"
#include "core/op.h"
#include "stats/proportion.h"

static assay_status proportion(double *low, double *high, int64_t successes, int64_t trials,
                               double alpha_low, double alpha_high, const void *params,
                               assay_error *err)
{
    (void)params;
    return assay_mid_p(low, high, successes, trials, alpha_low, alpha_high, err);
}

static const assay_interval interval = {.proportion = proportion};

static const char *const examples[] = {"assay describe interval mid_p", NULL};

const assay_op assay_op_interval_mid_p = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "mid_p",
    .title = "Mid-P",
    .summary =
        "Exact interval of a proportion without its conservatism: right on average, not always.",
    .description =
        "The end at which P(beyond x) + P(x) / 2 is alpha: the inverse of the mid-P test. "
        "Shorter than Clopper-Pearson; its coverage is near the level on average and falls a "
        "little below it for some proportions: use it to describe, not to accept. Without trials "
        "it is [0, 1].",
    .citation = "Lancaster (1961), Significance tests in discrete distributions, JASA 56.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
