#include "stats/finite.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "stats/check.h"
#include "stats/discrete.h"

static assay_status check_pool(int64_t n, int64_t N, assay_error *err)
{
    if (N < 1 || n < 0 || n > N || N > INT64_C(1000000000000)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "finite population: a sample of %" PRId64 " from %" PRId64
                          " makes no sense (populations hold at most 10^12)",
                          n, N);
    }
    return ASSAY_OK;
}

/* Does one more success in the population raise P(X >= x) above alpha? Monotone in K. */
static bool low_possible(int64_t K, int64_t x, int64_t n, int64_t N, double alpha)
{
    return assay_hypergeometric_sf(x - 1, N, K, n) > alpha;
}

static bool high_possible(int64_t K, int64_t x, int64_t n, int64_t N, double alpha)
{
    return assay_hypergeometric_cdf(x, N, K, n) > alpha;
}

assay_status assay_hypergeometric_interval(int64_t *low, int64_t *high, int64_t x, int64_t n,
                                           int64_t N, double alpha_low, double alpha_high,
                                           assay_error *err)
{
    *low = 0;
    *high = N;
    ASSAY_TRY(assay_check_counts("finite population", x, n, err));
    ASSAY_TRY(assay_check_alphas("finite population", alpha_low, alpha_high, err));
    ASSAY_TRY(check_pool(n, N, err));
    *low = x;
    *high = N - (n - x);
    if (alpha_low > 0.0 && x > 0) {
        int64_t no = x - 1; /* impossible anyway */
        int64_t yes = *high;
        while (yes - no > 1) {
            int64_t middle = no + (yes - no) / 2;
            if (low_possible(middle, x, n, N, alpha_low)) {
                yes = middle;
            } else {
                no = middle;
            }
        }
        *low = yes;
    }
    if (alpha_high > 0.0 && x < n) {
        int64_t yes = x;
        int64_t no = *high + 1;
        while (no - yes > 1) {
            int64_t middle = yes + (no - yes) / 2;
            if (high_possible(middle, x, n, N, alpha_high)) {
                yes = middle;
            } else {
                no = middle;
            }
        }
        *high = yes;
    }
    return ASSAY_OK;
}

assay_status assay_wilson_finite(double *low, double *high, int64_t x, int64_t n, int64_t N,
                                 double alpha_low, double alpha_high, assay_error *err)
{
    *low = 0.0;
    *high = 1.0;
    ASSAY_TRY(assay_check_counts("finite population", x, n, err));
    ASSAY_TRY(assay_check_alphas("finite population", alpha_low, alpha_high, err));
    ASSAY_TRY(check_pool(n, N, err));
    double left = N == 1 ? 0.0 : (double)(N - n) / (double)(N - 1);
    double yes = (double)x;
    double all = (double)n;
    for (int end = 0; n > 0 && end < 2; end++) {
        double alpha = end == 0 ? alpha_low : alpha_high;
        double z = alpha > 0.0 ? assay_normal_inverse(alpha) : 0.0;
        double z2 = z * z * left;
        double a = yes + z2 / 2.0;
        double root = sqrt(z2 * (yes * (all - yes) / all + z2 / 4.0));
        if (alpha > 0.0 && end == 0) {
            /* by the conjugate, so that no digits are lost near 0 */
            *low = x > 0 ? yes * yes / all / (a + root) : 0.0;
        } else if (alpha > 0.0) {
            *high = x < n ? (a + root) / (all + z2) : 1.0;
        }
    }
    return ASSAY_OK;
}

assay_status assay_finite_correction(double *out, int64_t n, int64_t N, assay_error *err)
{
    *out = NAN;
    ASSAY_TRY(check_pool(n, N, err));
    *out = N == 1 ? 0.0 : sqrt((double)(N - n) / (double)(N - 1));
    return ASSAY_OK;
}
