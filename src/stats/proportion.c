#include "stats/proportion.h"

#include <math.h>

#include "stats/check.h"
#include "stats/distributions.h"
#include "stats/normal.h"
#include "stats/solve.h"
#include "stats/special.h"

/* ASSAY_DONE: no trials, the interval is the whole range. */
static assay_status begin(double *low, double *high, int64_t x, int64_t n, double alpha_low,
                          double alpha_high, assay_error *err)
{
    *low = 0.0;
    *high = 1.0;
    ASSAY_TRY(assay_check_counts("interval", x, n, err));
    ASSAY_TRY(assay_check_alphas("interval", alpha_low, alpha_high, err));
    return n == 0 ? ASSAY_DONE : ASSAY_OK;
}

/* The lower end of a rule that is symmetric under exchange of successes and failures: the upper end
 * is one minus the lower end of the failures. */
typedef double lower_end(double x, double n, double alpha);

static assay_status symmetric(double *low, double *high, int64_t x, int64_t n, double alpha_low,
                              double alpha_high, lower_end *end, assay_error *err)
{
    assay_status status = begin(low, high, x, n, alpha_low, alpha_high, err);
    if (status != ASSAY_OK) {
        return status == ASSAY_DONE ? ASSAY_OK : status;
    }
    if (alpha_low > 0.0) {
        *low = fmax(0.0, end((double)x, (double)n, alpha_low));
    }
    if (alpha_high > 0.0) {
        *high = 1.0 - fmax(0.0, end((double)(n - x), (double)n, alpha_high));
    }
    return ASSAY_OK;
}

static double wilson_corrected_low(double x, double n, double alpha)
{
    double z = assay_normal_quantile_upper(alpha);
    double p = x / n;
    if (x == 0.0) {
        return 0.0;
    }
    double root = z * z - 2.0 - 1.0 / n + 4.0 * p * (n * (1.0 - p) + 1.0);
    return (2.0 * x + z * z - 1.0 - z * sqrt(fmax(0.0, root))) / (2.0 * (n + z * z));
}

assay_status assay_wilson_corrected(double *low, double *high, int64_t x, int64_t n,
                                    double alpha_low, double alpha_high, assay_error *err)
{
    return symmetric(low, high, x, n, alpha_low, alpha_high, wilson_corrected_low, err);
}

static double agresti_coull_low(double x, double n, double alpha)
{
    double z = assay_normal_quantile_upper(alpha);
    double trials = n + z * z;
    double p = (x + z * z / 2.0) / trials;
    return p - z * sqrt(p * (1.0 - p) / trials);
}

assay_status assay_agresti_coull(double *low, double *high, int64_t x, int64_t n, double alpha_low,
                                 double alpha_high, assay_error *err)
{
    return symmetric(low, high, x, n, alpha_low, alpha_high, agresti_coull_low, err);
}

static double wald_low(double x, double n, double alpha)
{
    double z = assay_normal_quantile_upper(alpha);
    return x / n - z * sqrt(x * (n - x) / n) / n;
}

assay_status assay_wald(double *low, double *high, int64_t x, int64_t n, double alpha_low,
                        double alpha_high, assay_error *err)
{
    return symmetric(low, high, x, n, alpha_low, alpha_high, wald_low, err);
}

typedef struct mid_problem {
    int64_t x, n;
    double alpha;
} mid_problem;

/* P(X > x) + P(X = x) / 2 - alpha, increasing in p */
static double mid_excess(double p, const void *context)
{
    const mid_problem *m = context;
    return assay_binomial_sf(m->x, m->n, p) + 0.5 * assay_binomial_pmf(m->x, m->n, p) - m->alpha;
}

/* P(X < x) + P(X = x) / 2 - alpha, decreasing in p */
static double mid_deficit(double p, const void *context)
{
    const mid_problem *m = context;
    return m->alpha - assay_binomial_cdf(m->x - 1, m->n, p) -
           0.5 * assay_binomial_pmf(m->x, m->n, p);
}

assay_status assay_mid_p(double *low, double *high, int64_t x, int64_t n, double alpha_low,
                         double alpha_high, assay_error *err)
{
    assay_status status = begin(low, high, x, n, alpha_low, alpha_high, err);
    if (status != ASSAY_OK) {
        return status == ASSAY_DONE ? ASSAY_OK : status;
    }
    if (alpha_low > 0.0 && x > 0) {
        mid_problem m = {x, n, alpha_low};
        *low = x == n ? exp(log(2.0 * alpha_low) / (double)n)
                      : assay_solve_increasing(mid_excess, &m, 0.0, 1.0);
    }
    if (alpha_high > 0.0 && x < n) {
        mid_problem m = {x, n, alpha_high};
        *high = x == 0 ? -expm1(log(2.0 * alpha_high) / (double)n)
                       : assay_solve_increasing(mid_deficit, &m, 0.0, 1.0);
    }
    return ASSAY_OK;
}

assay_status assay_poisson_interval(double *low, double *high, int64_t x, double exposure,
                                    double alpha_low, double alpha_high, assay_error *err)
{
    *low = 0.0;
    *high = INFINITY;
    ASSAY_TRY(assay_check_alphas("Poisson interval", alpha_low, alpha_high, err));
    ASSAY_TRY(assay_check_least("Poisson interval", "the count", x, 0, err));
    ASSAY_TRY(assay_check_positive("Poisson interval", "the exposure", exposure, err));
    if (alpha_low > 0.0 && x > 0) {
        *low = assay_gamma_inc_inverse((double)x, alpha_low) / exposure;
    }
    if (alpha_high > 0.0) {
        *high = assay_gamma_inc_upper_inverse((double)x + 1.0, alpha_high) / exposure;
    }
    return ASSAY_OK;
}

/* Sum of the tail on the other side of the mode whose terms are at most `most`. */
static double other_tail(int64_t x, int64_t n, double p0, double most)
{
    /* outcomes that are equally probable but for rounding count as equal */
    double limit = most * (1.0 + 1e-7);
    double mode = floor((double)(n + 1) * p0);
    if ((double)x < mode) {
        int64_t low = (int64_t)mode; /* too probable */
        int64_t high = n + 1;
        while (high - low > 1) {
            int64_t middle = low + (high - low) / 2;
            if (assay_binomial_pmf(middle, n, p0) <= limit) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return assay_binomial_sf(high - 1, n, p0);
    }
    int64_t low = -1;
    int64_t high = (int64_t)mode;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (assay_binomial_pmf(middle, n, p0) <= limit) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return assay_binomial_cdf(low, n, p0);
}

assay_status assay_binomial_test(assay_binomial_p *out, int64_t x, int64_t n, double p0,
                                 assay_error *err)
{
    *out = (assay_binomial_p){1.0, 1.0, 1.0, 1.0, 1.0, 1.0};
    ASSAY_TRY(assay_check_counts("binomial test", x, n, err));
    ASSAY_TRY(assay_check_unit("binomial test", "the probability", p0, err));
    double mass = assay_binomial_pmf(x, n, p0);
    out->greater = assay_binomial_sf(x - 1, n, p0);
    out->less = assay_binomial_cdf(x, n, p0);
    out->mid_greater = assay_binomial_sf(x, n, p0) + 0.5 * mass;
    out->mid_less = assay_binomial_cdf(x - 1, n, p0) + 0.5 * mass;
    out->central = fmin(1.0, 2.0 * fmin(out->greater, out->less));
    double mode = floor((double)(n + 1) * p0);
    if ((double)x == mode || ((double)x == mode - 1.0 &&
                              mass >= assay_binomial_pmf((int64_t)mode, n, p0) * (1.0 - 1e-7))) {
        return ASSAY_OK; /* nothing is more probable */
    }
    double own = (double)x < mode ? out->less : out->greater;
    out->two_sided = fmin(1.0, own + other_tail(x, n, p0, mass));
    return ASSAY_OK;
}

assay_status assay_rogan_gladen(double *estimate, double *se, int64_t x, int64_t n,
                                double sensitivity, double specificity, assay_error *err)
{
    *estimate = NAN;
    *se = NAN;
    ASSAY_TRY(assay_check_counts("label error", x, n, err));
    ASSAY_TRY(assay_check_least("label error", "the number of trials", n, 1, err));
    ASSAY_TRY(assay_check_unit("label error", "the sensitivity", sensitivity, err));
    ASSAY_TRY(assay_check_unit("label error", "the specificity", specificity, err));
    double youden = sensitivity + specificity - 1.0;
    if (!(youden > 0.0)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "label error: labels of sensitivity %g and specificity %g say nothing "
                          "about the truth (their sum must be above 1)",
                          sensitivity, specificity);
    }
    double p = (double)x / (double)n;
    *estimate = fmin(1.0, fmax(0.0, (p + specificity - 1.0) / youden));
    *se = sqrt(p * (1.0 - p) / (double)n) / youden;
    return ASSAY_OK;
}
