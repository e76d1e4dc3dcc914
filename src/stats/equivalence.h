/**
 * @file equivalence.h
 * Is a difference small enough? Two one-sided tests (D. J. Schuirmann, Journal of Pharmacokinetics
 * and Biopharmaceutics 15 (1987)) against "difference <= -margin" and "difference >= margin".
 * Equivalent at alpha when `equivalent` <= alpha, which is when the interval of level 1 - 2 alpha
 * lies inside (-margin, margin).
 */
#ifndef ASSAY_STATS_EQUIVALENCE_H
#define ASSAY_STATS_EQUIVALENCE_H

#include "stats/two_proportions.h"

typedef struct assay_equivalence {
    double not_inferior; /* p-value against difference <= -margin */
    double not_superior; /* p-value against difference >= margin */
    double equivalent;   /* the larger of both */
} assay_equivalence;

/** From an estimate with a standard error and degrees of freedom (infinite: normal). */
ASSAY_NODISCARD assay_status assay_equivalence_estimate(assay_equivalence *out, double difference,
                                                        double se, double df, double margin,
                                                        assay_error *err);

/** Independent proportions by Farrington and Manning's score statistic; margin in (0, 1). */
ASSAY_NODISCARD assay_status assay_equivalence_proportions(assay_equivalence *out,
                                                           const assay_two_counts *counts,
                                                           double margin, assay_error *err);

/** Paired proportions (b, c, n as in paired.h) by Tango's score statistic; margin in (0, 1). */
ASSAY_NODISCARD assay_status assay_equivalence_paired(assay_equivalence *out, int64_t b, int64_t c,
                                                      int64_t n, double margin, assay_error *err);

#endif
