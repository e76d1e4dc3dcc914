/**
 * @file deviance.h
 * Probabilities of counts as Stirling's formula times the exponential of a deviance, which keeps its
 * digits for counts of any size: C. Loader, "Fast and accurate computation of binomial
 * probabilities" (2000). Counts need not be whole, so that densities can use them too.
 */
#ifndef ASSAY_STATS_DEVIANCE_H
#define ASSAY_STATS_DEVIANCE_H

/** k ln(p) + m ln(q) + ln G(k + m + 1) - ln G(k + 1) - ln G(m + 1), for k, m >= 0 and
 *  p + q = 1: k successes and m failures. */
long double assay_binomial_log_term(double k, double m, long double p, long double q);

/** k ln(mean) - mean - ln G(k + 1), for k >= 0 and mean > 0. */
long double assay_poisson_log_term(double k, double mean);

#endif
