#include "stats/group_extremes.h"

#include <math.h>
#include <stdbool.h>

#include "stats/check.h"
#include "stats/normal.h"

static bool has_ends(const assay_group_estimate *groups, int64_t k)
{
    for (int64_t g = 0; g < k; g++) {
        if (isnan(groups[g].at.low) || isnan(groups[g].at.high)) {
            return false;
        }
    }
    return true;
}

static void find_highest(assay_group_extremes *out, const assay_group_estimate *groups, int64_t k)
{
    out->highest_ends = out->lowest_ends = (assay_ends){NAN, NAN};
    for (int64_t g = 0; g < k; g++) {
        out->highest = groups[g].value > groups[out->highest].value ? g : out->highest;
        out->lowest = groups[g].value < groups[out->lowest].value ? g : out->lowest;
    }
}

/* The highest one is as high as any of them (k chances), and no higher than the upper end of the one that it is. */
static void ends_of_extremes(assay_group_extremes *out, const assay_group_estimate *groups,
                             int64_t k)
{
    out->highest_ends = (assay_ends){-INFINITY, -INFINITY};
    out->lowest_ends = (assay_ends){INFINITY, INFINITY};
    for (int64_t g = 0; g < k; g++) {
        out->highest_ends.low = fmax(out->highest_ends.low, groups[g].of_group.low);
        out->highest_ends.high = fmax(out->highest_ends.high, groups[g].at.high);
        out->lowest_ends.low = fmin(out->lowest_ends.low, groups[g].at.low);
        out->lowest_ends.high = fmin(out->lowest_ends.high, groups[g].of_group.high);
    }
}

/* How far the difference a - b may lie below, or above, what was measured. */
static double reach_down(const assay_group_estimate *a, assay_ends a_at,
                         const assay_group_estimate *b, assay_ends b_at)
{
    return hypot(a->value - a_at.low, b_at.high - b->value);
}

static double reach_up(const assay_group_estimate *a, const assay_group_estimate *b)
{
    return hypot(a->at.high - a->value, b->value - b->at.low);
}

static void differ(assay_group_extremes *out, const assay_group_estimate *groups, int64_t k,
                   double alpha)
{
    double z = assay_normal_quantile(1.0 - alpha), least = 1.0;
    out->difference_ends = (assay_ends){0.0, 0.0};
    for (int64_t i = 0; i < k; i++) {
        for (int64_t j = 0; j < k; j++) {
            const assay_group_estimate *a = &groups[i], *b = &groups[j];
            double d = a->value - b->value;
            if (i == j) {
                continue;
            }
            double near = d - reach_down(a, a->of_pair, b, b->of_pair);
            out->difference_ends.low = fmax(out->difference_ends.low, near);
            out->difference_ends.high = fmax(out->difference_ends.high, d + reach_up(a, b));
            double reach = reach_down(a, a->at, b, b->at);
            if (d > 0.0) {
                double p = reach > 0.0 ? 2.0 * assay_normal_sf(z * d / reach) : 0.0;
                least = fmin(least, p);
            }
        }
    }
    out->p_adjusted = fmin(1.0, least * (double)k * (double)(k - 1) / 2.0);
}

static double log_of(double value)
{
    return value > 0.0 ? log(value) : -INFINITY;
}

/* exp of log(a / b) less the reach of both; 0 when the logarithm of a has no end below. */
static double ratio_below(const assay_group_estimate *a, const assay_group_estimate *b)
{
    double down = log_of(a->value) - log_of(a->at.low), up = log_of(b->at.high) - log_of(b->value);
    return a->value > 0.0 && a->at.low > 0.0 ? exp(log(a->value / b->value) - hypot(down, up))
                                             : 0.0;
}

static double ratio_above(const assay_group_estimate *a, const assay_group_estimate *b)
{
    if (!(b->of_pair.low > 0.0)) {
        return INFINITY;
    }
    if (!(a->value > 0.0)) {
        return a->of_pair.high / b->of_pair.low;
    }
    double up = log(a->of_pair.high / a->value), down = log(b->value / b->of_pair.low);
    return exp(log(a->value / b->value) + hypot(up, down));
}

static void divide(assay_group_extremes *out, const assay_group_estimate *groups, int64_t k)
{
    out->ratio_ends = (assay_ends){1.0, 1.0};
    for (int64_t i = 0; i < k; i++) {
        for (int64_t j = 0; j < k; j++) {
            if (i != j && groups[j].value > 0.0) {
                out->ratio_ends.low =
                    fmin(out->ratio_ends.low, ratio_below(&groups[i], &groups[j]));
                out->ratio_ends.high =
                    fmin(out->ratio_ends.high, ratio_above(&groups[i], &groups[j]));
            }
        }
    }
}

assay_status assay_group_extremes_find(assay_group_extremes *out,
                                       const assay_group_estimate *groups, int64_t k, double alpha,
                                       assay_error *err)
{
    *out = (assay_group_extremes){.difference = NAN,
                                  .difference_ends = {NAN, NAN},
                                  .ratio = NAN,
                                  .ratio_ends = {NAN, NAN},
                                  .p_adjusted = NAN};
    ASSAY_TRY(assay_check_least("extremes of groups", "the number of groups", k, 1, err));
    if (!(alpha > 0.0 && alpha <= 0.5)) {
        return assay_fail(err, ASSAY_EINVAL, "extremes of groups: an error probability of %g",
                          alpha);
    }
    for (int64_t g = 0; g < k; g++) {
        ASSAY_TRY(assay_check_finite("extremes of groups", &groups[g].value, 1, err));
    }
    bool ends = has_ends(groups, k);
    find_highest(out, groups, k);
    if (ends) {
        ends_of_extremes(out, groups, k);
    }
    if (k < 2) {
        return ASSAY_OK;
    }
    double high = groups[out->highest].value, low = groups[out->lowest].value;
    out->difference = high - low;
    out->ratio = low >= 0.0 && high > 0.0 ? low / high : NAN;
    if (ends) {
        differ(out, groups, k, alpha);
    }
    if (ends && !isnan(out->ratio)) {
        divide(out, groups, k);
    }
    return ASSAY_OK;
}
