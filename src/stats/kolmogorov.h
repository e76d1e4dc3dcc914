/**
 * @file kolmogorov.h
 * Kolmogorov's distribution, the limit of sqrt(n) D_n for the largest difference D_n between an
 * empirical and its true continuous distribution function. A. Kolmogorov, Giornale dell'Istituto
 * Italiano degli Attuari 4 (1933); both forms of its theta series in W. Feller, Annals of
 * Mathematical Statistics 19 (1948).
 */
#ifndef ASSAY_STATS_KOLMOGOROV_H
#define ASSAY_STATS_KOLMOGOROV_H

#include <stdint.h>

double assay_kolmogorov_pdf(double x);
double assay_kolmogorov_cdf(double x);
double assay_kolmogorov_sf(double x);
double assay_kolmogorov_log_cdf(double x);
double assay_kolmogorov_log_sf(double x);
/** x with P(X <= x) = p; x with P(X > x) = q. NaN outside [0, 1]. */
double assay_kolmogorov_quantile(double p);
double assay_kolmogorov_quantile_upper(double q);

/** The exact P(D+_n >= d) of the one-sided statistic for n values: Z. W. Birnbaum and F. H. Tingey,
 *  Annals of Mathematical Statistics 22 (1951). All terms are positive. n >= 1; O(n). */
double assay_smirnov_sf(double d, int64_t n);

#endif
