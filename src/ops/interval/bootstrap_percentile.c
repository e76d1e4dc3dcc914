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

static const assay_interval interval = {.replicates = replicates, .percentiles = 1};

static const char *const examples[] = {"assay describe interval bootstrap_percentile", NULL};

const assay_op assay_op_interval_bootstrap_percentile = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 2,
    .name = "bootstrap_percentile",
    .title = "Bootstrap percentile",
    .summary = "Interval of any metric from its values on resampled data.",
    .description =
        "The ends are the quantiles alpha and 1 - alpha of the bootstrap replicates, interpolated "
        "linearly. Replicates weigh every row by an independent Poisson(1) number that depends on "
        "the seed, the row and the replicate alone, so they are the same for any number of "
        "threads. An error probability below 1/replicates cannot be read off and is refused.\n\n"
        "Metrics that are a distance from zero, such as calibration errors, are positive by chance "
        "alone, and their percentiles never reach down to the truth: they get "
        "`bootstrap_distance` in the place of this one.\n\n"
        "Replicates of few rows lie too near to each other: alpha is made smaller by the step from "
        "the normal to Student's distribution and by (n / (n - 1))^0.5, with n the number of rows; "
        "in classification that of one sample that is as well known as the classes together are "
        "(Satterthwaite's degrees of freedom for a variance of 1/n of each class), and no more "
        "than the effective number of weighted rows or the number of clusters. The value that the "
        "best of many thresholds reaches (`recall_at_precision`, `precision_at_recall`, "
        "`optimal_threshold`) is biased by that choice, and replicates once more: its interval "
        "also reaches to the ends of `bootstrap_basic`.\n\n"
        "Its coverage is approximate and falls short when there are few rows, when a few rows "
        "decide, when rows depend on each other, or when the metric is near the end of its range: "
        "docs/coverage.md shows how far. With less than 20 rows of a class, or 50 rows at all, or "
        "lopsided replicates (skewness above 0.5), the measure carries a `caution`.",
    .citation =
        "Efron, Tibshirani (1993), An Introduction to the Bootstrap, ch. 13; Hesterberg (2015), "
        "What teachers should know about the bootstrap, The American Statistician 69; "
        "Satterthwaite (1946), Biometrics Bulletin 2; Chamandy, Muralidharan, Najmi, Naidu "
        "(2012), Estimating uncertainty for massive data streams.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
