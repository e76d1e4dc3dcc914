/**
 * @file paired.h
 * Two models judged right or wrong on the same n data. b = first right and second wrong, c = first
 * wrong and second right; the other n - b - c agree. The difference is (b - c) / n.
 */
#ifndef ASSAY_STATS_PAIRED_H
#define ASSAY_STATS_PAIRED_H

#include <stdint.h>

#include "base/error.h"

/** P-values of no difference: Q. McNemar, Psychometrika 12 (1947); mid-P recommended by M. W.
 *  Fagerland et al., BMC Medical Research Methodology 13:91 (2013). All are 1 for b + c = 0. */
typedef struct assay_mcnemar {
    double exact;         /* two-sided, binomial */
    double mid_p;         /* two-sided: P(X = min) taken off once */
    double first_better;  /* exact, against "the first is not better": P(X >= b) */
    double second_better; /* P(X >= c) */
    double chi_square;    /* (b - c)^2 / (b + c), 1 degree of freedom */
    double chi_square_p;  /* its p-value */
    double corrected;     /* (max(0, |b - c| - 1))^2 / (b + c), Edwards (1948) */
    double corrected_p;   /* its p-value */
} assay_mcnemar;

ASSAY_NODISCARD assay_status assay_mcnemar_test(assay_mcnemar *out, int64_t b, int64_t c,
                                                assay_error *err);

/** Score interval of the difference (b - c) / n: T. Tango, Statistics in Medicine 17 (1998). alpha as
 *  in intervals.h; an end with alpha 0 is -1 or 1. n = 0 gives [-1, 1]. */
ASSAY_NODISCARD assay_status assay_tango(double *low, double *high, int64_t b, int64_t c, int64_t n,
                                         double alpha_low, double alpha_high, assay_error *err);

/** The same for counts that are no whole numbers: of rows with weights, which are worth n independent ones. */
ASSAY_NODISCARD assay_status assay_tango_real(double *low, double *high, double b, double c,
                                              double n, double alpha_low, double alpha_high,
                                              assay_error *err);

/** Tango's statistic for the hypothesis that the difference is `delta`, in (-1, 1): standard normal,
 *  positive when the data are above. 0 when the data are as the hypothesis says without variance. */
ASSAY_NODISCARD assay_status assay_tango_z(double *z, int64_t b, int64_t c, int64_t n, double delta,
                                           assay_error *err);

#endif
