/**
 * @file brownian.h
 * Functionals of standard Brownian motion B on [0, 1], the limits of cumulative sums of differences.
 * Both keep their relative accuracy where the probability is tiny. NaN for NaN.
 */
#ifndef ASSAY_STATS_BROWNIAN_H
#define ASSAY_STATS_BROWNIAN_H

/** P(max |B| > x): W. Feller, "An introduction to probability theory and its applications", vol. 2, 2nd
 *  ed. (1971), X.5; the limit of the Kolmogorov-Smirnov statistic of calibration. */
double assay_brownian_maximum_sf(double x);

/** P(max B - min B > x): W. Feller, Annals of Mathematical Statistics 22 (1951); the limit of Kuiper's
 *  statistic of calibration. */
double assay_brownian_range_sf(double x);

#endif
