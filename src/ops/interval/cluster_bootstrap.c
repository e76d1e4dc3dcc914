#include "core/interval.h"
#include "core/op.h"
#include "stats/intervals.h"

static assay_status replicates(double *low, double *high, const double *values, int64_t n,
                               double estimate, double alpha_low, double alpha_high,
                               const void *params, assay_error *err)
{
    (void)params;
    (void)estimate;
    return assay_percentile_interval(low, high, values, n, alpha_low, alpha_high, err);
}

static const assay_interval interval = {.replicates = replicates, .of_clusters = 1};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --cluster scene --interval "
    "cluster_bootstrap",
    NULL};

const assay_op assay_op_interval_cluster_bootstrap = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "cluster_bootstrap",
    .title = "Cluster bootstrap",
    .summary = "Interval of a proportion whose rows come in clusters, from its values on resampled "
               "clusters.",
    .description =
        "The ends are the quantiles alpha and 1 - alpha of the proportion on replicates in "
        "which whole clusters (images, scenes, flights) count a Poisson(1) number of times, "
        "all of their rows alike. It takes the place of `korn_graubard` for proportions; all "
        "other metrics of clustered rows are resampled by whole clusters anyway, with the "
        "interval chosen for replicates.\n\n"
        "Its coverage falls short with few clusters and near 0 and 1, where a proportion of "
        "exactly 0 or 1 has no interval at all: `korn_graubard` is better there. Without a "
        "cluster column it has no effect.",
    .citation =
        "Davison, Hinkley (1997), Bootstrap Methods and their Application, 3.8; Chamandy, "
        "Muralidharan, Najmi, Naidu (2012), Estimating uncertainty for massive data streams.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
