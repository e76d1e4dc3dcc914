#include "core/interval.h"
#include "core/op.h"
#include "stats/bootstrap.h"

typedef struct params {
    int64_t groups;
} params;

static assay_status studentised(double *low, double *high, const double *pivots, int64_t n,
                                double estimate, double se, double alpha_low, double alpha_high,
                                const void *given, assay_error *err)
{
    (void)given;
    if (!(se > 0.0)) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "studentised interval: the jackknife gives no standard error");
    }
    return assay_studentised_interval(low, high, pivots, n, estimate, se, alpha_low, alpha_high,
                                      err);
}

static const assay_interval interval = {.studentised = studentised};

static const assay_param specs[] = {
    ASSAY_INT(params, groups, 20, 10, 200, "groups",
              "Groups for the jackknife, of rows and of each replicate's copies."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --interval bootstrap_studentised", NULL};

const assay_op assay_op_interval_bootstrap_studentised = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 2,
    .name = "bootstrap_studentised",
    .title = "Studentised bootstrap",
    .summary = "Bootstrap interval that takes each replicate's own standard error into account.",
    .description =
        "The replicates t = (value - estimate) / standard error take the place of the normal "
        "distribution: the ends are the estimate less the quantiles 1 - alpha and alpha of t "
        "times the standard error of the estimate. Where the error depends on the value, as "
        "for means of skewed data, its coverage is nearer to the level than that of "
        "`bootstrap_percentile`. Ends may lie outside of the metric's range.\n\n"
        "The standard error of the value is the jackknife's over `groups` groups of rows (or "
        "clusters), dealt out in turn: the value without one group after the other, (g - 1) / g "
        "times the sum of squared differences from their mean, and its root. That of a replicate "
        "is the same over groups to which its copies of rows (or clusters) are dealt at random, "
        "each copy by itself. It costs one more bootstrap for every group. Replicates whose value "
        "or "
        "standard error is undefined or zero are left out and counted.",
    .citation = "Efron (1981), Nonparametric standard errors and confidence intervals, Canadian "
                "Journal of Statistics 9; Davison, Hinkley (1997), Bootstrap Methods and their "
                "Application, 5.2.1.",
    .since = "0.1.0",
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .interval = &interval};
