#include "stats/delong.h"
#include "core/interval.h"
#include "core/op.h"

enum { LOGIT, PLAIN };

typedef struct interval_params {
    int32_t scale;
} interval_params;

static const char *const scales[] = {"logit", "plain", NULL};

static const assay_param specs[] = {
    ASSAY_CHOICE(interval_params, scale, LOGIT, scales, "Where the interval is symmetric."),
};

static assay_status area(double *low, double *high, double value, double variance, double alpha_low,
                         double alpha_high, const void *params, assay_error *err)
{
    const struct interval_params *p = params;
    return assay_auc_interval(low, high, value, variance, p->scale == LOGIT, alpha_low, alpha_high,
                              err);
}

static const assay_interval interval = {.area = area};

static const char *const examples[] = {"assay describe interval delong", NULL};

const assay_op assay_op_interval_delong = {
    .kind = ASSAY_OP_INTERVAL,
    .revision = 1,
    .name = "delong",
    .title = "DeLong",
    .summary = "Interval of the area under the ROC curve without resampling.",
    .description =
        "The variance of the Mann-Whitney statistic from the placements of the rows, in O(n log "
        "n); for dependent rows from the clusters' sums of them (Obuchowski). Two areas of one "
        "model, or of two models on the same rows, get their covariance from the same "
        "placements. The interval is normal on the scale of the log odds, which keeps it inside "
        "[0, 1] and is better near 1, or on the plain scale, cut to [0, 1]. Where all rows are "
        "in perfect order the variance is 0 and says nothing: the end is then alpha^(1/m) for m "
        "disjoint pairs of rows, which is exact and conservative.",
    .citation =
        "DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44; Sun, Xu (2014), IEEE Signal "
        "Processing Letters 21; Obuchowski (1997), Biometrics 53; Pepe (2003), The Statistical "
        "Evaluation of Medical Tests, 5.2.",
    .since = "0.1.0",
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(interval_params),
    .examples = examples,
    .interval = &interval};
