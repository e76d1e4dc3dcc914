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

/** Normal interval auc -+ z sqrt(variance), cut to [0, 1]; with `logit` on the scale of the log
 *  odds, which stays inside and is better near 1 (M. S. Pepe, 2003); at auc 0 or 1 the logit has no
 *  ends and the plain interval is given. */
ASSAY_NODISCARD assay_status assay_auc_interval(double *low, double *high, double auc,
                                                double variance, int logit, double alpha_low,
                                                double alpha_high, assay_error *err);

/** Two-sided normal p-value of a difference of the given variance; 1 (0) when the variance is 0 and
 *  the difference is (not). */
double assay_difference_p(double difference, double variance);

#endif
