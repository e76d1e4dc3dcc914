/**
 * @file discrete.h
 * Poisson, negative binomial and hypergeometric. NaN outside the domain; quantiles are the smallest
 * k with P(X <= k) >= q, -1 outside the domain. `_sf` is P(X > k), accurate where it is tiny.
 */
#ifndef ASSAY_STATS_DISCRETE_H
#define ASSAY_STATS_DISCRETE_H

#include <stdint.h>

/** mean >= 0, finite. */
double assay_poisson_pmf(int64_t k, double mean);
double assay_poisson_log_pmf(int64_t k, double mean);
double assay_poisson_cdf(int64_t k, double mean);
double assay_poisson_sf(int64_t k, double mean);
double assay_poisson_log_cdf(int64_t k, double mean);
double assay_poisson_log_sf(int64_t k, double mean);
int64_t assay_poisson_quantile(double q, double mean);

/** k failures before the r-th success; r > 0 need not be whole, 0 < p <= 1. */
double assay_negative_binomial_pmf(int64_t k, double r, double p);
double assay_negative_binomial_log_pmf(int64_t k, double r, double p);
double assay_negative_binomial_cdf(int64_t k, double r, double p);
double assay_negative_binomial_sf(int64_t k, double r, double p);
double assay_negative_binomial_log_cdf(int64_t k, double r, double p);
double assay_negative_binomial_log_sf(int64_t k, double r, double p);
int64_t assay_negative_binomial_quantile(double q, double r, double p);

/** k marked ones in a sample of n without replacement from N of which K are marked. */
double assay_hypergeometric_pmf(int64_t k, int64_t N, int64_t K, int64_t n);
double assay_hypergeometric_log_pmf(int64_t k, int64_t N, int64_t K, int64_t n);
double assay_hypergeometric_cdf(int64_t k, int64_t N, int64_t K, int64_t n);
double assay_hypergeometric_sf(int64_t k, int64_t N, int64_t K, int64_t n);
double assay_hypergeometric_log_cdf(int64_t k, int64_t N, int64_t K, int64_t n);
double assay_hypergeometric_log_sf(int64_t k, int64_t N, int64_t K, int64_t n);
int64_t assay_hypergeometric_quantile(double q, int64_t N, int64_t K, int64_t n);

#endif
