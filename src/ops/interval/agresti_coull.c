#include "core/interval.h"
#include "core/op.h"
#include "stats/proportion.h"

static assay_status proportion(double *low, double *high, int64_t successes, int64_t trials,
                               double alpha_low, double alpha_high, const void *params,
                               assay_error *err)
{
    (void)params;
    return assay_agresti_coull(low, high, successes, trials, alpha_low, alpha_high, err);
}

static const assay_interval interval = {.proportion = proportion};

static const char *const examples[] = {"assay describe interval agresti_coull", NULL};

const assay_op assay_op_interval_agresti_coull = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "agresti_coull",
    .title = "Agresti-Coull",
    .summary =
        "Simple interval of a proportion that is wider than the score interval near 0 and 1.",
    .description =
        "Wald's interval about (x + z^2/2) / (n + z^2), cut to [0, 1], with z the normal "
        "quantile of 1 - alpha. It covers at least the score interval; its coverage is above the "
        "level near 0 and 1 and about the level elsewhere. Without trials it is [0, 1].",
    .citation =
        "Agresti, Coull (1998), Approximate is better than \"exact\" for interval estimation of "
        "binomial proportions, The American Statistician 52.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
