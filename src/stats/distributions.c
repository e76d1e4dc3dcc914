#include "stats/distributions.h"

#include <math.h>

#include "stats/deviance.h"
#include "stats/special.h"

double assay_beta_log_pdf(double x, double a, double b)
{
    if (!(a > 0.0 && b > 0.0 && isfinite(a) && isfinite(b)) || isnan(x)) {
        return NAN;
    }
    if (x < 0.0 || x > 1.0) {
        return -INFINITY;
    }
    if (x == 0.0 || x == 1.0) {
        double shape = x == 0.0 ? a : b;
        return shape == 1.0 ? log(a * b) : (shape < 1.0 ? INFINITY : -INFINITY);
    }
    /* the binomial term of a and b, times a b / (a + b) over x (1 - x) */
    long double rest = 1.0L - x;
    long double scale = (long double)a * b / ((long double)a + b) / (x * rest);
    return (double)(assay_binomial_log_term(a, b, x, rest) + logl(scale));
}

double assay_beta_pdf(double x, double a, double b)
{
    return exp(assay_beta_log_pdf(x, a, b));
}

double assay_beta_cdf(double x, double a, double b)
{
    return assay_beta_inc(a, b, x);
}

double assay_beta_sf(double x, double a, double b)
{
    return assay_beta_inc_upper(a, b, x);
}

double assay_beta_log_cdf(double x, double a, double b)
{
    return assay_beta_inc_log(a, b, x);
}

double assay_beta_log_sf(double x, double a, double b)
{
    return assay_beta_inc_upper_log(a, b, x);
}

double assay_beta_quantile(double p, double a, double b)
{
    return assay_beta_inc_inverse(a, b, p);
}

double assay_beta_quantile_upper(double q, double a, double b)
{
    return assay_beta_inc_upper_inverse(a, b, q);
}

static int domain(int64_t n, double p)
{
    return n >= 0 && p >= 0.0 && p <= 1.0;
}

/* pmf(k; n, p) = f(p; k+1, n-k+1) / (n+1), with f the beta density. */
double assay_binomial_pmf(int64_t k, int64_t n, double p)
{
    if (!domain(n, p)) {
        return NAN;
    }
    if (k < 0 || k > n) {
        return 0.0;
    }
    if (p == 0.0 || p == 1.0) {
        return k == (p == 0.0 ? 0 : n) ? 1.0 : 0.0;
    }
    if (k == 0) {
        return exp((double)n * log1p(-p));
    }
    if (k == n) {
        return exp((double)n * log(p));
    }
    return assay_beta_density((double)k + 1.0, (double)(n - k) + 1.0, p) / ((double)n + 1.0);
}

double assay_binomial_log_pmf(int64_t k, int64_t n, double p)
{
    if (!domain(n, p)) {
        return NAN;
    }
    if (k < 0 || k > n) {
        return -INFINITY;
    }
    return (double)assay_binomial_log_term((double)k, (double)(n - k), p, 1.0L - p);
}

double assay_binomial_cdf(int64_t k, int64_t n, double p)
{
    if (!domain(n, p)) {
        return NAN;
    }
    if (k < 0) {
        return 0.0;
    }
    if (k >= n) {
        return 1.0;
    }
    return assay_beta_inc_upper((double)k + 1.0, (double)(n - k), p);
}

double assay_binomial_sf(int64_t k, int64_t n, double p)
{
    if (!domain(n, p)) {
        return NAN;
    }
    if (k < 0) {
        return 1.0;
    }
    if (k >= n) {
        return 0.0;
    }
    return assay_beta_inc((double)k + 1.0, (double)(n - k), p);
}

double assay_binomial_log_cdf(int64_t k, int64_t n, double p)
{
    if (!domain(n, p) || k < 0 || k >= n) {
        return log(assay_binomial_cdf(k, n, p));
    }
    return assay_beta_inc_upper_log((double)k + 1.0, (double)(n - k), p);
}

double assay_binomial_log_sf(int64_t k, int64_t n, double p)
{
    if (!domain(n, p) || k < 0 || k >= n) {
        return log(assay_binomial_sf(k, n, p));
    }
    return assay_beta_inc_log((double)k + 1.0, (double)(n - k), p);
}

/* The tail that is small is the one that is compared, so that q near 1 keeps its meaning. */
static int reached(int64_t k, int64_t n, double p, double q)
{
    return q <= 0.5 ? assay_binomial_cdf(k, n, p) >= q : assay_binomial_sf(k, n, p) <= 1.0 - q;
}

int64_t assay_binomial_quantile(double q, int64_t n, double p)
{
    if (!domain(n, p) || !(q >= 0.0 && q <= 1.0)) {
        return -1;
    }
    int64_t low = -1; /* never reached, except that q = 0 is met by k = 0 */
    int64_t high = n;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (reached(middle, n, p, q)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}
