#include "stats/intervals.h"

#include <inttypes.h>
#include <math.h>

#include "base/rng.h"
#include "stats/special.h"

static assay_status check_alpha(double alpha_low, double alpha_high, assay_error *err)
{
    if (!(alpha_low >= 0.0 && alpha_low <= 0.5 && alpha_high >= 0.0 && alpha_high <= 0.5)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "interval: error probabilities %g and %g must be in [0, 0.5]", alpha_low,
                          alpha_high);
    }
    return ASSAY_OK;
}

/* ASSAY_DONE: no trials, the interval is the whole range. */
static assay_status begin(double *low, double *high, int64_t x, int64_t n, double alpha_low,
                          double alpha_high, assay_error *err)
{
    *low = 0.0;
    *high = 1.0;
    if (n < 0 || x < 0 || x > n) {
        return assay_fail(err, ASSAY_EINVAL,
                          "interval: %" PRId64 " successes in %" PRId64 " trials make no sense", x,
                          n);
    }
    ASSAY_TRY(check_alpha(alpha_low, alpha_high, err));
    return n == 0 ? ASSAY_DONE : ASSAY_OK;
}

static assay_status converged(double low, double high, assay_error *err)
{
    if (!(low >= 0.0 && high <= 1.0)) {
        return assay_fail(err, ASSAY_EINTERNAL, "interval: the beta quantile did not converge");
    }
    return ASSAY_OK;
}

assay_status assay_clopper_pearson(double *low, double *high, int64_t x, int64_t n,
                                   double alpha_low, double alpha_high, assay_error *err)
{
    assay_status status = begin(low, high, x, n, alpha_low, alpha_high, err);
    if (status != ASSAY_OK) {
        return status == ASSAY_DONE ? ASSAY_OK : status;
    }
    double successes = (double)x;
    double failures = (double)(n - x);
    if (alpha_low > 0.0 && x > 0) {
        *low = x == n ? exp(log(alpha_low) / successes)
                      : assay_beta_inc_inverse(successes, failures + 1.0, alpha_low);
    }
    if (alpha_high > 0.0 && x < n) {
        *high = x == 0 ? -expm1(log(alpha_high) / failures)
                       : assay_beta_inc_upper_inverse(successes + 1.0, failures, alpha_high);
    }
    return converged(*low, *high, err);
}

/* Wilson's ends are (a -+ root) / (n + z^2). The lower one is multiplied out by its conjugate, so
 * that neither loses digits near 0. */
static double wilson_end(double x, double n, double z, int upper)
{
    double a = x + z * z / 2.0;
    double root = z * sqrt(x * (n - x) / n + z * z / 4.0);
    if (upper) {
        return x < n ? (a + root) / (n + z * z) : 1.0;
    }
    return x > 0.0 ? x * x / n / (a + root) : 0.0;
}

assay_status assay_wilson(double *low, double *high, int64_t x, int64_t n, double alpha_low,
                          double alpha_high, assay_error *err)
{
    assay_status status = begin(low, high, x, n, alpha_low, alpha_high, err);
    if (status != ASSAY_OK) {
        return status == ASSAY_DONE ? ASSAY_OK : status;
    }
    if (alpha_low > 0.0) {
        *low = wilson_end((double)x, (double)n, -assay_normal_inverse(alpha_low), 0);
    }
    if (alpha_high > 0.0) {
        *high = wilson_end((double)x, (double)n, -assay_normal_inverse(alpha_high), 1);
    }
    return converged(*low, *high, err);
}

assay_status assay_jeffreys(double *low, double *high, int64_t x, int64_t n, double alpha_low,
                            double alpha_high, assay_error *err)
{
    assay_status status = begin(low, high, x, n, alpha_low, alpha_high, err);
    if (status != ASSAY_OK) {
        return status == ASSAY_DONE ? ASSAY_OK : status;
    }
    double a = (double)x + 0.5;
    double b = (double)(n - x) + 0.5;
    if (alpha_low > 0.0 && x > 0) {
        *low = assay_beta_inc_inverse(a, b, alpha_low);
    }
    if (alpha_high > 0.0 && x < n) {
        *high = assay_beta_inc_upper_inverse(a, b, alpha_high);
    }
    return converged(*low, *high, err);
}

double assay_quantile_sorted(const double *values, int64_t n, double p)
{
    double position = p * (double)(n - 1);
    int64_t below = (int64_t)floor(position);
    if (below >= n - 1) {
        return values[n - 1];
    }
    double weight = position - (double)below;
    return values[below] + weight * (values[below + 1] - values[below]);
}

assay_status assay_percentile_interval(double *low, double *high, const double *values, int64_t n,
                                       double alpha_low, double alpha_high, assay_error *err)
{
    *low = -INFINITY;
    *high = INFINITY;
    ASSAY_TRY(check_alpha(alpha_low, alpha_high, err));
    if (n < 1) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "bootstrap interval: there are no replicates");
    }
    double least = alpha_low > 0.0 ? alpha_low : alpha_high;
    if (alpha_high > 0.0 && alpha_high < least) {
        least = alpha_high;
    }
    if (least > 0.0 && (double)n * least < 1.0 - 1e-9) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "bootstrap interval: an error probability of %g takes at least %.0f "
                          "replicates, there are %" PRId64,
                          least, ceil(1.0 / least - 1e-9), n);
    }
    if (alpha_low > 0.0) {
        *low = assay_quantile_sorted(values, n, alpha_low);
    }
    if (alpha_high > 0.0) {
        *high = assay_quantile_sorted(values, n, 1.0 - alpha_high);
    }
    return ASSAY_OK;
}
