/**
 * @file claim.h
 * What evidence says about a claim on a proportion (planning.h): p-values that agree with the
 * verdict, and how further trials will probably end.
 */
#ifndef ASSAY_STATS_CLAIM_H
#define ASSAY_STATS_CLAIM_H

#include "stats/planning.h"

/**
 * One-sided p-values of the exact binomial test for x successes in n trials. *met is that of the
 * hypothesis that the claim is false: it is at most 1 - confidence exactly when assay_claim_decide
 * says met. *not_met is that of the hypothesis that the claim is true: it is below 1 - confidence
 * exactly when assay_claim_decide says not met. The confidence of the claim is not used.
 */
ASSAY_NODISCARD assay_status assay_claim_p_values(double *met, double *not_met, int64_t x,
                                                  int64_t n, const assay_proportion_claim *claim,
                                                  assay_error *err);

enum { ASSAY_PREDICT_MOST = 10000000 };

/**
 * The probability that the claim will be met (not met) when `more` further trials, at most
 * ASSAY_PREDICT_MOST, have been added to x successes in n. The success probability is integrated
 * over its posterior under Jeffreys' prior, so the further successes are beta-binomial with shapes
 * x + 1/2 and n - x + 1/2. n is at least 1.
 */
ASSAY_NODISCARD assay_status assay_claim_predict(double *met, double *not_met, int64_t x, int64_t n,
                                                 int64_t more, const assay_proportion_claim *claim,
                                                 assay_error *err);

#endif
