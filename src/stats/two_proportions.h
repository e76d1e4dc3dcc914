/**
 * @file two_proportions.h
 * x1 of n1 and x2 of n2 independent trials; the difference is x1/n1 - x2/n2. For two models on the
 * same data see paired.h.
 */
#ifndef ASSAY_STATS_TWO_PROPORTIONS_H
#define ASSAY_STATS_TWO_PROPORTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef struct assay_two_counts {
    int64_t x1, n1, x2, n2;
} assay_two_counts;

/** ASSAY_EINVAL unless 0 <= x <= n and n >= 1 for both. */
ASSAY_NODISCARD assay_status assay_two_counts_check(const assay_two_counts *counts,
                                                    assay_error *err);

/** Hybrid of two Wilson intervals: R. G. Newcombe, "Interval estimation for the difference between
 *  independent proportions", Statistics in Medicine 17 (1998), method 10. */
ASSAY_NODISCARD assay_status assay_newcombe(double *low, double *high,
                                            const assay_two_counts *counts, double alpha_low,
                                            double alpha_high, assay_error *err);

/** Score interval: C. Farrington and G. Manning, Statistics in Medicine 9 (1990); `factor` multiplies
 *  the variance by N / (N - 1) as O. Miettinen and M. Nurminen, Statistics in Medicine 4 (1985). With
 *  x1, n1, x2, n2 and the difference d under test, the constrained share of the second sample is the root of
 *  N q^3 + ((n1 + 2 n2) d - N - x1 - x2) q^2 + ((n2 d - N - 2 x2) d + x1 + x2) q + x2 d (1 - d). statsmodels
 *  0.15 (confint_proportions_2indep, method "score", with `correction` as `factor` here) has x2 d in the place
 *  of n2 d, so that its shares are not the likeliest ones and its ends differ: for 45/50 and 38/60 0.1087 and
 *  0.4245 in the place of 0.1115 and 0.4114. With n2 d it agrees in all digits. */
ASSAY_NODISCARD assay_status assay_score_difference(double *low, double *high,
                                                    const assay_two_counts *counts, bool factor,
                                                    double alpha_low, double alpha_high,
                                                    assay_error *err);

/** The score statistic for the hypothesis that the difference is delta, in (-1, 1); at delta = 0 and
 *  without factor this is the z test with pooled variance. */
ASSAY_NODISCARD assay_status assay_score_difference_z(double *z, const assay_two_counts *counts,
                                                      double delta, bool factor, assay_error *err);

/** Score interval of the ratio (x1/n1) / (x2/n2): O. Miettinen and M. Nurminen, Statistics in Medicine 4
 *  (1985); without factor P. A. R. Koopman, Biometrics 40 (1984). low is 0 for x1 = 0, high is
 *  infinite for x2 = 0. */
ASSAY_NODISCARD assay_status assay_score_ratio(double *low, double *high,
                                               const assay_two_counts *counts, bool factor,
                                               double alpha_low, double alpha_high,
                                               assay_error *err);

typedef struct assay_two_p {
    double greater; /* against p1 <= p2 */
    double less;
    double two_sided;
} assay_two_p;

/** R. A. Fisher's exact test, conditional on the margins; two-sided by adding the tables that are at
 *  most as probable. */
ASSAY_NODISCARD assay_status assay_fisher(assay_two_p *out, const assay_two_counts *counts,
                                          assay_error *err);

/** R. D. Boschloo, Statistica Neerlandica 24 (1970): Fisher's p-value as the statistic of an
 *  unconditional test, maximised over the common probability; never less powerful than Fisher's.
 *  Two-sided = twice the smaller. n1 + n2 <= ASSAY_BOSCHLOO_MOST. */
enum { ASSAY_BOSCHLOO_MOST = 4000 };
ASSAY_NODISCARD assay_status assay_boschloo(assay_two_p *out, const assay_two_counts *counts,
                                            assay_error *err);

/** A. Agresti, B. Caffo, The American Statistician 54 (2000): normal after a success and a failure are added
 *  to each sample; cut off at -1 and 1. */
ASSAY_NODISCARD assay_status assay_agresti_caffo(double *low, double *high,
                                                 const assay_two_counts *counts, double alpha_low,
                                                 double alpha_high, assay_error *err);

/** Fisher's test with half the probability of the table that was seen: H. O. Lancaster, JASA 56 (1961);
 *  M. Fagerland, S. Lydersen, P. Laake, "Statistical analysis of contingency tables" (2017), 4.4.3. Near its
 *  level on average, not exact. */
ASSAY_NODISCARD assay_status assay_fisher_mid(assay_two_p *out, const assay_two_counts *counts,
                                              assay_error *err);

enum { ASSAY_ODDS_TABLES = 200000 };

typedef struct assay_odds_ratio {
    double
        sample; /* of the odds of the first to those of the second; infinite for x/0, NaN for 0/0 */
    double
        conditional; /* the value that makes the table likeliest given its margins (R's fisher.test) */
    double low, high;
    int exact; /* 1: J. Cornfield's exact interval given the margins, the same for which Fisher's tests of one
                  side do not refuse; 0: B. Woolf's, for over ASSAY_ODDS_TABLES possible tables */
} assay_odds_ratio;

ASSAY_NODISCARD assay_status assay_odds_ratio_find(assay_odds_ratio *out,
                                                   const assay_two_counts *counts, double alpha_low,
                                                   double alpha_high, assay_error *err);

#endif
