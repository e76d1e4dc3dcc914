#include "stats/power.h"

#include <inttypes.h>
#include <math.h>

#include "stats/check.h"
#include "stats/distributions.h"
#include "stats/normal.h"

static const char what[] = "sample size";

static assay_status check_levels(double alpha, double power, assay_error *err)
{
    ASSAY_TRY(assay_check_open_unit(what, "the error probability", alpha, err));
    ASSAY_TRY(assay_check_open_unit(what, "the power", power, err));
    if (alpha >= power) {
        return assay_fail(err, ASSAY_EINVAL,
                          "sample size: a power of %g must be above the error probability of %g",
                          power, alpha);
    }
    return ASSAY_OK;
}

static assay_status check_two(double a, double b, assay_error *err)
{
    ASSAY_TRY(assay_check_unit(what, "the first probability", a, err));
    ASSAY_TRY(assay_check_unit(what, "the second probability", b, err));
    if (a == b) {
        return assay_fail(err, ASSAY_EINVAL,
                          "sample size: both probabilities are %g; there is nothing to tell apart",
                          a);
    }
    return ASSAY_OK;
}

/* Rounded up; a hair above a whole number is rounding, not need. */
static assay_status whole(int64_t *out, double n, assay_error *err)
{
    if (!(n <= (double)ASSAY_SIZE_MOST)) {
        *out = 0;
        return assay_fail(err, ASSAY_ELIMIT, "sample size: more than %" PRId64 " data are needed",
                          ASSAY_SIZE_MOST);
    }
    *out = (int64_t)fmax(1.0, ceil(n * (1.0 - 1e-13)));
    return ASSAY_OK;
}

assay_status assay_size_one_normal(int64_t *n, double p0, double p1, double alpha, double power,
                                   assay_error *err)
{
    *n = 0;
    ASSAY_TRY(check_levels(alpha, power, err));
    ASSAY_TRY(check_two(p0, p1, err));
    double root = assay_normal_quantile_upper(alpha) * sqrt(p0 * (1.0 - p0)) +
                  assay_normal_quantile(power) * sqrt(p1 * (1.0 - p1));
    return whole(n, root * root / ((p1 - p0) * (p1 - p0)), err);
}

assay_status assay_size_two(int64_t *n, double p1, double p2, double alpha, double power,
                            bool corrected, assay_error *err)
{
    *n = 0;
    ASSAY_TRY(check_levels(alpha, power, err));
    ASSAY_TRY(check_two(p1, p2, err));
    double mean = (p1 + p2) / 2.0;
    double gap = fabs(p1 - p2);
    double root = assay_normal_quantile_upper(alpha / 2.0) * sqrt(2.0 * mean * (1.0 - mean)) +
                  assay_normal_quantile(power) * sqrt(p1 * (1.0 - p1) + p2 * (1.0 - p2));
    double plain = root * root / (gap * gap);
    if (corrected) {
        double factor = 1.0 + sqrt(1.0 + 4.0 / (plain * gap));
        plain *= factor * factor / 4.0;
    }
    return whole(n, plain, err);
}

assay_status assay_power_two(double *power, int64_t n, double p1, double p2, double alpha,
                             assay_error *err)
{
    *power = NAN;
    ASSAY_TRY(assay_check_open_unit(what, "the error probability", alpha, err));
    ASSAY_TRY(check_two(p1, p2, err));
    ASSAY_TRY(assay_check_least(what, "the number of trials", n, 1, err));
    double mean = (p1 + p2) / 2.0;
    double z = sqrt((double)n) * fabs(p1 - p2) -
               assay_normal_quantile_upper(alpha / 2.0) * sqrt(2.0 * mean * (1.0 - mean));
    *power = assay_normal_cdf(z / sqrt(p1 * (1.0 - p1) + p2 * (1.0 - p2)));
    return ASSAY_OK;
}

/* Probability that a normal estimate of mean gap is beyond z standard errors under the null hypothesis, on
 * either side; both errors for one datum. */
static double two_tails(int64_t n, double gap, double z, double null_error, double error)
{
    double shift = sqrt((double)n) * fabs(gap);
    if (gap == 0.0) {
        return 2.0 * assay_normal_sf(z);
    }
    return fmin(1.0, assay_normal_cdf((shift - z * null_error) / error) +
                         assay_normal_cdf((-shift - z * null_error) / error));
}

assay_status assay_power_two_tails(double *power, int64_t n, double p1, double p2, double alpha,
                                   assay_error *err)
{
    *power = NAN;
    ASSAY_TRY(assay_check_open_unit(what, "the error probability", alpha, err));
    ASSAY_TRY(assay_check_unit(what, "the first probability", p1, err));
    ASSAY_TRY(assay_check_unit(what, "the second probability", p2, err));
    ASSAY_TRY(assay_check_least(what, "the number of trials", n, 1, err));
    double mean = (p1 + p2) / 2.0;
    double error = sqrt(p1 * (1.0 - p1) + p2 * (1.0 - p2));
    *power = error > 0.0 || p1 == p2
                 ? two_tails(n, p1 - p2, assay_normal_quantile_upper(alpha / 2.0),
                             sqrt(2.0 * mean * (1.0 - mean)), error)
                 : 1.0;
    return ASSAY_OK;
}

static assay_status check_flip(double p10, double p01, assay_error *err)
{
    ASSAY_TRY(assay_check_unit(what, "the probability of the first flip", p10, err));
    return assay_check_unit(what, "the probability of the second flip", p01, err);
}

static assay_status check_shares(double p10, double p01, assay_error *err)
{
    ASSAY_TRY(check_flip(p10, p01, err));
    return p10 + p01 > 0.0 && p10 + p01 <= 1.0
               ? ASSAY_OK
               : assay_fail(
                     err, ASSAY_EINVAL,
                     "sample size: flips of probability %g and %g must add up to more than 0 "
                     "and at most 1",
                     p10, p01);
}

assay_status assay_power_mcnemar_normal(double *power, int64_t n, double p10, double p01,
                                        double alpha, assay_error *err)
{
    *power = NAN;
    ASSAY_TRY(assay_check_open_unit(what, "the error probability", alpha, err));
    ASSAY_TRY(check_shares(p10, p01, err));
    ASSAY_TRY(assay_check_least(what, "the number of pairs", n, 1, err));
    double flips = p10 + p01, gap = p10 - p01;
    double error = sqrt(flips - gap * gap);
    *power = error > 0.0
                 ? two_tails(n, gap, assay_normal_quantile_upper(alpha / 2.0), sqrt(flips), error)
                 : 1.0;
    return ASSAY_OK;
}

static assay_status check_flips(double p10, double p01, assay_error *err)
{
    ASSAY_TRY(check_flip(p10, p01, err));
    if (p10 == p01 || p10 + p01 > 1.0) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "sample size: flips of probability %g and %g must differ and add up to at "
            "most 1",
            p10, p01);
    }
    return ASSAY_OK;
}

assay_status assay_size_mcnemar(int64_t *n, double p10, double p01, double alpha, double power,
                                assay_error *err)
{
    *n = 0;
    ASSAY_TRY(check_levels(alpha, power, err));
    ASSAY_TRY(check_flips(p10, p01, err));
    double flips = p10 + p01;
    double gap = p10 - p01;
    double root = assay_normal_quantile_upper(alpha / 2.0) * sqrt(flips) +
                  assay_normal_quantile(power) * sqrt(flips - gap * gap);
    return whole(n, root * root / (gap * gap), err);
}

/* Largest k with two-sided p-value of k against m - k at most alpha; -1 when there is none. */
static int64_t mcnemar_critical(int64_t m, double alpha, bool mid_p)
{
    int64_t low = -1;
    int64_t high = (m + 1) / 2; /* the middle never rejects: its p-value is near 1 */
    while (high - low > 1) {
        int64_t k = low + (high - low) / 2;
        double p = 2.0 * assay_binomial_cdf(k, m, 0.5);
        p -= mid_p ? assay_binomial_pmf(k, m, 0.5) : 0.0;
        if (p <= alpha) {
            low = k;
        } else {
            high = k;
        }
    }
    return low;
}

assay_status assay_power_mcnemar(double *power, int64_t n, double p10, double p01, double alpha,
                                 bool mid_p, assay_error *err)
{
    *power = NAN;
    ASSAY_TRY(assay_check_open_unit(what, "the error probability", alpha, err));
    ASSAY_TRY(check_shares(p10, p01, err));
    ASSAY_TRY(assay_check_least(what, "the number of pairs", n, 1, err));
    if (n > 100000) {
        return assay_fail(err, ASSAY_ELIMIT, "sample size: exact power for at most 100000 pairs");
    }
    double flips = p10 + p01;
    double share = p10 / flips;
    double sum = 0.0;
    for (int64_t m = 1; m <= n; m++) {
        double mass = assay_binomial_pmf(m, n, flips);
        if (mass < 1e-18) {
            continue;
        }
        int64_t k = mcnemar_critical(m, alpha, mid_p);
        if (k >= 0) {
            sum +=
                mass * (assay_binomial_cdf(k, m, share) + assay_binomial_sf(m - k - 1, m, share));
        }
    }
    *power = fmin(1.0, sum);
    return ASSAY_OK;
}

/* Width of Wilson's interval over n trials at the rate p, n not necessarily whole. */
static double wilson_width(double p, double n, double z)
{
    return 2.0 * z * sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n)) / (1.0 + z * z / n);
}

assay_status assay_size_width(int64_t *n, double p, double half, double alpha, bool wilson,
                              assay_error *err)
{
    *n = 0;
    ASSAY_TRY(assay_check_open_unit(what, "the probability", p, err));
    ASSAY_TRY(assay_check_open_unit(what, "the half width", half, err));
    ASSAY_TRY(assay_check_open_unit(what, "the error probability", alpha, err));
    double z = assay_normal_quantile_upper(alpha / 2.0);
    double plain = z * z * p * (1.0 - p) / (half * half);
    if (!wilson || plain > (double)ASSAY_SIZE_MOST) {
        return whole(n, plain, err);
    }
    int64_t low = 0;
    int64_t high = 1;
    while (wilson_width(p, (double)high, z) > 2.0 * half) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (wilson_width(p, (double)middle, z) <= 2.0 * half) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return whole(n, (double)high, err);
}

assay_status assay_size_inflate(int64_t *out, int64_t n, double deff, double invalid,
                                assay_error *err)
{
    *out = 0;
    ASSAY_TRY(assay_check_least(what, "the sample", n, 1, err));
    if (!(deff >= 1.0) || isinf(deff) || !(invalid >= 0.0 && invalid < 1.0)) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "sample size: a design effect of %g (at least 1) and %g unusable data (in "
            "[0, 1))",
            deff, invalid);
    }
    return whole(out, (double)n * deff / (1.0 - invalid), err);
}
