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
    int64_t least = 0;
    int64_t most = 0;
    ASSAY_TRY(assay_hypergeometric_interval(&least, &most, successes, trials, p->population,
                                            alpha_low, alpha_high, err));
    *low = alpha_low > 0.0 ? (double)least / (double)p->population : 0.0;
    *high = alpha_high > 0.0 ? (double)most / (double)p->population : 1.0;
    return ASSAY_OK;
}

static const assay_interval interval = {.proportion = proportion};

static const assay_param specs[] = {
    ASSAY_INT(params, population, 1000000, 1, 1000000000000, "rows",
              "How many things there are in the stock that the rows were drawn from."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --interval hypergeometric:population=5000", NULL};

const assay_op assay_op_interval_hypergeometric = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "hypergeometric",
    .title = "Exact, finite population",
    .summary = "Interval of a proportion when the rows are a sample of a known number of things, "
               "and only these are spoken of.",
    .description =
        "The rows are taken as drawn without replacement from a stock of `population` "
        "things; the interval speaks of the share among these, not of the world that they "
        "came from. Its ends are the numbers K of successes in the stock, divided by its "
        "size, that no one-sided hypergeometric test at alpha rejects. It never covers less "
        "than its level; it is the narrower the more of the stock has been looked at, and "
        "has no width when all of it has.\n\n"
        "`population` is the number of things that the proportion is a share of. For a share "
        "of the rows of a class (recall) the number of things of that class in the stock is "
        "not known; the whole stock is then more than that, and the interval wider than need "
        "be, never too narrow. A stock smaller than the sample is refused.",
    .citation =
        "Buonaccorsi (1987), A note on confidence intervals for proportions in finite "
        "populations, The American Statistician 41; Cochran (1977), Sampling Techniques, 3.6.",
    .since = "0.1.0",
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .interval = &interval};
