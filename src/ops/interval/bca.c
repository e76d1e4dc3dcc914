#include "core/interval.h"
#include "core/op.h"
#include "stats/bootstrap.h"

static assay_status jackknifed(double *low, double *high, const double *values, int64_t n,
                               double estimate, const double *jackknife, int64_t groups,
                               double alpha_low, double alpha_high, const void *params,
                               assay_error *err)
{
    (void)params;
    return assay_bca_interval(low, high, values, n, estimate, jackknife, groups, alpha_low,
                              alpha_high, err);
}

static const assay_interval interval = {.jackknifed = jackknifed};

static const char *const examples[] = {"assay describe interval bca", NULL};

const assay_op assay_op_interval_bca = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "bca",
    .title = "Bias-corrected and accelerated bootstrap",
    .summary = "Bootstrap interval that corrects for bias and skewness.",
    .description =
        "Percentiles of the replicates (as in `bootstrap_percentile`) that are shifted by the "
        "median bias z0 of the replicates and by the acceleration a, the skewness of the "
        "jackknife. The jackknife leaves out one row (or cluster) after the other when there are "
        "at most 200, else one of 200 groups of rows that are dealt out in turn. Refused when "
        "the estimate lies outside all replicates or an end cannot be read off so few of them.",
    .citation = "Efron (1987), Better bootstrap confidence intervals, JASA 82.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
