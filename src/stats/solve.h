/** @file solve.h  The place where a monotone function crosses zero. */
#ifndef ASSAY_STATS_SOLVE_H
#define ASSAY_STATS_SOLVE_H

/** The largest x in [low, high] that was seen with f(x) <= 0, for a function that increases (or,
 *  negated, decreases) from f(low) <= 0: bisection over the representable numbers, so at most 64
 *  evaluations and neighbouring doubles at the end, whatever the scale. f(high) <= 0 gives high.
 *  NaN counts as > 0. */
double assay_solve_increasing(double (*f)(double x, const void *context), const void *context,
                              double low, double high);

#endif
