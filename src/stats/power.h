/**
 * @file power.h
 * Sample sizes of tests against a stated alternative from formulas of the normal approximation, and
 * the power of a number of data; sizes for claims, with exact rules, are in sample_size.h. alpha is
 * one-sided unless said otherwise; power = 1 - beta. Results above ASSAY_SIZE_MOST are ASSAY_ELIMIT.
 */
#ifndef ASSAY_STATS_POWER_H
#define ASSAY_STATS_POWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define ASSAY_SIZE_MOST INT64_C(1000000000000)

/** One proportion against p0 when the truth is p1, both in [0, 1]: [(z_a sqrt(p0 q0) + z_b
 *  sqrt(p1 q1)) / (p1 - p0)]^2. J. L. Fleiss, "Statistical methods for rates and proportions" (1981). */
ASSAY_NODISCARD assay_status assay_size_one_normal(int64_t *n, double p0, double p1, double alpha,
                                                   double power, assay_error *err);

/** Per arm, for two independent proportions, alpha two-sided: Fleiss (1981), 3.14; `corrected` with
 *  continuity correction (3.19). */
ASSAY_NODISCARD assay_status assay_size_two(int64_t *n, double p1, double p2, double alpha,
                                            double power, bool corrected, assay_error *err);
/** Normal power with n per arm, alpha two-sided, the far tail ignored, uncorrected. */
ASSAY_NODISCARD assay_status assay_power_two(double *power, int64_t n, double p1, double p2,
                                             double alpha, assay_error *err);

/** The same with both tails, and with p1 = p2 the error probability: an operating characteristic. */
ASSAY_NODISCARD assay_status assay_power_two_tails(double *power, int64_t n, double p1, double p2,
                                                   double alpha, assay_error *err);

/** Pairs for McNemar's test when p10 and p01 are the probabilities of the two flips, alpha two-sided:
 *  R. J. Connor, Biometrics 43 (1987). */
ASSAY_NODISCARD assay_status assay_size_mcnemar(int64_t *n, double p10, double p01, double alpha,
                                                double power, assay_error *err);
/** Normal power of that test with n pairs, both tails; with p10 = p01 the error probability. */
ASSAY_NODISCARD assay_status assay_power_mcnemar_normal(double *power, int64_t n, double p10,
                                                        double p01, double alpha, assay_error *err);
/** Exact unconditional power of the exact (or mid-P) two-sided McNemar test with n pairs, n at most
 *  100000; with p10 = p01 > 0 its actual error probability. */
ASSAY_NODISCARD assay_status assay_power_mcnemar(double *power, int64_t n, double p10, double p01,
                                                 double alpha, bool mid_p, assay_error *err);

/** Trials for an interval of two-sided level 1 - alpha no wider than +- half about p: Wald's formula
 *  z^2 p q / half^2, or (`wilson`) the score interval's actual width. */
ASSAY_NODISCARD assay_status assay_size_width(int64_t *n, double p, double half, double alpha,
                                              bool wilson, assay_error *err);

/** n times the design effect over the share of usable data, rounded up. deff >= 1, invalid in [0, 1). */
ASSAY_NODISCARD assay_status assay_size_inflate(int64_t *out, int64_t n, double deff,
                                                double invalid, assay_error *err);

#endif
