#include "core/interval.h"
#include "core/op.h"
#include "stats/clustered.h"

static assay_status clustered(double *low, double *high, const assay_cluster_estimate *estimate,
                              double alpha_low, double alpha_high, const void *params,
                              assay_error *err)
{
    (void)params;
    return assay_korn_graubard(low, high, estimate, alpha_low, alpha_high, err);
}

static const assay_interval interval = {.clustered = clustered};

static const char *const examples[] = {"assay describe interval korn_graubard", NULL};

const assay_op assay_op_interval_korn_graubard = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "korn_graubard",
    .title = "Korn-Graubard",
    .summary =
        "Interval of a proportion whose rows come in clusters: exact for an effective number of "
        "rows.",
    .description =
        "Clopper-Pearson's interval for the effective number of rows n* = n / deff, where deff "
        "is the design effect of the cluster-robust variance, times the squared ratio of the t "
        "quantiles with n - 1 and C - 1 degrees of freedom for C clusters; never more than n, "
        "and C when not a single row differs. Used for proportions when a cluster key is given.",
    .citation =
        "Korn, Graubard (1998), Confidence intervals for proportions with small expected number "
        "of positive counts estimated from survey data, Survey Methodology 24.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
