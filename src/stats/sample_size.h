/**
 * @file sample_size.h
 * How many data a question takes, and how probably a number of data answers it. alpha is one-sided
 * unless said otherwise; power = 1 - beta. Results above ASSAY_SIZE_MOST are ASSAY_ELIMIT.
 */
#ifndef ASSAY_STATS_SAMPLE_SIZE_H
#define ASSAY_STATS_SAMPLE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "stats/planning.h"

#define ASSAY_SIZE_MOST INT64_C(1000000000000)

/** One proportion against p0 when the truth is p1, normal approximation: [(z_a sqrt(p0 q0) + z_b
 *  sqrt(p1 q1)) / (p1 - p0)]^2. J. L. Fleiss, "Statistical methods for rates and proportions" (1981). */
ASSAY_NODISCARD assay_status assay_size_one_normal(int64_t *n, double p0, double p1, double alpha,
                                                   double power, assay_error *err);

typedef struct assay_size_exact {
    int64_t first;    /* the smallest n that has the power */
    int64_t n;        /* the smallest n from which on every larger n has it: the power of an exact
                         test goes up and down like a saw with n */
    int64_t critical; /* at n: reject for at least (p1 > p0) or at most so many successes */
    double power;     /* at n */
    double size;      /* at n: the actual error probability, at most alpha */
} assay_size_exact;

/** The same for the exact binomial test: M. R. Chernick and C. Y. Liu, The American Statistician 56
 *  (2002). ASSAY_ELIMIT when the normal approximation is above 200000. */
ASSAY_NODISCARD assay_status assay_size_one_exact(assay_size_exact *out, double p0, double p1,
                                                  double alpha, double power, assay_error *err);

/** Power of the exact one-sided binomial test with n trials, and its critical number (-1 or n + 1:
 *  no outcome rejects). */
ASSAY_NODISCARD assay_status assay_power_one_exact(double *power, int64_t *critical, int64_t n,
                                                   double p0, double p1, double alpha,
                                                   assay_error *err);

/** Per arm, for two independent proportions, alpha two-sided: Fleiss (1981), 3.14; `corrected` with
 *  continuity correction (3.19). */
ASSAY_NODISCARD assay_status assay_size_two(int64_t *n, double p1, double p2, double alpha,
                                            double power, bool corrected, assay_error *err);
/** Normal power with n per arm, alpha two-sided, the far tail ignored, uncorrected. */
ASSAY_NODISCARD assay_status assay_power_two(double *power, int64_t n, double p1, double p2,
                                             double alpha, assay_error *err);

/** Pairs for McNemar's test when p10 and p01 are the probabilities of the two flips, alpha two-sided:
 *  R. J. Connor, Biometrics 43 (1987). */
ASSAY_NODISCARD assay_status assay_size_mcnemar(int64_t *n, double p10, double p01, double alpha,
                                                double power, assay_error *err);
/** Exact unconditional power of the exact (or mid-P) two-sided McNemar test with n pairs, n at most
 *  100000. */
ASSAY_NODISCARD assay_status assay_power_mcnemar(double *power, int64_t n, double p10, double p01,
                                                 double alpha, bool mid_p, assay_error *err);

/** Fewest trials that demonstrate a success probability of at least `limit` at `confidence` with at
 *  most `failures` failures: sum_{k <= f} C(n, k) (1 - limit)^k limit^(n-k) <= 1 - confidence. The
 *  frequentist convention; the Bayesian one with a uniform prior takes one trial less. */
ASSAY_NODISCARD assay_status assay_size_demonstration(int64_t *n, double limit, double confidence,
                                                      int64_t failures, assay_error *err);

/** The same for a pool of N data of which fewer than `bad` may be failures: the fewest to draw so
 *  that, if there were `bad`, more than `failures` of them would be seen with probability
 *  `confidence`. N when nothing but all of them will do. */
ASSAY_NODISCARD assay_status assay_size_pool(int64_t *n, int64_t N, int64_t bad, double confidence,
                                             int64_t failures, assay_error *err);

/** Trials for an interval of two-sided level 1 - alpha no wider than +- half about p: Wald's formula
 *  z^2 p q / half^2, or (`wilson`) the score interval's actual width. */
ASSAY_NODISCARD assay_status assay_size_precision(int64_t *n, double p, double half, double alpha,
                                                  bool wilson, assay_error *err);

/** n for an infinite population to n for one of N: n / (1 + (n - 1) / N), rounded up (Cochran 1977). */
ASSAY_NODISCARD assay_status assay_size_finite(int64_t *out, int64_t n, int64_t N,
                                               assay_error *err);

/** n times the design effect over the share of usable data, rounded up. deff >= 1, invalid in [0, 1). */
ASSAY_NODISCARD assay_status assay_size_inflate(int64_t *out, int64_t n, double deff,
                                                double invalid, assay_error *err);

/** Operating characteristic: power[i] = probability that n trials end in "met" when the truth is
 *  p[i]. */
ASSAY_NODISCARD assay_status assay_oc_curve(double *power, const double *p, int64_t count,
                                            int64_t n, const assay_proportion_claim *claim,
                                            assay_error *err);

#endif
