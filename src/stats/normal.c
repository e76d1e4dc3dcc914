#include "stats/normal.h"

#include <math.h>

#include "base/rng.h"

static const long double half_log_two_pi = 0.918938533204672741780329736405617639861L;
static const long double sqrt_half = 0.707106781186547524400844362104849039285L;

double assay_normal_log_pdf(double x)
{
    return (double)(-0.5L * (long double)x * x - half_log_two_pi);
}

double assay_normal_pdf(double x)
{
    return (double)expl(-0.5L * (long double)x * x - half_log_two_pi);
}

double assay_normal_sf(double x)
{
    return (double)(0.5L * erfcl((long double)x * sqrt_half));
}

double assay_normal_cdf(double x)
{
    return assay_normal_sf(-x);
}

double assay_normal_log_sf(double x)
{
    if (x < 0.0) {
        return (double)log1pl(-0.5L * erfcl(-(long double)x * sqrt_half));
    }
    if (x < 40.0) {
        return (double)logl(0.5L * erfcl((long double)x * sqrt_half));
    }
    if (isinf(x)) {
        return -INFINITY;
    }
    /* Mills' ratio: sf = pdf / x (1 - 1/x^2 + 3/x^4 - 15/x^6 + ...) (DLMF 7.12.1) */
    long double square = 1.0L / ((long double)x * x);
    long double series = 1.0L;
    for (int k = 15; k >= 1; k -= 2) {
        series = 1.0L - (long double)k * square * series;
    }
    return (double)(-0.5L * (long double)x * x - half_log_two_pi - logl((long double)x) +
                    logl(series));
}

double assay_normal_log_cdf(double x)
{
    return assay_normal_log_sf(-x);
}

double assay_normal_quantile(double p)
{
    return assay_normal_inverse(p);
}

double assay_normal_quantile_upper(double q)
{
    return -assay_normal_inverse(q);
}
