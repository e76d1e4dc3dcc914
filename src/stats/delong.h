/**
 * @file delong.h
 * The area under the ROC curve and its covariance over several models on the same data: E. R.
 * DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44 (1988), by mid-ranks in O(k n log n): X.
 * Sun and W. Xu, IEEE Signal Processing Letters 21 (2014).
 */
#ifndef ASSAY_STATS_DELONG_H
#define ASSAY_STATS_DELONG_H

#include <stdint.h>

#include "base/error.h"

/** One model's area and DeLong's variance from the groups of equal scores in descending order: exact
 *  integers until the end. Starts zeroed; fewer than 2^32 data. */
__extension__ typedef unsigned __int128 assay_uint128;
typedef struct assay_area_sums {
    int64_t positives, negatives;     /* so far, that is above the next group */
    assay_uint128 twice;              /* pairs in the wrong order, twice; ties once */
    assay_uint128 positive, negative; /* squares of twice the number of the other class above it */
} assay_area_sums;

/** The next group has so many data of either class. */
static inline void assay_area_add(assay_area_sums *sums, int64_t positives, int64_t negatives)
{
    uint64_t above = 2 * (uint64_t)sums->negatives + (uint64_t)negatives;
    uint64_t beside = 2 * (uint64_t)sums->positives + (uint64_t)positives;
    sums->twice += (assay_uint128)above * (uint64_t)positives;
    sums->positive += (assay_uint128)above * above * (uint64_t)positives;
    sums->negative += (assay_uint128)beside * beside * (uint64_t)negatives;
    sums->positives += positives;
    sums->negatives += negatives;
}

/** The area, and its variance, which is NaN unless there are two data of each class. */
void assay_area_value(double *auc, double *variance, const assay_area_sums *sums);

/** auc[k] and covariance[k * k] of k models; scores[j][i] is model j's score of datum i, higher
 *  means positive; positive[i] is 0 or 1. Scores must be finite, and both classes need two data. */
ASSAY_NODISCARD assay_status assay_delong(double *auc, double *covariance,
                                          const double *const *scores, int64_t k,
                                          const uint8_t *positive, int64_t n, assay_error *err);

/** The same when data come in clusters of any mix of classes; cluster[i] in [0, clusters): N. A.
 *  Obuchowski, Biometrics 53 (1997). Equal to the above, but for the factors n / (n - 1), when every
 *  datum is its own cluster. */
ASSAY_NODISCARD assay_status assay_delong_clustered(double *auc, double *covariance,
                                                    const double *const *scores, int64_t k,
                                                    const uint8_t *positive, const int64_t *cluster,
                                                    int64_t clusters, int64_t n, assay_error *err);

/** Either of the two above (cluster NULL or not). places: NULL, or k x n: of a positive datum the share
 *  of the negative ones that it beats, of a negative datum the share of the positive ones that beat it;
 *  ties count one half. The area is the mean over either class. */
ASSAY_NODISCARD assay_status assay_delong_full(double *auc, double *covariance, double *places,
                                               const double *const *scores, int64_t k,
                                               const uint8_t *positive, const int64_t *cluster,
                                               int64_t clusters, int64_t n, assay_error *err);

/** Normal interval auc -+ z sqrt(variance), cut to [0, 1]; with `logit` on the scale of the log
 *  odds, which stays inside and is better near 1 (M. S. Pepe, 2003); at auc 0 or 1 the logit has no
 *  ends and the plain interval is given. */
ASSAY_NODISCARD assay_status assay_auc_interval(double *low, double *high, double auc,
                                                double variance, int logit, double alpha_low,
                                                double alpha_high, assay_error *err);

/** Bound of an area whose data are in perfect order: of `pairs` disjoint pairs of a positive and a
 *  negative datum all are in order, so the area is at least alpha^(1 / pairs) (Clopper and Pearson for
 *  x = n). DeLong's variance is 0 there and says nothing. */
double assay_perfect_area_bound(int64_t pairs, double alpha);

/** Two-sided normal p-value of a difference of the given variance; 1 (0) when the variance is 0 and
 *  the difference is (not). */
double assay_difference_p(double difference, double variance);

#endif
