#include "stats/kolmogorov.h"

#include <math.h>
#include <stdbool.h>

#include "stats/deviance.h"

static const long double pi = 3.14159265358979323846264338327950288420L;
static const double crossing = 1.0; /* the series converge equally fast at about sqrt(pi) / 2 */

/* 2 sum (-1)^(k-1) exp(-2 k^2 x^2) = exp(-2 x^2) times what is returned */
static long double upper_series(long double x)
{
    long double sum = 0.0L;
    for (int k = 12; k >= 1; k--) {
        long double term = expl(-2.0L * ((long double)k * k - 1.0L) * x * x);
        sum += k % 2 != 0 ? term : -term;
    }
    return 2.0L * sum;
}

/* sqrt(2 pi) / x sum exp(-(2k-1)^2 pi^2 / (8 x^2)) = exp(-pi^2 / (8 x^2)) times what is returned */
static long double lower_series(long double x)
{
    long double sum = 0.0L;
    for (int k = 6; k >= 1; k--) {
        long double odd = 2.0L * k - 1.0L;
        sum += expl(-(odd * odd - 1.0L) * pi * pi / (8.0L * x * x));
    }
    return sqrtl(2.0L * pi) / x * sum;
}

static long double log_lower(long double x)
{
    return -pi * pi / (8.0L * x * x) + logl(lower_series(x));
}

static long double log_upper(long double x)
{
    return -2.0L * x * x + logl(upper_series(x));
}

double assay_kolmogorov_log_cdf(double x)
{
    if (!(x > 0.0) || isinf(x)) {
        return isnan(x) ? NAN : (x > 0.0 ? 0.0 : -INFINITY);
    }
    return (double)(x < crossing ? log_lower(x) : log1pl(-expl(log_upper(x))));
}

double assay_kolmogorov_log_sf(double x)
{
    if (!(x > 0.0) || isinf(x)) {
        return isnan(x) ? NAN : (x > 0.0 ? -INFINITY : 0.0);
    }
    return (double)(x < crossing ? log1pl(-expl(log_lower(x))) : log_upper(x));
}

double assay_kolmogorov_cdf(double x)
{
    if (!(x > 0.0) || isinf(x)) {
        return exp(assay_kolmogorov_log_cdf(x));
    }
    return (double)(x < crossing ? expl(log_lower(x)) : 1.0L - expl(log_upper(x)));
}

double assay_kolmogorov_sf(double x)
{
    if (!(x > 0.0) || isinf(x)) {
        return exp(assay_kolmogorov_log_sf(x));
    }
    return (double)(x < crossing ? 1.0L - expl(log_lower(x)) : expl(log_upper(x)));
}

double assay_kolmogorov_pdf(double x)
{
    if (!(x > 0.0) || isinf(x)) {
        return isnan(x) ? NAN : 0.0;
    }
    long double v = x;
    long double sum = 0.0L;
    if (x < crossing) {
        for (int k = 6; k >= 1; k--) {
            long double odd = 2.0L * k - 1.0L;
            long double c = odd * odd * pi * pi / (8.0L * v * v);
            sum += expl(-c) * (2.0L * c - 1.0L);
        }
        return (double)(sqrtl(2.0L * pi) / (v * v) * sum);
    }
    for (int k = 12; k >= 1; k--) {
        long double term = (long double)k * k * expl(-2.0L * (long double)k * k * v * v);
        sum += k % 2 != 0 ? term : -term;
    }
    return (double)(8.0L * v * sum);
}

/* Bisection on the logarithm of the tail that is at most one half: monotone, so it cannot fail. */
static double invert(double target, bool lower)
{
    long double wanted = logl(target);
    long double low = 0.02L;  /* cdf < 1e-1300 */
    long double high = 20.0L; /* sf < 1e-340 */
    for (int i = 0; i < 80; i++) {
        long double middle = (low + high) / 2.0L;
        long double value = 0.0L;
        if (lower) {
            value = middle < crossing ? log_lower(middle) : log1pl(-expl(log_upper(middle)));
        } else {
            value = middle < crossing ? log1pl(-expl(log_lower(middle))) : log_upper(middle);
        }
        if ((value < wanted) == lower) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (double)((low + high) / 2.0L);
}

double assay_kolmogorov_quantile(double p)
{
    if (!(p >= 0.0 && p <= 1.0)) {
        return NAN;
    }
    if (p == 0.0 || p == 1.0) {
        return p == 0.0 ? 0.0 : INFINITY;
    }
    return p <= 0.5 ? invert(p, true) : invert(1.0 - p, false);
}

double assay_kolmogorov_quantile_upper(double q)
{
    if (!(q >= 0.0 && q <= 1.0)) {
        return NAN;
    }
    if (q == 0.0 || q == 1.0) {
        return q == 1.0 ? 0.0 : INFINITY;
    }
    return q <= 0.5 ? invert(q, false) : invert(1.0 - q, true);
}

double assay_smirnov_sf(double d, int64_t n)
{
    if (isnan(d) || n < 1) {
        return NAN;
    }
    if (d <= 0.0 || d > 1.0) {
        return d <= 0.0 ? 1.0 : 0.0;
    }
    /* d sum_j C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j) = d sum_j binomial(j; n, d + j/n) over
     * d + j/n */
    long double sum = 0.0L;
    for (int64_t j = 0; j <= n; j++) {
        long double p = d + (long double)j / (long double)n;
        long double q = (long double)(n - j) / (long double)n - d;
        if (q < 0.0L) {
            break;
        }
        sum += expl(assay_binomial_log_term((double)j, (double)(n - j), p, q)) / p;
    }
    return (double)(d * sum);
}
