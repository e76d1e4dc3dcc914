#include "stats/group_gaps.h"

#include <math.h>

#include "stats/check.h"
#include "stats/intervals.h"
#include "stats/two_proportions.h"

static assay_two_counts pair_of(const assay_trials *groups, int64_t i, int64_t j)
{
    return (assay_two_counts){groups[i].x, groups[i].n, groups[j].x, groups[j].n};
}

assay_status assay_largest_difference(double *low, double *high, const assay_trials *groups,
                                      int64_t k, double alpha_low, double alpha_high,
                                      assay_error *err)
{
    *low = 0.0;
    *high = 1.0;
    ASSAY_TRY(assay_check_least("largest difference", "the number of groups", k, 2, err));
    ASSAY_TRY(assay_check_alphas("largest difference", alpha_low, alpha_high, err));
    double pairs = (double)k * (double)(k - 1);
    double upper = 0.0;
    for (int64_t i = 0; i < k; i++) {
        for (int64_t j = 0; j < k; j++) {
            const assay_two_counts two = pair_of(groups, i, j);
            double l = 0.0;
            double h = 0.0;
            if (i != j) {
                ASSAY_TRY(
                    assay_score_difference(&l, &h, &two, true, alpha_low / pairs, alpha_high, err));
                *low = fmax(*low, l);
                upper = fmax(upper, h);
            }
        }
    }
    *high = alpha_high > 0.0 ? upper : 1.0;
    return ASSAY_OK;
}

assay_status assay_smallest_ratio(double *low, double *high, const assay_trials *groups, int64_t k,
                                  double alpha_low, double alpha_high, assay_error *err)
{
    *low = 0.0;
    *high = 1.0;
    ASSAY_TRY(assay_check_least("smallest ratio", "the number of groups", k, 2, err));
    ASSAY_TRY(assay_check_alphas("smallest ratio", alpha_low, alpha_high, err));
    double pairs = (double)k * (double)(k - 1);
    double lower = 1.0;
    for (int64_t i = 0; i < k; i++) {
        for (int64_t j = 0; j < k; j++) {
            const assay_two_counts two = pair_of(groups, i, j);
            double l = 0.0;
            double h = 0.0;
            if (i != j) {
                ASSAY_TRY(
                    assay_score_ratio(&l, &h, &two, true, alpha_low, alpha_high / pairs, err));
                lower = fmin(lower, l);
                *high = fmin(*high, h);
            }
        }
    }
    *low = alpha_low > 0.0 ? lower : 0.0;
    return ASSAY_OK;
}

assay_status assay_lowest_proportion(double *low, double *high, const assay_trials *groups,
                                     int64_t k, double alpha_low, double alpha_high,
                                     assay_error *err)
{
    *low = 0.0;
    *high = 1.0;
    ASSAY_TRY(assay_check_least("lowest proportion", "the number of groups", k, 1, err));
    double lower = 1.0;
    for (int64_t i = 0; i < k; i++) {
        double l = 0.0;
        double h = 0.0;
        ASSAY_TRY(assay_clopper_pearson(&l, &h, groups[i].x, groups[i].n, alpha_low,
                                        alpha_high / (double)k, err));
        lower = fmin(lower, l);
        *high = fmin(*high, h);
    }
    *low = lower;
    return ASSAY_OK;
}
