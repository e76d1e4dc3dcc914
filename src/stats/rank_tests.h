/** @file rank_tests.h  Tests of paired data by ranks and signs, for two and for more models. */
#ifndef ASSAY_STATS_RANK_TESTS_H
#define ASSAY_STATS_RANK_TESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/** Mid-ranks 1..n of n finite values, ascending. Returns sum (t^3 - t) over groups of t ties. */
ASSAY_NODISCARD assay_status assay_midranks(double *ranks, double *ties, const double *values,
                                            int64_t n, assay_error *err);

/** What Wilcoxon's test does with differences of 0 (the names are scipy's): leave them out
 *  (Wilcoxon 1945), rank them and then leave them out (Pratt 1959), or share their ranks. */
typedef enum assay_zeros { ASSAY_ZEROS_WILCOX, ASSAY_ZEROS_PRATT, ASSAY_ZEROS_SPLIT } assay_zeros;

typedef struct assay_wilcoxon_result {
    double plus; /* sum of the ranks of positive differences */
    double minus;
    double z;         /* of plus; NaN when exact */
    double two_sided; /* p-values */
    double greater;   /* against "not above 0" */
    double less;
    int64_t n; /* ranked differences */
    bool exact;
} assay_wilcoxon_result;

enum { ASSAY_WILCOXON_EXACT_MOST = 1000 };

/** Signed ranks of n differences: F. Wilcoxon, Biometrics Bulletin 1 (1945). exact: the permutation
 *  distribution of the ranks that there are, ties included, for at most ASSAY_WILCOXON_EXACT_MOST
 *  differences; else the normal approximation with tie correction, and with continuity correction
 *  when `correct`. Without a single non-zero difference all p-values are 1. */
ASSAY_NODISCARD assay_status assay_wilcoxon(assay_wilcoxon_result *out, const double *differences,
                                            int64_t n, assay_zeros zeros, bool exact, bool correct,
                                            assay_error *err);

typedef struct assay_friedman {
    double chi_square; /* with tie correction, k - 1 degrees of freedom */
    double p;
    double f; /* R. L. Iman and J. M. Davenport (1980): less conservative */
    double f_p;
    double kendall_w; /* concordance, 0..1 */
} assay_friedman;

/** values[i * k + j] of datum (dataset, scene) i and model j; n >= 2, k >= 2. mean_ranks[k]: rank 1 =
 *  the lowest value. M. Friedman, JASA 32 (1937). All equal: p = 1, f is NaN. */
ASSAY_NODISCARD assay_status assay_friedman_test(assay_friedman *out, double *mean_ranks,
                                                 const double *values, int64_t n, int64_t k,
                                                 assay_error *err);

/** P. Nemenyi (1963) after Friedman: p[k * k] of all pairs from the studentised range with infinite
 *  degrees of freedom (J. Demsar, JMLR 7 (2006)). */
ASSAY_NODISCARD assay_status assay_nemenyi(double *p, const double *mean_ranks, int64_t n,
                                           int64_t k, assay_error *err);

/** The difference of mean ranks that is significant at alpha. */
ASSAY_NODISCARD assay_status assay_nemenyi_critical(double *out, int64_t n, int64_t k, double alpha,
                                                    assay_error *err);

/** W. G. Cochran's Q, Biometrika 37 (1950): right[i * k + j] is 1 when model j is right on datum i.
 *  Chi-square with k - 1 degrees of freedom; p = 1 when no datum tells the models apart. */
ASSAY_NODISCARD assay_status assay_cochran_q(double *q, double *p, const uint8_t *right, int64_t n,
                                             int64_t k, assay_error *err);

/** P(range of k standard normals > q) and its inverse: the studentised range with infinite
 *  degrees of freedom, H. L. Harter, Annals of Mathematical Statistics 31 (1960). k >= 2. */
double assay_range_sf(double q, int64_t k);
double assay_range_quantile_upper(double alpha, int64_t k);

#endif
