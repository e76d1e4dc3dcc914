/**
 * @file sprt.h
 * Wald's sequential probability ratio test of a success probability: p = p0 against p = p1. A. Wald,
 * "Sequential analysis" (1947).
 */
#ifndef ASSAY_STATS_SPRT_H
#define ASSAY_STATS_SPRT_H

#include <stdint.h>

#include "base/error.h"

typedef struct assay_sprt {
    double p0, p1;      /* different, both in (0, 1) */
    double alpha, beta; /* P(accept p1 | p0), P(accept p0 | p1); in (0, 0.5) */
} assay_sprt;

typedef struct assay_sprt_state {
    double log_ratio; /* ln of the likelihood of p1 over that of p0 */
    double upper;     /* ln((1 - beta) / alpha): at or above it p1 is accepted */
    double lower;     /* ln(beta / (1 - alpha)): at or below it p0 is accepted */
    int decision;     /* 1: p1, -1: p0, 0: go on */
} assay_sprt_state;

/** After x successes in n trials; only the totals matter. */
ASSAY_NODISCARD assay_status assay_sprt_decide(assay_sprt_state *out, const assay_sprt *test,
                                               int64_t x, int64_t n, assay_error *err);

/** Wald's approximations for the true probability p in (0, 1): the probability of accepting p0 (the
 *  operating characteristic) and the expected number of trials, both without the overshoot. */
ASSAY_NODISCARD assay_status assay_sprt_expect(double *accept_p0, double *trials,
                                               const assay_sprt *test, double p, assay_error *err);

#endif
