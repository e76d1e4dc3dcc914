#include "core/interval.h"
#include "core/op.h"
#include "stats/proportion.h"

static assay_status count(double *low, double *high, int64_t events, double exposure,
                          double alpha_low, double alpha_high, const void *params, assay_error *err)
{
    (void)params;
    return assay_poisson_interval(low, high, events, exposure, alpha_low, alpha_high, err);
}

static const assay_interval interval = {.count = count};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric false_alarms_per_exposure", NULL};

const assay_op assay_op_interval_poisson_exact = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "poisson_exact",
    .title = "Exact Poisson (Garwood)",
    .summary = "Interval of a rate of events, such as false alarms per hour, from their number.",
    .description =
        "For x events in an exposure T (hours, images, square kilometres) the ends are "
        "chi-square quantiles: chi2(alpha; 2 x) / (2 T), 0 without events, and chi2(1 - "
        "alpha; 2 x + 2) / (2 T). It never covers less than its level when events come "
        "independently at a constant rate; when each unit has an event or none it is wider "
        "than need be. No events in T still leave an upper end: 3.0 / T at one-sided 95 %.",
    .citation = "Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28.",
    .since = "0.1.0",
    .examples = examples,
    .interval = &interval};
