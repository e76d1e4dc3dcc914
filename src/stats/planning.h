/**
 * @file planning.h
 * How many samples a verdict takes. The requirement is p >= limit or p <= limit for the success
 * probability p of independent trials; the rule is the one-sided Clopper-Pearson bound at the given
 * confidence: met when the bound on the safe side of p reaches the limit, not met when the bound on
 * the other side has passed it, open in between.
 */
#ifndef ASSAY_STATS_PLANNING_H
#define ASSAY_STATS_PLANNING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef struct assay_proportion_claim {
    double limit;      /* in [0, 1] */
    bool at_least;     /* true: p >= limit; false: p <= limit */
    double confidence; /* in [0.5, 1) */
} assay_proportion_claim;

/** 1 = met, -1 = not met, 0 = open, for x successes in n trials. */
ASSAY_NODISCARD assay_status assay_claim_decide(int *out, int64_t x, int64_t n,
                                                const assay_proportion_claim *claim,
                                                assay_error *err);

/** No number of further samples that is worth naming decides: the observed rate is (nearly) at the
 *  limit, or there are no observations. */
#define ASSAY_PLAN_NEVER INT64_C(-1)

/** The smallest number m of further trials after which the claim is decided (met or not met) if the
 *  observed rate x/n continues: x + m x/n successes, rounded against the decision. 0 when it is
 *  decided already; ASSAY_PLAN_NEVER when n = 0 or m would exceed 10^9. */
ASSAY_NODISCARD assay_status assay_claim_more(int64_t *more, int64_t x, int64_t n,
                                              const assay_proportion_claim *claim,
                                              assay_error *err);

/** The fewest trials with which the claim can be met at all, i.e. without a single failure (claim
 *  at least) or success (claim at most): n = ceil(ln(1 - confidence) / ln limit). ASSAY_PLAN_NEVER
 *  for a limit of 1 (0). */
ASSAY_NODISCARD assay_status assay_claim_fewest(int64_t *n, const assay_proportion_claim *claim,
                                                assay_error *err);

/** Probability that n trials of true success probability p end in "met" (the operating
 *  characteristic of the rule). */
ASSAY_NODISCARD assay_status assay_claim_power(double *out, double p, int64_t n,
                                               const assay_proportion_claim *claim,
                                               assay_error *err);

#endif
