#include "stats/paired.h"

#include <inttypes.h>
#include <math.h>

#include "stats/check.h"
#include "stats/continuous.h"
#include "stats/distributions.h"
#include "stats/normal.h"
#include "stats/solve.h"

static assay_status check_flips(int64_t b, int64_t c, int64_t n, assay_error *err)
{
    if (b < 0 || c < 0 || b > INT64_C(1) << 52 || c > INT64_C(1) << 52 || n < b || n - b < c) {
        return assay_fail(err, ASSAY_EINVAL,
                          "paired comparison: %" PRId64 " and %" PRId64 " differing of %" PRId64
                          " data make no sense",
                          b, c, n);
    }
    return ASSAY_OK;
}

assay_status assay_mcnemar_test(assay_mcnemar *out, int64_t b, int64_t c, assay_error *err)
{
    *out = (assay_mcnemar){1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0};
    ASSAY_TRY(check_flips(
        b, c, b >= 0 && c >= 0 && b < INT64_MAX / 2 && c < INT64_MAX / 2 ? b + c : 0, err));
    int64_t n = b + c;
    if (n == 0) {
        return ASSAY_OK;
    }
    int64_t fewer = b < c ? b : c;
    double tail = assay_binomial_cdf(fewer, n, 0.5);
    double gap = fabs((double)b - (double)c);
    double less = fmax(0.0, gap - 1.0);
    out->exact = fmin(1.0, 2.0 * tail);
    /* at b = c the two tails overlap in P(X = b), which counts once: 1 - P(X = b) / 2 */
    double mass = assay_binomial_pmf(fewer, n, 0.5);
    out->mid_p = b == c ? 1.0 - 0.5 * mass : 2.0 * tail - mass;
    out->first_better = assay_binomial_sf(b - 1, n, 0.5);
    out->second_better = assay_binomial_sf(c - 1, n, 0.5);
    out->chi_square = gap * gap / (double)n;
    out->chi_square_p = assay_chi_square_sf(out->chi_square, 1.0);
    out->corrected = less * less / (double)n;
    out->corrected_p = assay_chi_square_sf(out->corrected, 1.0);
    return ASSAY_OK;
}

typedef struct tango {
    double b, c, n, z;
} tango;

/* Tango's statistic; the probability of the second kind of flip is estimated under the hypothesis by
 * the positive root of a quadratic. */
static double statistic(const tango *t, double delta)
{
    double linear = -t->b - t->c + (2.0 * t->n - t->b + t->c) * delta;
    double constant = -t->c * delta * (1.0 - delta);
    double root = sqrt(fmax(0.0, linear * linear - 8.0 * t->n * constant));
    /* whichever form does not subtract */
    double q = linear <= 0.0 ? (root - linear) / (4.0 * t->n) : -2.0 * constant / (root + linear);
    double variance = t->n * (2.0 * q + delta * (1.0 - delta));
    double distance = t->b - t->c - t->n * delta;
    if (!(variance > 0.0)) {
        return distance == 0.0 ? 0.0 : copysign(INFINITY, distance);
    }
    return distance / sqrt(variance);
}

/* Both decrease or increase with delta: the statistic itself decreases. */
static double below_low(double delta, const void *context)
{
    const tango *t = context;
    return t->z - statistic(t, delta);
}

static double above_high(double delta, const void *context)
{
    const tango *t = context;
    return -t->z - statistic(t, delta);
}

static void tango_interval(double *low, double *high, tango t, double alpha_low, double alpha_high)
{
    double difference = (t.b - t.c) / t.n;
    if (alpha_low > 0.0 && t.c < t.n) {
        t.z = assay_normal_quantile_upper(alpha_low);
        *low = assay_solve_increasing(below_low, &t, -1.0, difference);
    }
    if (alpha_high > 0.0 && t.b < t.n) {
        t.z = assay_normal_quantile_upper(alpha_high);
        *high = assay_solve_increasing(above_high, &t, difference, 1.0);
    }
}

assay_status assay_tango(double *low, double *high, int64_t b, int64_t c, int64_t n,
                         double alpha_low, double alpha_high, assay_error *err)
{
    *low = -1.0;
    *high = 1.0;
    ASSAY_TRY(check_flips(b, c, n, err));
    ASSAY_TRY(assay_check_alphas("paired comparison", alpha_low, alpha_high, err));
    if (n > 0) {
        const tango t = {.b = (double)b, .c = (double)c, .n = (double)n};
        tango_interval(low, high, t, alpha_low, alpha_high);
    }
    return ASSAY_OK;
}

assay_status assay_tango_real(double *low, double *high, double b, double c, double n,
                              double alpha_low, double alpha_high, assay_error *err)
{
    *low = -1.0;
    *high = 1.0;
    ASSAY_TRY(assay_check_positive("paired comparison", "the number of data", n, err));
    if (!(b >= 0.0 && c >= 0.0 && b + c <= n * (1.0 + 1e-9))) {
        return assay_fail(err, ASSAY_EINVAL,
                          "paired comparison: %g and %g flips of %g data make no sense", b, c, n);
    }
    ASSAY_TRY(assay_check_alphas("paired comparison", alpha_low, alpha_high, err));
    const tango t = {.b = b, .c = c, .n = n};
    tango_interval(low, high, t, alpha_low, alpha_high);
    return ASSAY_OK;
}

assay_status assay_tango_z(double *z, int64_t b, int64_t c, int64_t n, double delta,
                           assay_error *err)
{
    *z = NAN;
    ASSAY_TRY(check_flips(b, c, n, err));
    ASSAY_TRY(assay_check_least("paired comparison", "the number of data", n, 1, err));
    if (!(delta > -1.0 && delta < 1.0)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "paired comparison: a difference of %g must be between -1 and 1", delta);
    }
    tango t = {.b = (double)b, .c = (double)c, .n = (double)n};
    *z = statistic(&t, delta);
    return ASSAY_OK;
}
