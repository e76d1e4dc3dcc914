/** @file distributions.h  The beta and the binomial distribution. NaN outside the domain. */
#ifndef ASSAY_STATS_DISTRIBUTIONS_H
#define ASSAY_STATS_DISTRIBUTIONS_H

#include <stdint.h>

double assay_beta_pdf(double x, double a, double b);
double assay_beta_log_pdf(double x, double a, double b);
/** P(X <= x) of the beta distribution with shapes a, b > 0. */
double assay_beta_cdf(double x, double a, double b);
/** P(X > x), accurate in the upper tail. */
double assay_beta_sf(double x, double a, double b);
double assay_beta_log_cdf(double x, double a, double b);
double assay_beta_log_sf(double x, double a, double b);
/** x with P(X <= x) = p. */
double assay_beta_quantile(double p, double a, double b);
/** x with P(X > x) = q, accurate for small q. */
double assay_beta_quantile_upper(double q, double a, double b);

/** P(X = k) for n trials of probability p; 0 for k outside 0..n. */
double assay_binomial_pmf(int64_t k, int64_t n, double p);
double assay_binomial_log_pmf(int64_t k, int64_t n, double p);
/** P(X <= k). */
double assay_binomial_cdf(int64_t k, int64_t n, double p);
/** P(X > k), accurate in the upper tail. */
double assay_binomial_sf(int64_t k, int64_t n, double p);
double assay_binomial_log_cdf(int64_t k, int64_t n, double p);
double assay_binomial_log_sf(int64_t k, int64_t n, double p);
/** The smallest k with P(X <= k) >= q; -1 outside the domain. */
int64_t assay_binomial_quantile(double q, int64_t n, double p);

#endif
