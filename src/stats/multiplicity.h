/**
 * @file multiplicity.h
 * Many tests at once. All functions give adjusted p-values in the order of the input: hypothesis i
 * is rejected at family level alpha exactly when adjusted[i] <= alpha. `adjusted` may be `p`.
 */
#ifndef ASSAY_STATS_MULTIPLICITY_H
#define ASSAY_STATS_MULTIPLICITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef enum assay_adjustment {
    ASSAY_ADJUST_NONE,
    ASSAY_ADJUST_BONFERRONI,         /* family-wise, any dependence */
    ASSAY_ADJUST_SIDAK,              /* family-wise, independent or normal: Sidak, JASA 62 (1967) */
    ASSAY_ADJUST_HOLM,               /* family-wise, any dependence, never worse than Bonferroni: S.
                                        Holm, Scandinavian Journal of Statistics 6 (1979) */
    ASSAY_ADJUST_HOLM_SIDAK,         /* Holm's steps with Sidak's bound */
    ASSAY_ADJUST_HOCHBERG,           /* family-wise, independent or positively dependent: Y.
                                        Hochberg, Biometrika 75 (1988) */
    ASSAY_ADJUST_BENJAMINI_HOCHBERG, /* false discovery rate, independent or positively dependent:
                                        JRSS B 57 (1995) */
    ASSAY_ADJUST_BENJAMINI_YEKUTIELI, /* false discovery rate, any dependence: Annals of Statistics
                                        29 (2001) */
    ASSAY_ADJUST_FIXED_SEQUENCE, /* family-wise, any dependence, in an order fixed beforehand */
    ASSAY_ADJUST_MAX_T,          /* family-wise, from the joint null distribution: assay_max_t */
    ASSAY_ADJUST_E_BH            /* false discovery rate from e-values, any dependence and any
                                    stopping: assay_e_benjamini_hochberg */
} assay_adjustment;

/** "none", "bonferroni", "sidak", "holm", "holm_sidak", "hochberg", "bh", "by",
 *  "fixed_sequence", "max_t", "e_bh". */
const char *assay_adjustment_name(assay_adjustment method);
/** false when no method has the name. */
bool assay_adjustment_find(assay_adjustment *out, const char *name);
/** Whether it bounds the probability of a single false rejection, not only their share. */
bool assay_adjustment_is_familywise(assay_adjustment method);

/** p[m] in [0, 1]. Any method but max-T and e-BH, which take more than p-values. */
ASSAY_NODISCARD assay_status assay_adjust(double *adjusted, const double *p, int64_t m,
                                          assay_adjustment method, assay_error *err);

/** Hypotheses in an order fixed beforehand; testing stops at the first that is not rejected: each
 *  adjusted p-value is the largest so far (Maurer, Hothorn, Lehmacher 1995). */
ASSAY_NODISCARD assay_status assay_fixed_sequence(double *adjusted, const double *p, int64_t m,
                                                  assay_error *err);

/** Max-T from the joint null distribution: P. H. Westfall and S. S. Young, "Resampling-based multiple
 *  testing" (1993), algorithms 2.5 (single step) and 4.1 (step down). observed[m] and null[r * m + j]
 *  of replicate r are statistics of which large ones are evidence (take absolute values for two
 *  sides). p-values as (1 + count) / (1 + replicates). */
ASSAY_NODISCARD assay_status assay_max_t(double *adjusted, const double *observed,
                                         const double *null, int64_t replicates, int64_t m,
                                         bool step_down, assay_error *err);

/** e-BH: rejects the k largest e-values for the largest k with e_(k) >= m / (k alpha); false
 *  discovery rate alpha under any dependence and any stopping: R. Wang and A. Ramdas, JRSS B 84
 *  (2022). e[m] >= 0, infinite allowed. Adjusted values are the smallest such alpha. */
ASSAY_NODISCARD assay_status assay_e_benjamini_hochberg(double *adjusted, const double *e,
                                                        int64_t m, assay_error *err);

#endif
