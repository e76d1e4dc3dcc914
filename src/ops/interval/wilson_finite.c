#include "core/interval.h"
#include "core/op.h"
#include "stats/finite.h"

typedef struct params {
    int64_t population;
} params;

static assay_status proportion(double *low, double *high, int64_t successes, int64_t trials,
                               double alpha_low, double alpha_high, const void *given,
                               assay_error *err)
{
    const params *p = given;
    return assay_wilson_finite(low, high, successes, trials, p->population, alpha_low, alpha_high,
                               err);
}

static const assay_interval interval = {.proportion = proportion};

static const assay_param specs[] = {
    ASSAY_INT(params, population, 1000000, 1, 1000000000000, "rows",
              "How many things there are in the stock that the rows were drawn from."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --interval wilson_finite:population=5000", NULL};

const assay_op assay_op_interval_wilson_finite = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "wilson_finite",
    .title = "Wilson score, finite population",
    .summary = "Score interval of a proportion with the finite population correction.",
    .description =
        "The score interval (`wilson`) with the variance of a sample without replacement: "
        "z^2 is multiplied by (N - n) / (N - 1), n rows of a stock of N = `population` "
        "things. It speaks of the share among these N. With all of the stock looked at it "
        "has no width. Its coverage is near the level on average but falls below it for some "
        "proportions: `hypergeometric` is exact. A stock smaller than the sample is refused. "
        "Without trials it is [0, 1].",
    .citation = "Cochran (1977), Sampling Techniques, 2.6 and 3.6; Wilson (1927), Probable "
                "inference, the law of succession, and statistical inference, JASA 22.",
    .since = "0.1.0",
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .interval = &interval};
