/** @file integrate.h  A definite integral of a smooth function. */
#ifndef ASSAY_STATS_INTEGRATE_H
#define ASSAY_STATS_INTEGRATE_H

/** Adaptive Gauss-Kronrod rule (7 and 15 nodes: A. S. Kronrod (1964); R. Piessens et al., "QUADPACK"
 *  (1983)) on [from, to], halving until the two rules agree to `tolerance` (absolute, shared out by
 *  width) or 40 levels are reached. */
double assay_integrate(double (*f)(double x, const void *context), const void *context, double from,
                       double to, double tolerance);

#endif
