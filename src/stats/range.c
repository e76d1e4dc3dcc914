/* The range of k standard normals (declared in rank_tests.h). */
#include <math.h>

#include "stats/normal.h"
#include "stats/rank_tests.h"
#include "stats/solve.h"

/* P(range > q) = k integral phi(z) (Phi(z)^(k-1) - (Phi(z) - Phi(z - q))^(k-1)) dz. The integrand is
 * an entire function with Gaussian tails, for which the trapezoidal rule converges faster than any
 * power of the step. It lives about z = 0 for small q and about z = q/2 for large ones. */
double assay_range_sf(double q, int64_t k)
{
    if (isnan(q) || k < 2) {
        return NAN;
    }
    if (q <= 0.0) {
        return 1.0;
    }
    if (q > 75.0) {
        return 0.0; /* below 1e-300 for every k that fits into memory */
    }
    const double step = 1.0 / 16.0;
    const double power = (double)(k - 1);
    double from = floor(fmin(q / 2.0, 4.0) - 14.0);
    double sum = 0.0;
    for (int i = 0; from + i * step < q / 2.0 + 16.0; i++) {
        double z = from + i * step;
        double below = assay_normal_cdf(z);
        double share = below > 0.0 ? assay_normal_cdf(z - q) / below : 0.0;
        if (below > 0.0) {
            double within = share < 1.0 ? expm1(power * log1p(-share)) : -1.0;
            sum -= assay_normal_pdf(z) * pow(below, power) * within;
        }
    }
    double p = (double)k * step * sum;
    return p < 1.0 ? p : 1.0;
}

typedef struct range_problem {
    double alpha;
    int64_t k;
} range_problem;

static double excess(double q, const void *context)
{
    const range_problem *r = context;
    return r->alpha - assay_range_sf(q, r->k);
}

double assay_range_quantile_upper(double alpha, int64_t k)
{
    if (!(alpha >= 0.0 && alpha <= 1.0) || k < 2) {
        return NAN;
    }
    range_problem r = {alpha, k};
    return alpha == 0.0 ? INFINITY : assay_solve_increasing(excess, &r, 0.0, 75.0);
}
