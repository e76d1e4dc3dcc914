#include "ops/shared/share.h"

#include <math.h>

#include "stats/clustered.h"
#include "stats/intervals.h"

assay_status assay_share_interval(double *low, double *high, double hits, double weight,
                                  double squares, double alpha, assay_error *err)
{
    if (!(squares > 0.0)) {
        return assay_clopper_pearson(low, high, (int64_t)hits, (int64_t)weight, alpha, alpha, err);
    }
    double rows = weight * (weight / squares);
    const assay_cluster_estimate estimate = {
        .value = fmin(hits / weight, 1.0), .effective = rows, .total = rows, .clusters = INT64_MAX};
    return assay_korn_graubard(low, high, &estimate, alpha, alpha, err);
}
