#include "stats/discrete.h"

#include <math.h>
#include <stdbool.h>

#include "stats/deviance.h"
#include "stats/special.h"

static const int64_t largest = INT64_C(1) << 53;

/* A distribution of counts for the search of quantiles. */
typedef struct law {
    double (*cdf)(const struct law *, int64_t k);
    double (*sf)(const struct law *, int64_t k);
    double real[2];
    int64_t whole[3];
} law;

/* The tail that is small is the one that is compared, so that q near 1 keeps its meaning. */
static bool reached(const law *l, int64_t k, double q)
{
    return q <= 0.5 ? l->cdf(l, k) >= q : l->sf(l, k) <= 1.0 - q;
}

/* Smallest k in [least, most] that reaches q; most when none does. */
static int64_t search(const law *l, double q, int64_t least, int64_t most)
{
    int64_t low = least - 1;
    int64_t high = least;
    int64_t step = 1;
    while (high < most && !reached(l, high, q)) {
        low = high;
        high = step < most - high ? high + step : most;
        step *= 2;
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (reached(l, middle, q)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}

static bool probability(double q)
{
    return q >= 0.0 && q <= 1.0;
}

/* ---- Poisson: P(X <= k) = Q(k + 1, mean) (DLMF 8.17) */

static bool poisson_domain(double mean)
{
    return mean >= 0.0 && isfinite(mean);
}

double assay_poisson_log_pmf(int64_t k, double mean)
{
    if (!poisson_domain(mean)) {
        return NAN;
    }
    if (k < 0 || mean == 0.0) {
        return k == 0 ? 0.0 : -INFINITY;
    }
    return (double)assay_poisson_log_term((double)k, mean);
}

double assay_poisson_pmf(int64_t k, double mean)
{
    if (!poisson_domain(mean) || k < 0 || mean == 0.0) {
        return exp(assay_poisson_log_pmf(k, mean));
    }
    return (double)expl(assay_poisson_log_term((double)k, mean));
}

double assay_poisson_cdf(int64_t k, double mean)
{
    return poisson_domain(mean) && k < 0 ? 0.0 : assay_gamma_inc_upper((double)k + 1.0, mean);
}

double assay_poisson_sf(int64_t k, double mean)
{
    return poisson_domain(mean) && k < 0 ? 1.0 : assay_gamma_inc((double)k + 1.0, mean);
}

double assay_poisson_log_cdf(int64_t k, double mean)
{
    return poisson_domain(mean) && k < 0 ? -INFINITY
                                         : assay_gamma_inc_upper_log((double)k + 1.0, mean);
}

double assay_poisson_log_sf(int64_t k, double mean)
{
    return poisson_domain(mean) && k < 0 ? 0.0 : assay_gamma_inc_log((double)k + 1.0, mean);
}

static double poisson_law_cdf(const law *l, int64_t k)
{
    return assay_poisson_cdf(k, l->real[0]);
}

static double poisson_law_sf(const law *l, int64_t k)
{
    return assay_poisson_sf(k, l->real[0]);
}

int64_t assay_poisson_quantile(double q, double mean)
{
    if (!poisson_domain(mean) || !(q >= 0.0 && q < 1.0)) {
        return -1;
    }
    law l = {.cdf = poisson_law_cdf, .sf = poisson_law_sf, .real = {mean, 0.0}};
    return search(&l, q, 0, largest);
}

/* ---- negative binomial: P(X <= k) = I_p(r, k + 1) */

static bool negative_domain(double r, double p)
{
    return r > 0.0 && isfinite(r) && p > 0.0 && p <= 1.0;
}

double assay_negative_binomial_log_pmf(int64_t k, double r, double p)
{
    if (!negative_domain(r, p)) {
        return NAN;
    }
    if (k < 0 || (p == 1.0 && k > 0)) {
        return -INFINITY;
    }
    /* r / (r + k) times the probability of r successes in r + k trials */
    long double share = (long double)r / ((long double)r + (long double)k);
    return (double)(assay_binomial_log_term(r, (double)k, p, 1.0L - p) + logl(share));
}

double assay_negative_binomial_pmf(int64_t k, double r, double p)
{
    return exp(assay_negative_binomial_log_pmf(k, r, p));
}

double assay_negative_binomial_cdf(int64_t k, double r, double p)
{
    if (!negative_domain(r, p)) {
        return NAN;
    }
    return k < 0 ? 0.0 : assay_beta_inc(r, (double)k + 1.0, p);
}

double assay_negative_binomial_sf(int64_t k, double r, double p)
{
    if (!negative_domain(r, p)) {
        return NAN;
    }
    return k < 0 ? 1.0 : assay_beta_inc_upper(r, (double)k + 1.0, p);
}

double assay_negative_binomial_log_cdf(int64_t k, double r, double p)
{
    if (!negative_domain(r, p)) {
        return NAN;
    }
    return k < 0 ? -INFINITY : assay_beta_inc_log(r, (double)k + 1.0, p);
}

double assay_negative_binomial_log_sf(int64_t k, double r, double p)
{
    if (!negative_domain(r, p)) {
        return NAN;
    }
    return k < 0 ? 0.0 : assay_beta_inc_upper_log(r, (double)k + 1.0, p);
}

static double negative_law_cdf(const law *l, int64_t k)
{
    return assay_negative_binomial_cdf(k, l->real[0], l->real[1]);
}

static double negative_law_sf(const law *l, int64_t k)
{
    return assay_negative_binomial_sf(k, l->real[0], l->real[1]);
}

int64_t assay_negative_binomial_quantile(double q, double r, double p)
{
    if (!negative_domain(r, p) || !(q >= 0.0 && (q < 1.0 || (q == 1.0 && p == 1.0)))) {
        return -1;
    }
    law l = {.cdf = negative_law_cdf, .sf = negative_law_sf, .real = {r, p}};
    return search(&l, q, 0, largest);
}

/* ---- hypergeometric */

static bool hyper_domain(int64_t N, int64_t K, int64_t n)
{
    return N >= 0 && N <= largest && K >= 0 && K <= N && n >= 0 && n <= N;
}

static int64_t hyper_least(int64_t N, int64_t K, int64_t n)
{
    return n > N - K ? n - (N - K) : 0;
}

static int64_t hyper_most(int64_t K, int64_t n)
{
    return n < K ? n : K;
}

/* C(K, k) C(N-K, n-k) / C(N, n) as three binomial probabilities at p = n / N (Loader 2000). */
static long double hyper_log_term(int64_t k, int64_t N, int64_t K, int64_t n)
{
    long double p = N > 0 ? (long double)n / (long double)N : 0.0L;
    long double q = N > 0 ? (long double)(N - n) / (long double)N : 1.0L;
    return assay_binomial_log_term((double)k, (double)(K - k), p, q) +
           assay_binomial_log_term((double)(n - k), (double)(N - K - (n - k)), p, q) -
           assay_binomial_log_term((double)n, (double)(N - n), p, q);
}

double assay_hypergeometric_log_pmf(int64_t k, int64_t N, int64_t K, int64_t n)
{
    if (!hyper_domain(N, K, n)) {
        return NAN;
    }
    if (k < hyper_least(N, K, n) || k > hyper_most(K, n)) {
        return -INFINITY;
    }
    return (double)hyper_log_term(k, N, K, n);
}

double assay_hypergeometric_pmf(int64_t k, int64_t N, int64_t K, int64_t n)
{
    if (!hyper_domain(N, K, n) || k < hyper_least(N, K, n) || k > hyper_most(K, n)) {
        return exp(assay_hypergeometric_log_pmf(k, N, K, n));
    }
    return (double)expl(hyper_log_term(k, N, K, n));
}

/* P(X <= k) / P(X = k), summed away from the mode until nothing is added. */
static long double hyper_lower_ratio(int64_t k, int64_t N, int64_t K, int64_t n)
{
    long double sum = 1.0L;
    long double term = 1.0L;
    for (int64_t i = k; i > hyper_least(N, K, n); i--) {
        term *= (long double)i * (long double)(N - K - n + i) /
                ((long double)(K - i + 1) * (long double)(n - i + 1));
        if (sum + term == sum) {
            break;
        }
        sum += term;
    }
    return sum;
}

/* P(X >= k) / P(X = k) */
static long double hyper_upper_ratio(int64_t k, int64_t N, int64_t K, int64_t n)
{
    long double sum = 1.0L;
    long double term = 1.0L;
    for (int64_t i = k; i < hyper_most(K, n); i++) {
        term *= (long double)(K - i) * (long double)(n - i) /
                ((long double)(i + 1) * (long double)(N - K - n + i + 1));
        if (sum + term == sum) {
            break;
        }
        sum += term;
    }
    return sum;
}

/* ln of the two tails P(X <= k) and P(X > k); the one on k's side of the mean is summed. */
static void hyper_log_tails(long double *lower, long double *upper, int64_t k, int64_t N, int64_t K,
                            int64_t n)
{
    if (k < hyper_least(N, K, n) || k >= hyper_most(K, n)) {
        bool before = k < hyper_least(N, K, n);
        *lower = before ? -INFINITY : 0.0L;
        *upper = before ? 0.0L : -INFINITY;
        return;
    }
    long double mean = (long double)n * (long double)K / (long double)N;
    if ((long double)k <= mean) {
        *lower = hyper_log_term(k, N, K, n) + logl(hyper_lower_ratio(k, N, K, n));
        *upper = log1pl(-expl(*lower));
    } else {
        *upper = hyper_log_term(k + 1, N, K, n) + logl(hyper_upper_ratio(k + 1, N, K, n));
        *lower = log1pl(-expl(*upper));
    }
}

double assay_hypergeometric_log_cdf(int64_t k, int64_t N, int64_t K, int64_t n)
{
    if (!hyper_domain(N, K, n)) {
        return NAN;
    }
    long double lower = 0.0L, upper = 0.0L;
    hyper_log_tails(&lower, &upper, k, N, K, n);
    return (double)lower;
}

double assay_hypergeometric_log_sf(int64_t k, int64_t N, int64_t K, int64_t n)
{
    if (!hyper_domain(N, K, n)) {
        return NAN;
    }
    long double lower = 0.0L, upper = 0.0L;
    hyper_log_tails(&lower, &upper, k, N, K, n);
    return (double)upper;
}

double assay_hypergeometric_cdf(int64_t k, int64_t N, int64_t K, int64_t n)
{
    if (!hyper_domain(N, K, n)) {
        return NAN;
    }
    long double lower = 0.0L, upper = 0.0L;
    hyper_log_tails(&lower, &upper, k, N, K, n);
    return (double)expl(lower);
}

double assay_hypergeometric_sf(int64_t k, int64_t N, int64_t K, int64_t n)
{
    if (!hyper_domain(N, K, n)) {
        return NAN;
    }
    long double lower = 0.0L, upper = 0.0L;
    hyper_log_tails(&lower, &upper, k, N, K, n);
    return (double)expl(upper);
}

static double hyper_law_cdf(const law *l, int64_t k)
{
    return assay_hypergeometric_cdf(k, l->whole[0], l->whole[1], l->whole[2]);
}

static double hyper_law_sf(const law *l, int64_t k)
{
    return assay_hypergeometric_sf(k, l->whole[0], l->whole[1], l->whole[2]);
}

int64_t assay_hypergeometric_quantile(double q, int64_t N, int64_t K, int64_t n)
{
    if (!hyper_domain(N, K, n) || !probability(q)) {
        return -1;
    }
    law l = {.cdf = hyper_law_cdf, .sf = hyper_law_sf, .whole = {N, K, n}};
    return search(&l, q, hyper_least(N, K, n), hyper_most(K, n));
}
