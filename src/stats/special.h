/**
 * @file special.h
 * Special functions, evaluated by Boost.Math behind this C face in long double and rounded once.
 * Outside its domain a function returns NaN; nothing is thrown, printed or stored in errno.
 * Logarithms stay finite far below the smallest double: to about exp(-11000) where long double has
 * a 15-bit exponent.
 */
#ifndef ASSAY_STATS_SPECIAL_H
#define ASSAY_STATS_SPECIAL_H

#ifdef __cplusplus
extern "C" {
#endif

/** Regularised incomplete beta function I_x(a, b); a, b > 0, 0 <= x <= 1 (DLMF 8.17). */
double assay_beta_inc(double a, double b, double x);
/** Its complement 1 - I_x(a, b), without cancellation. */
double assay_beta_inc_upper(double a, double b, double x);
/** x with I_x(a, b) = p. */
double assay_beta_inc_inverse(double a, double b, double p);
/** x with 1 - I_x(a, b) = q. */
double assay_beta_inc_upper_inverse(double a, double b, double q);
/** d/dx I_x(a, b): the density of the beta distribution. */
double assay_beta_density(double a, double b, double x);
/** ln I_x(a, b) and ln(1 - I_x(a, b)). */
double assay_beta_inc_log(double a, double b, double x);
double assay_beta_inc_upper_log(double a, double b, double x);

/** I_x(a, b) at x = u / (u + v) for u, v >= 0, not both 0: neither x nor 1 - x is rounded, which is
 *  what the tails of F and t need. */
double assay_beta_inc_ratio(double a, double b, double u, double v);
double assay_beta_inc_ratio_log(double a, double b, double u, double v);
/** The odds x / (1 - x) with I_x(a, b) = p; +inf at p = 1. */
double assay_beta_inc_odds(double a, double b, double p);

/** Regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P; a > 0, x >= 0 (DLMF 8.2). */
double assay_gamma_inc(double a, double x);
double assay_gamma_inc_upper(double a, double x);
double assay_gamma_inc_log(double a, double x);
double assay_gamma_inc_upper_log(double a, double x);
/** x with P(a, x) = p, and x with Q(a, x) = q. */
double assay_gamma_inc_inverse(double a, double p);
double assay_gamma_inc_upper_inverse(double a, double q);

/** ln of the gamma function, x > 0. */
double assay_log_gamma(double x);
/** ln B(a, b) for a, b > 0, without the cancellation of three ln gamma. */
double assay_log_beta(double a, double b);
/** ln(n! e^n / (n^n sqrt(2 pi n))), the error of Stirling's formula, n > 0 (DLMF 5.11.1). */
long double assay_stirling_error(double n);

#ifdef __cplusplus
}
#endif

#endif
