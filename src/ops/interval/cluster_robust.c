#include "core/interval.h"
#include "core/op.h"
#include "stats/clustered.h"

static assay_status clustered(double *low, double *high, const assay_cluster_estimate *estimate,
                              double alpha_low, double alpha_high, const void *params,
                              assay_error *err)
{
    (void)params;
    ASSAY_TRY(assay_cluster_interval(low, high, estimate, alpha_low, alpha_high, err));
    *low = *low > 0.0 ? *low : 0.0;
    *high = *high < 1.0 ? *high : 1.0;
    return ASSAY_OK;
}

static const assay_interval interval = {.clustered = clustered};

static const char *const examples[] = {"assay describe interval cluster_robust", NULL};

const assay_op assay_op_interval_cluster_robust = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "cluster_robust",
    .title = "Cluster-robust t",
    .summary =
        "Interval of a proportion whose rows come in clusters, from the spread of the clusters.",
    .description =
        "estimate -+ t se with the linearised (cluster-robust) standard error of a ratio and C - "
        "1 degrees of freedom for C clusters, cut to [0, 1]. Its coverage falls short near 0 and "
        "1: `korn_graubard` is better there.",
    .citation = "Cochran (1977), Sampling Techniques, 6.3 and 9A.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
