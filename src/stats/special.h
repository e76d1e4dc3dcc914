/**
 * @file special.h
 * Special functions, evaluated by Boost.Math behind this C face. Outside its domain a function
 * returns NaN; nothing is thrown, printed or stored in errno.
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

#ifdef __cplusplus
}
#endif

#endif
