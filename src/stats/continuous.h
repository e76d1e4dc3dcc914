/**
 * @file continuous.h
 * Student's t, chi-square and F. df are degrees of freedom > 0 and need not be whole; infinite df of
 * t is the normal distribution. NaN outside the domain. A `_sf` or `_upper` function keeps its
 * relative accuracy where the probability is tiny.
 */
#ifndef ASSAY_STATS_CONTINUOUS_H
#define ASSAY_STATS_CONTINUOUS_H

double assay_t_pdf(double x, double df);
double assay_t_log_pdf(double x, double df);
double assay_t_cdf(double x, double df);
double assay_t_sf(double x, double df);
double assay_t_log_cdf(double x, double df);
double assay_t_log_sf(double x, double df);
double assay_t_quantile(double p, double df);
double assay_t_quantile_upper(double q, double df);

double assay_chi_square_pdf(double x, double df);
double assay_chi_square_log_pdf(double x, double df);
double assay_chi_square_cdf(double x, double df);
double assay_chi_square_sf(double x, double df);
double assay_chi_square_log_cdf(double x, double df);
double assay_chi_square_log_sf(double x, double df);
double assay_chi_square_quantile(double p, double df);
double assay_chi_square_quantile_upper(double q, double df);

double assay_f_pdf(double x, double df1, double df2);
double assay_f_log_pdf(double x, double df1, double df2);
double assay_f_cdf(double x, double df1, double df2);
double assay_f_sf(double x, double df1, double df2);
double assay_f_log_cdf(double x, double df1, double df2);
double assay_f_log_sf(double x, double df1, double df2);
double assay_f_quantile(double p, double df1, double df2);
double assay_f_quantile_upper(double q, double df1, double df2);

#endif
