#include "stats/bootstrap.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

#include "base/reduce.h"
#include "stats/check.h"
#include "stats/continuous.h"
#include "stats/distributions.h"
#include "stats/intervals.h"
#include "stats/normal.h"

/* How many of the ascending values lie below `limit`, or up to it. */
static int64_t count_below(const double *sorted, int64_t n, double limit, int inclusive)
{
    int64_t low = 0;
    int64_t high = n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (sorted[middle] < limit || (inclusive && sorted[middle] == limit)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static double acceleration(const double *jackknife, int64_t m)
{
    double mean = assay_sum_pairwise(jackknife, m) / (double)m;
    assay_sum squares = {0}, cubes = {0};
    for (int64_t i = 0; i < m; i++) {
        double d = mean - jackknife[i];
        assay_sum_add(&squares, d * d);
        assay_sum_add(&cubes, d * d * d);
    }
    double spread = assay_sum_value(&squares);
    /* no datum matters: no skewness either */
    return spread > 0.0 ? assay_sum_value(&cubes) / (6.0 * pow(spread, 1.5)) : 0.0;
}

assay_status assay_bca_constants(double *z0, double *a, const double *sorted, int64_t n,
                                 double estimate, const double *jackknife, int64_t m,
                                 assay_error *err)
{
    *z0 = NAN;
    *a = NAN;
    ASSAY_TRY(assay_check_least("BCa interval", "the number of replicates", n, 1, err));
    ASSAY_TRY(assay_check_least("BCa interval", "the number of jackknife values", m, 2, err));
    ASSAY_TRY(assay_check_finite("BCa interval", sorted, n, err));
    ASSAY_TRY(assay_check_finite("BCa interval", jackknife, m, err));
    ASSAY_TRY(assay_check_finite("BCa interval", &estimate, 1, err));
    int64_t below = count_below(sorted, n, estimate, 0);
    int64_t upto = count_below(sorted, n, estimate, 1);
    double share = (double)(below + upto) / (2.0 * (double)n);
    if (share <= 0.0 || share >= 1.0) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "BCa interval: the estimate %g lies outside all %" PRId64 " replicates",
                          estimate, n);
    }
    *z0 = assay_normal_quantile(share);
    *a = acceleration(jackknife, m);
    return ASSAY_OK;
}

/* The level at which the replicates are read: Phi(z0 + (z0 + z) / (1 - a (z0 + z))). */
static double bca_level(double z0, double a, double z)
{
    double shifted = z0 + z;
    return assay_normal_cdf(z0 + shifted / (1.0 - a * shifted));
}

static assay_status bca_end(double *out, const double *sorted, int64_t n, double level,
                            assay_error *err)
{
    double least = fmin(level, 1.0 - level);
    if (!(least * (double)n >= 1.0 - 1e-9)) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "BCa interval: %" PRId64 " replicates are too few for an end at level %g",
                          n, level);
    }
    *out = assay_quantile_sorted(sorted, n, level);
    return ASSAY_OK;
}

assay_status assay_bca_interval(double *low, double *high, const double *sorted, int64_t n,
                                double estimate, const double *jackknife, int64_t m,
                                double alpha_low, double alpha_high, assay_error *err)
{
    *low = -INFINITY;
    *high = INFINITY;
    double z0 = NAN, a = NAN;
    ASSAY_TRY(assay_check_alphas("BCa interval", alpha_low, alpha_high, err));
    ASSAY_TRY(assay_bca_constants(&z0, &a, sorted, n, estimate, jackknife, m, err));
    if (alpha_low > 0.0) {
        double level = bca_level(z0, a, assay_normal_quantile(alpha_low));
        ASSAY_TRY(bca_end(low, sorted, n, level, err));
    }
    if (alpha_high > 0.0) {
        double level = bca_level(z0, a, assay_normal_quantile_upper(alpha_high));
        ASSAY_TRY(bca_end(high, sorted, n, level, err));
    }
    return ASSAY_OK;
}

assay_status assay_basic_interval(double *low, double *high, const double *sorted, int64_t n,
                                  double estimate, double alpha_low, double alpha_high,
                                  assay_error *err)
{
    double below = -INFINITY, above = INFINITY;
    *low = -INFINITY;
    *high = INFINITY;
    /* The distribution is turned round, so the tails change sides. */
    const double tails[2] = {alpha_high, alpha_low};
    ASSAY_TRY(assay_percentile_interval(&below, &above, sorted, n, tails[0], tails[1], err));
    *low = 2.0 * estimate - above;
    *high = 2.0 * estimate - below;
    return ASSAY_OK;
}

assay_status assay_distance_interval(double *low, double *high, const double *sorted, int64_t n,
                                     double estimate, assay_distance what, double alpha_low,
                                     double alpha_high, assay_error *err)
{
    bool squared = what == ASSAY_DISTANCE_SQUARED;
    double none = -INFINITY, top = INFINITY, above = INFINITY;
    *low = -INFINITY;
    *high = INFINITY;
    if (!(estimate >= 0.0) || isinf(estimate) || what == ASSAY_DISTANCE_NONE) {
        return assay_fail(err, ASSAY_EINVAL,
                          "distance interval: %g is no distance from zero: take another interval",
                          estimate);
    }
    ASSAY_TRY(assay_percentile_interval(&none, &top, sorted, n, 0.0, alpha_low, err));
    ASSAY_TRY(assay_percentile_interval(&none, &above, sorted, n, 0.0, alpha_high, err));
    if (alpha_low > 0.0) {
        double square = squared ? 2.0 * estimate - top : 2.0 * estimate * estimate - top * top;
        square = fmax(0.0, square);
        *low = fmin(estimate, squared ? square : sqrt(square));
    }
    if (alpha_high > 0.0) {
        double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0;
        if (squared) {
            double root = sqrt(estimate) + fmax(0.0, sqrt(above) - sqrt(fmax(0.0, median)));
            *high = fmax(estimate, root * root);
        } else {
            *high = estimate + fmax(0.0, above - median);
            *high = what == ASSAY_DISTANCE_DEBIASED ? fmax(*high, above) : *high;
        }
    }
    return ASSAY_OK;
}

assay_status assay_hull_interval(double *low, double *high, const double *sorted, int64_t n,
                                 double estimate, double alpha_low, double alpha_high,
                                 assay_error *err)
{
    double below = -INFINITY, above = INFINITY;
    *low = -INFINITY;
    *high = INFINITY;
    ASSAY_TRY(
        assay_basic_interval(&below, &above, sorted, n, estimate, alpha_low, alpha_high, err));
    ASSAY_TRY(assay_percentile_interval(low, high, sorted, n, alpha_low, alpha_high, err));
    bool share = sorted[0] >= 0.0 && sorted[n - 1] <= 1.0 && estimate >= 0.0 && estimate <= 1.0;
    below = share ? fmax(below, 0.0) : below;
    above = share ? fmin(above, 1.0) : above;
    *low = fmin(*low, below);
    *high = fmax(*high, above);
    return ASSAY_OK;
}

assay_status assay_studentised_interval(double *low, double *high, const double *pivots, int64_t n,
                                        double estimate, double se, double alpha_low,
                                        double alpha_high, assay_error *err)
{
    double below = -INFINITY, above = INFINITY;
    *low = -INFINITY;
    *high = INFINITY;
    if (!(se >= 0.0) || isinf(se)) {
        return assay_fail(err, ASSAY_EINVAL, "studentised interval: a standard error of %g", se);
    }
    /* The distribution is turned round, so the tails change sides. */
    const double tails[2] = {alpha_high, alpha_low};
    ASSAY_TRY(assay_percentile_interval(&below, &above, pivots, n, tails[0], tails[1], err));
    if (alpha_low > 0.0) {
        *low = estimate - se * above;
    }
    if (alpha_high > 0.0) {
        *high = estimate - se * below;
    }
    return ASSAY_OK;
}

assay_status assay_normal_interval(double *low, double *high, double estimate, double se, double df,
                                   double alpha_low, double alpha_high, assay_error *err)
{
    *low = -INFINITY;
    *high = INFINITY;
    ASSAY_TRY(assay_check_alphas("normal interval", alpha_low, alpha_high, err));
    if (!(se >= 0.0) || isinf(se) || !isfinite(estimate) || !(df > 0.0)) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "normal interval: estimate %g, standard error %g and %g degrees of freedom "
            "make no sense",
            estimate, se, df);
    }
    if (alpha_low > 0.0) {
        *low = estimate - assay_t_quantile_upper(alpha_low, df) * se;
    }
    if (alpha_high > 0.0) {
        *high = estimate + assay_t_quantile_upper(alpha_high, df) * se;
    }
    return ASSAY_OK;
}

assay_status assay_bootstrap_se(double *out, const double *replicates, int64_t n, assay_error *err)
{
    *out = NAN;
    ASSAY_TRY(assay_check_least("bootstrap", "the number of replicates", n, 2, err));
    ASSAY_TRY(assay_check_finite("bootstrap", replicates, n, err));
    double mean = assay_sum_pairwise(replicates, n) / (double)n;
    assay_sum squares = {0};
    for (int64_t i = 0; i < n; i++) {
        assay_sum_add(&squares, (replicates[i] - mean) * (replicates[i] - mean));
    }
    *out = sqrt(assay_sum_value(&squares) / (double)(n - 1));
    return ASSAY_OK;
}

assay_status assay_quantile_upper_rank(int64_t *rank, int64_t n, double p, double alpha,
                                       assay_error *err)
{
    *rank = 0;
    ASSAY_TRY(assay_check_least("quantile bound", "the number of values", n, 0, err));
    ASSAY_TRY(assay_check_open_unit("quantile bound", "the quantile", p, err));
    ASSAY_TRY(assay_check_open_unit("quantile bound", "the error probability", alpha, err));
    int64_t low = 0; /* P(X >= 0) = 1 > alpha */
    int64_t high = n + 1;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (assay_binomial_sf(middle - 1, n, p) <= alpha) {
            high = middle;
        } else {
            low = middle;
        }
    }
    *rank = high;
    return ASSAY_OK;
}

assay_status assay_quantile_lower_rank(int64_t *rank, int64_t n, double p, double alpha,
                                       assay_error *err)
{
    /* the values negated: rank r of the lower bound is n + 1 - r of the upper one */
    int64_t upper = 0;
    *rank = 0;
    ASSAY_TRY(assay_quantile_upper_rank(&upper, n, 1.0 - p, alpha, err));
    *rank = n + 1 - upper;
    return ASSAY_OK;
}
