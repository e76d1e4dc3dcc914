#include "stats/effect.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/reduce.h"
#include "stats/bootstrap.h"
#include "stats/check.h"
#include "stats/rank_tests.h"

double assay_cohen_h(double p1, double p2)
{
    if (!(p1 >= 0.0 && p1 <= 1.0 && p2 >= 0.0 && p2 <= 1.0)) {
        return NAN;
    }
    return 2.0 * asin(sqrt(p1)) - 2.0 * asin(sqrt(p2));
}

double assay_cohen_g(int64_t b, int64_t c)
{
    double flips = (double)b + (double)c;
    return b < 0 || c < 0 || !(flips > 0.0) ? NAN : (double)(b > c ? b : c) / flips - 0.5;
}

assay_status assay_cohen_dz(double *out, const double *differences, int64_t n, assay_error *err)
{
    double spread = 0.0;
    *out = NAN;
    ASSAY_TRY(assay_bootstrap_se(&spread, differences, n, err));
    if (spread > 0.0) {
        *out = assay_sum_pairwise(differences, n) / (double)n / spread;
    }
    return ASSAY_OK;
}

assay_status assay_cliff_delta(double *out, const double *x, int64_t nx, const double *y,
                               int64_t ny, assay_error *err)
{
    *out = NAN;
    ASSAY_TRY(assay_check_least("Cliff's delta", "the number of values", nx, 1, err));
    ASSAY_TRY(assay_check_least("Cliff's delta", "the number of values", ny, 1, err));
    if (nx > INT64_C(1) << 40 || ny > INT64_C(1) << 40) {
        return assay_fail(err, ASSAY_ELIMIT, "Cliff's delta: at most 2^40 values");
    }
    int64_t n = nx + ny;
    double *both = assay_alloc_raw((size_t)n, 2 * sizeof *both);
    if (both == NULL) {
        return assay_fail_memory(err);
    }
    double *ranks = both + n;
    double ties = 0.0;
    memcpy(both, x, (size_t)nx * sizeof *x);
    memcpy(both + nx, y, (size_t)ny * sizeof *y);
    assay_status status = assay_midranks(ranks, &ties, both, n, err);
    if (status == ASSAY_OK) {
        /* Mann and Whitney's U from the ranks of x */
        double sum = assay_sum_pairwise(ranks, nx);
        double u = sum - (double)nx * ((double)nx + 1.0) / 2.0;
        *out = 2.0 * u / ((double)nx * (double)ny) - 1.0;
    }
    assay_free(both);
    return status;
}
