/** @file normal.h  The standard normal distribution, accurate in both tails. */
#ifndef ASSAY_STATS_NORMAL_H
#define ASSAY_STATS_NORMAL_H

double assay_normal_pdf(double x);
double assay_normal_log_pdf(double x);
/** P(X <= x). */
double assay_normal_cdf(double x);
/** P(X > x). */
double assay_normal_sf(double x);
/** ln P(X <= x), finite for every finite x. */
double assay_normal_log_cdf(double x);
double assay_normal_log_sf(double x);
/** x with P(X <= x) = p; NaN outside [0, 1]. */
double assay_normal_quantile(double p);
/** x with P(X > x) = q, accurate for small q. */
double assay_normal_quantile_upper(double q);

#endif
