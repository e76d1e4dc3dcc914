#include "stats/bayes.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

#include "base/reduce.h"
#include "stats/bootstrap.h"
#include "stats/check.h"
#include "stats/continuous.h"
#include "stats/distributions.h"
#include "stats/integrate.h"
#include "stats/special.h"

static const double accuracy = 1e-11;

static assay_status check_rope(double rope, assay_error *err)
{
    if (!(rope >= 0.0) || isinf(rope)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "region of practical equivalence: %g must be 0 or above", rope);
    }
    return ASSAY_OK;
}

static double unit(double p)
{
    return fmin(1.0, fmax(0.0, p));
}

static void finish(assay_rope *out, double below, double above)
{
    out->below = unit(below);
    out->above = unit(above);
    out->inside = unit(1.0 - out->below - out->above);
}

assay_status assay_bayes_correlated_t(assay_rope *out, const double *differences, int64_t n,
                                      double rho, double rope, assay_error *err)
{
    *out = (assay_rope){NAN, NAN, NAN};
    double spread = 0.0;
    ASSAY_TRY(check_rope(rope, err));
    ASSAY_TRY(assay_bootstrap_se(&spread, differences, n, err));
    if (!(rho >= 0.0 && rho < 1.0)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "correlated t test: a correlation of %g is not in [0, 1)", rho);
    }
    double mean = assay_sum_pairwise(differences, n) / (double)n;
    double scale = spread * sqrt(1.0 / (double)n + rho / (1.0 - rho));
    if (!(scale > 0.0)) {
        finish(out, mean < -rope ? 1.0 : 0.0, mean > rope ? 1.0 : 0.0);
        return ASSAY_OK;
    }
    double df = (double)(n - 1);
    finish(out, assay_t_cdf((-rope - mean) / scale, df), assay_t_sf((rope - mean) / scale, df));
    return ASSAY_OK;
}

/* Two beta variables: `outer` is integrated over its probability scale. */
typedef struct two_betas {
    double outer[2], inner[2], shift;
} two_betas;

/* The flips' share of all data is S ~ Beta(inner), the first kind's share of the flips U ~
 * Beta(outer); the difference is S (2 U - 1). P(difference > shift | U at its quantile v). */
static double flips_above(double v, const void *context)
{
    const two_betas *t = context;
    double u = assay_beta_quantile(v, t->outer[0], t->outer[1]);
    double lean = 2.0 * u - 1.0;
    if (!(lean > t->shift)) {
        return 0.0;
    }
    return t->shift == 0.0 ? 1.0 : assay_beta_sf(t->shift / lean, t->inner[0], t->inner[1]);
}

assay_status assay_bayes_paired(assay_rope *out, int64_t b, int64_t c, int64_t n, double prior,
                                double rope, assay_error *err)
{
    *out = (assay_rope){NAN, NAN, NAN};
    ASSAY_TRY(check_rope(rope, err));
    ASSAY_TRY(assay_check_positive("paired comparison", "the prior", prior, err));
    if (b < 0 || c < 0 || n < b || n - b < c) {
        return assay_fail(err, ASSAY_EINVAL,
                          "paired comparison: %" PRId64 " and %" PRId64 " differing of %" PRId64
                          " data make no sense",
                          b, c, n);
    }
    double first = (double)b + prior;
    double second = (double)c + prior;
    double rest = (double)(n - b - c) + 2.0 * prior;
    two_betas up = {{first, second}, {first + second, rest}, rope};
    two_betas down = {{second, first}, {first + second, rest}, rope};
    if (rope == 0.0) {
        finish(out, assay_beta_cdf(0.5, first, second), assay_beta_sf(0.5, first, second));
        return ASSAY_OK;
    }
    /* nothing lies above while 2 u - 1 <= rope, and there the integrand has its kink */
    double from = assay_beta_cdf(fmin(1.0, 0.5 + 0.5 * rope), first, second);
    double back = assay_beta_cdf(fmin(1.0, 0.5 + 0.5 * rope), second, first);
    finish(out, assay_integrate(flips_above, &down, back, 1.0, accuracy),
           assay_integrate(flips_above, &up, from, 1.0, accuracy));
    return ASSAY_OK;
}

/* P(p1 > p2 + shift | p2 at its quantile v) */
static double first_above(double v, const void *context)
{
    const two_betas *t = context;
    double limit = assay_beta_quantile(v, t->outer[0], t->outer[1]) + t->shift;
    return limit >= 1.0 ? 0.0 : assay_beta_sf(fmax(0.0, limit), t->inner[0], t->inner[1]);
}

assay_status assay_bayes_two(assay_rope *out, int64_t x1, int64_t n1, int64_t x2, int64_t n2,
                             double prior, double rope, assay_error *err)
{
    *out = (assay_rope){NAN, NAN, NAN};
    ASSAY_TRY(check_rope(rope, err));
    ASSAY_TRY(assay_check_positive("two proportions", "the prior", prior, err));
    ASSAY_TRY(assay_check_counts("two proportions", x1, n1, err));
    ASSAY_TRY(assay_check_counts("two proportions", x2, n2, err));
    double one[2] = {(double)x1 + prior, (double)(n1 - x1) + prior};
    double two[2] = {(double)x2 + prior, (double)(n2 - x2) + prior};
    two_betas up = {{two[0], two[1]}, {one[0], one[1]}, rope};
    two_betas down = {{one[0], one[1]}, {two[0], two[1]}, rope};
    finish(out, assay_integrate(first_above, &down, 0.0, 1.0, accuracy),
           assay_integrate(first_above, &up, 0.0, 1.0, accuracy));
    return ASSAY_OK;
}

static bool predictive_domain(int64_t n, double a, double b)
{
    return n >= 0 && a > 0.0 && b > 0.0 && isfinite(a) && isfinite(b);
}

/* C(n, k) B(k + a, n - k + b) / B(a, b), with 1 / C(n, k) = (n + 1) B(k + 1, n - k + 1) */
double assay_beta_binomial_log_pmf(int64_t k, int64_t n, double a, double b)
{
    if (!predictive_domain(n, a, b)) {
        return NAN;
    }
    if (k < 0 || k > n) {
        return -INFINITY;
    }
    double yes = (double)k, no = (double)(n - k);
    return assay_log_beta(yes + a, no + b) - assay_log_beta(a, b) - log((double)n + 1.0) -
           assay_log_beta(yes + 1.0, no + 1.0);
}

double assay_beta_binomial_pmf(int64_t k, int64_t n, double a, double b)
{
    return exp(assay_beta_binomial_log_pmf(k, n, a, b));
}

/* Sum over first..last by the ratio of neighbours; all terms are positive, so that either tail keeps
 * its relative accuracy. */
static double sum_terms(int64_t first, int64_t last, int64_t n, double a, double b)
{
    assay_sum sum = {0};
    long double term = assay_beta_binomial_pmf(first, n, a, b);
    for (int64_t k = first; k <= last; k++) {
        assay_sum_add(&sum, (double)term);
        term *= ((long double)(n - k) * ((long double)k + a)) /
                ((long double)(k + 1) * ((long double)(n - k - 1) + b));
        if (k % 64 == 63) { /* a fresh start, also out of an underflow */
            term = assay_beta_binomial_pmf(k + 1, n, a, b);
        }
    }
    return assay_sum_value(&sum);
}

double assay_beta_binomial_cdf(int64_t k, int64_t n, double a, double b)
{
    if (!predictive_domain(n, a, b)) {
        return NAN;
    }
    if (k < 0 || k >= n) {
        return k < 0 ? 0.0 : 1.0;
    }
    return unit(sum_terms(0, k, n, a, b));
}

double assay_beta_binomial_sf(int64_t k, int64_t n, double a, double b)
{
    if (!predictive_domain(n, a, b)) {
        return NAN;
    }
    if (k < 0 || k >= n) {
        return k < 0 ? 1.0 : 0.0;
    }
    return unit(sum_terms(k + 1, n, n, a, b));
}
