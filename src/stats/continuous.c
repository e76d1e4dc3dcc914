#include "stats/continuous.h"

#include <math.h>
#include <stdbool.h>

#include "stats/deviance.h"
#include "stats/normal.h"
#include "stats/special.h"

/* ---- t: P(|T| > x) = I_{df / (df + x^2)}(df/2, 1/2) (Abramowitz and Stegun 26.7.1) */

static bool t_domain(double x, double df)
{
    return df > 0.0 && !isnan(x);
}

/* P(|T| > |x|) */
static double t_two_tails(double x, double df)
{
    /* x^2 overflows beyond 1e154; x / sqrt(df) does not for any sensible df */
    double root = x / sqrt(df);
    return assay_beta_inc_ratio(df / 2.0, 0.5, 1.0, root * root);
}

double assay_t_log_pdf(double x, double df)
{
    if (!t_domain(x, df)) {
        return NAN;
    }
    if (isinf(df)) {
        return assay_normal_log_pdf(x);
    }
    if (isinf(x)) {
        return -INFINITY;
    }
    double root = fabs(x) / sqrt(df);
    long double tail = root < 1e100 ? log1pl((long double)root * root) : 2.0L * logl(root);
    return (double)(-0.5L * logl((long double)df) - assay_log_beta(df / 2.0, 0.5) -
                    0.5L * ((long double)df + 1.0L) * tail);
}

double assay_t_pdf(double x, double df)
{
    return exp(assay_t_log_pdf(x, df));
}

double assay_t_sf(double x, double df)
{
    if (!t_domain(x, df)) {
        return NAN;
    }
    if (isinf(df)) {
        return assay_normal_sf(x);
    }
    double tail = isinf(x) ? 0.0 : 0.5 * t_two_tails(x, df);
    return x >= 0.0 ? tail : 1.0 - tail;
}

double assay_t_cdf(double x, double df)
{
    return assay_t_sf(-x, df);
}

double assay_t_log_sf(double x, double df)
{
    if (!t_domain(x, df)) {
        return NAN;
    }
    if (isinf(df)) {
        return assay_normal_log_sf(x);
    }
    if (isinf(x)) {
        return x > 0.0 ? -INFINITY : 0.0;
    }
    if (x < 0.0) {
        return log1p(-0.5 * t_two_tails(x, df));
    }
    double root = x / sqrt(df);
    return assay_beta_inc_ratio_log(df / 2.0, 0.5, 1.0, root * root) - log(2.0);
}

double assay_t_log_cdf(double x, double df)
{
    return assay_t_log_sf(-x, df);
}

double assay_t_quantile_upper(double q, double df)
{
    if (!(q >= 0.0 && q <= 1.0 && df > 0.0)) {
        return NAN;
    }
    if (isinf(df)) {
        return assay_normal_quantile_upper(q);
    }
    if (q > 0.5) {
        return -assay_t_quantile_upper(1.0 - q, df);
    }
    if (q == 0.0) {
        return INFINITY;
    }
    /* odds = x^2 / df of the central probability 1 - 2 q, or 1 / odds of the tails */
    if (q > 0.25) {
        return sqrt(df * assay_beta_inc_odds(0.5, df / 2.0, 1.0 - 2.0 * q));
    }
    return sqrt(df / assay_beta_inc_odds(df / 2.0, 0.5, 2.0 * q));
}

double assay_t_quantile(double p, double df)
{
    return -assay_t_quantile_upper(p, df);
}

/* ---- chi-square: P(df/2, x/2) */

double assay_chi_square_log_pdf(double x, double df)
{
    if (!(df > 0.0) || isinf(df) || isnan(x)) {
        return NAN;
    }
    if (x <= 0.0 || isinf(x)) {
        return x == 0.0 && df <= 2.0 ? (df == 2.0 ? log(0.5) : INFINITY) : -INFINITY;
    }
    /* the Poisson probability of df/2 at mean x/2, times 2 and df/2 over x/2 */
    long double half = 0.5L * (long double)df;
    return (double)(assay_poisson_log_term(df / 2.0, x / 2.0) + logl(half) - logl((long double)x));
}

double assay_chi_square_pdf(double x, double df)
{
    return exp(assay_chi_square_log_pdf(x, df));
}

double assay_chi_square_cdf(double x, double df)
{
    return x < 0.0 && df > 0.0 ? 0.0 : assay_gamma_inc(df / 2.0, x / 2.0);
}

double assay_chi_square_sf(double x, double df)
{
    return x < 0.0 && df > 0.0 ? 1.0 : assay_gamma_inc_upper(df / 2.0, x / 2.0);
}

double assay_chi_square_log_cdf(double x, double df)
{
    return x < 0.0 && df > 0.0 ? -INFINITY : assay_gamma_inc_log(df / 2.0, x / 2.0);
}

double assay_chi_square_log_sf(double x, double df)
{
    return x < 0.0 && df > 0.0 ? 0.0 : assay_gamma_inc_upper_log(df / 2.0, x / 2.0);
}

double assay_chi_square_quantile(double p, double df)
{
    return 2.0 * assay_gamma_inc_inverse(df / 2.0, p);
}

double assay_chi_square_quantile_upper(double q, double df)
{
    return 2.0 * assay_gamma_inc_upper_inverse(df / 2.0, q);
}

/* ---- F: I_{d1 x / (d1 x + d2)}(d1/2, d2/2) (Abramowitz and Stegun 26.6.2) */

static bool f_domain(double x, double df1, double df2)
{
    return df1 > 0.0 && df2 > 0.0 && !isnan(x) && isfinite(df1) && isfinite(df2);
}

double assay_f_log_pdf(double x, double df1, double df2)
{
    if (!f_domain(x, df1, df2)) {
        return NAN;
    }
    if (x <= 0.0 || isinf(x)) {
        return x == 0.0 && df1 <= 2.0 ? (df1 == 2.0 ? 0.0 : INFINITY) : -INFINITY;
    }
    /* a beta density in disguise; the binomial term has no cancellation for large df */
    long double u = (long double)df1 * x;
    long double p = u / (u + df2);
    long double q = (long double)df2 / (u + df2);
    long double scale = logl(0.5L * df1 * df2 / ((long double)df1 + df2)) - logl((long double)x);
    return (double)(assay_binomial_log_term(df1 / 2.0, df2 / 2.0, p, q) + scale);
}

double assay_f_pdf(double x, double df1, double df2)
{
    return exp(assay_f_log_pdf(x, df1, df2));
}

double assay_f_cdf(double x, double df1, double df2)
{
    if (!f_domain(x, df1, df2)) {
        return NAN;
    }
    return x <= 0.0 ? 0.0 : assay_beta_inc_ratio(df1 / 2.0, df2 / 2.0, x, df2 / df1);
}

double assay_f_sf(double x, double df1, double df2)
{
    if (!f_domain(x, df1, df2)) {
        return NAN;
    }
    return x <= 0.0 ? 1.0 : assay_beta_inc_ratio(df2 / 2.0, df1 / 2.0, df2 / df1, x);
}

double assay_f_log_cdf(double x, double df1, double df2)
{
    if (!f_domain(x, df1, df2)) {
        return NAN;
    }
    return x <= 0.0 ? -INFINITY : assay_beta_inc_ratio_log(df1 / 2.0, df2 / 2.0, x, df2 / df1);
}

double assay_f_log_sf(double x, double df1, double df2)
{
    if (!f_domain(x, df1, df2)) {
        return NAN;
    }
    return x <= 0.0 ? 0.0 : assay_beta_inc_ratio_log(df2 / 2.0, df1 / 2.0, df2 / df1, x);
}

double assay_f_quantile(double p, double df1, double df2)
{
    return df2 / df1 * assay_beta_inc_odds(df1 / 2.0, df2 / 2.0, p);
}

double assay_f_quantile_upper(double q, double df1, double df2)
{
    return df2 / df1 / assay_beta_inc_odds(df2 / 2.0, df1 / 2.0, q);
}
