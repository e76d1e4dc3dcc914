#include "stats/mean_gaps.h"

#include <math.h>
#include <stdbool.h>

#include "stats/check.h"
#include "stats/continuous.h"

/* t quantile times the standard error; infinite for alpha 0. */
static double reach(double se, double df, double alpha)
{
    if (!(alpha > 0.0)) {
        return INFINITY;
    }
    return se > 0.0 ? se * assay_t_quantile_upper(alpha, df) : 0.0;
}

typedef struct estimate {
    double value, se, df;
} estimate;

static estimate one(const assay_sample *s)
{
    return (estimate){s->mean, sqrt(s->variance / s->n), s->n - 1.0};
}

/* Of the difference of the means, or of their logarithms. */
static estimate two(const assay_sample *a, const assay_sample *b, bool logs)
{
    double x = a->variance / a->n;
    double y = b->variance / b->n;
    estimate e = {.value = a->mean - b->mean};
    if (logs) {
        e.value = log(a->mean) - log(b->mean);
        x /= a->mean * a->mean;
        y /= b->mean * b->mean;
    }
    e.se = sqrt(x + y);
    double squares = x * x / (a->n - 1.0) + y * y / (b->n - 1.0);
    e.df = squares > 0.0 ? (x + y) * (x + y) / squares : a->n + b->n - 2.0;
    return e;
}

static assay_status check(const char *what, const assay_sample *groups, int64_t k, int64_t least,
                          double alpha_low, double alpha_high, assay_error *err)
{
    ASSAY_TRY(assay_check_least(what, "the number of groups", k, least, err));
    ASSAY_TRY(assay_check_alphas(what, alpha_low, alpha_high, err));
    for (int64_t i = 0; i < k; i++) {
        if (!(groups[i].n >= 2.0) || !(groups[i].variance >= 0.0) || !isfinite(groups[i].mean)) {
            return assay_fail(err, ASSAY_EUNSUPPORTED,
                              "%s: a group has fewer than two values or no variance", what);
        }
    }
    return ASSAY_OK;
}

assay_status assay_mean_difference(double *low, double *high, const assay_sample *groups, int64_t k,
                                   double alpha_low, double alpha_high, assay_error *err)
{
    *low = 0.0;
    *high = INFINITY;
    ASSAY_TRY(check("largest difference", groups, k, 2, alpha_low, alpha_high, err));
    double pairs = (double)k * (double)(k - 1);
    double upper = 0.0;
    for (int64_t i = 0; i < k; i++) {
        for (int64_t j = 0; j < k; j++) {
            if (i != j) {
                estimate e = two(&groups[i], &groups[j], false);
                *low = fmax(*low, e.value - reach(e.se, e.df, alpha_low / pairs));
                upper = fmax(upper, e.value + reach(e.se, e.df, alpha_high));
            }
        }
    }
    *high = upper;
    return ASSAY_OK;
}

assay_status assay_mean_ratio(double *low, double *high, const assay_sample *groups, int64_t k,
                              double alpha_low, double alpha_high, assay_error *err)
{
    *low = 0.0;
    *high = 1.0;
    ASSAY_TRY(check("smallest ratio", groups, k, 2, alpha_low, alpha_high, err));
    double pairs = (double)k * (double)(k - 1);
    double lower = 1.0;
    for (int64_t i = 0; i < k; i++) {
        for (int64_t j = 0; j < k; j++) {
            if (!(groups[i].mean > 0.0)) {
                return assay_fail(err, ASSAY_EUNSUPPORTED,
                                  "smallest ratio: a mean is not positive");
            }
            if (i != j && groups[j].mean > 0.0) {
                estimate e = two(&groups[i], &groups[j], true);
                lower = fmin(lower, exp(e.value - reach(e.se, e.df, alpha_low)));
                *high = fmin(*high, exp(e.value + reach(e.se, e.df, alpha_high / pairs)));
            }
        }
    }
    *low = lower;
    return ASSAY_OK;
}

assay_status assay_highest_mean(double *low, double *high, const assay_sample *groups, int64_t k,
                                double alpha_low, double alpha_high, assay_error *err)
{
    *low = -INFINITY;
    *high = INFINITY;
    ASSAY_TRY(check("highest mean", groups, k, 1, alpha_low, alpha_high, err));
    double upper = -INFINITY;
    for (int64_t i = 0; i < k; i++) {
        estimate e = one(&groups[i]);
        *low = fmax(*low, e.value - reach(e.se, e.df, alpha_low / (double)k));
        upper = fmax(upper, e.value + reach(e.se, e.df, alpha_high));
    }
    *high = upper;
    return ASSAY_OK;
}

assay_status assay_farthest_mean(double *low, double *high, const assay_sample *groups, int64_t k,
                                 double alpha_low, double alpha_high, assay_error *err)
{
    *low = 0.0;
    *high = INFINITY;
    ASSAY_TRY(check("farthest mean", groups, k, 1, alpha_low, alpha_high, err));
    double upper = 0.0;
    for (int64_t i = 0; i < k; i++) {
        estimate e = one(&groups[i]);
        double away = fabs(e.value);
        *low = fmax(*low, away - reach(e.se, e.df, alpha_low / (2.0 * (double)k)));
        upper = fmax(upper, away + reach(e.se, e.df, alpha_high));
    }
    *high = upper;
    return ASSAY_OK;
}
