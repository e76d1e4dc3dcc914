#include "stats/mixture.h"

#include <inttypes.h>
#include <math.h>

#include "stats/bayes.h"
#include "stats/check.h"
#include "stats/discrete.h"
#include "stats/normal.h"
#include "stats/solve.h"
#include "stats/special.h"

typedef struct bernoulli {
    double x, y, a, b;       /* successes, failures, shapes of the mixture */
    double marginal, target; /* ln of the mixture's likelihood; ln(1 / alpha) */
    bool above;
} bernoulli;

static assay_status start(bernoulli *out, int64_t x, int64_t n, double a, double b,
                          assay_error *err)
{
    ASSAY_TRY(assay_check_counts("confidence sequence", x, n, err));
    ASSAY_TRY(assay_check_positive("confidence sequence", "the first shape", a, err));
    ASSAY_TRY(assay_check_positive("confidence sequence", "the second shape", b, err));
    *out = (bernoulli){.x = (double)x, .y = (double)(n - x), .a = a, .b = b};
    out->marginal = assay_log_beta(a + out->x, b + out->y) - assay_log_beta(a, b);
    return ASSAY_OK;
}

/* x ln p + y ln(1 - p) */
static double log_likelihood(const bernoulli *m, double p)
{
    double yes = m->x > 0.0 ? m->x * log(p) : 0.0;
    double no = m->y > 0.0 ? m->y * log1p(-p) : 0.0;
    return yes + no;
}

static double log_e_at(const bernoulli *m, double p)
{
    return m->marginal - log_likelihood(m, p);
}

static double low_side(double p, const void *context)
{
    const bernoulli *m = context;
    return m->target - log_e_at(m, p); /* rises up to the estimate */
}

static double high_side(double p, const void *context)
{
    const bernoulli *m = context;
    return log_e_at(m, p) - m->target;
}

assay_status assay_bernoulli_sequence(double *low, double *high, int64_t x, int64_t n, double a,
                                      double b, double alpha, assay_error *err)
{
    *low = 0.0;
    *high = 1.0;
    bernoulli m;
    ASSAY_TRY(assay_check_open_unit("confidence sequence", "the error probability", alpha, err));
    ASSAY_TRY(start(&m, x, n, a, b, err));
    m.target = -log(alpha);
    double estimate = n > 0 ? m.x / (double)n : 0.5;
    if (x > 0) {
        *low = assay_solve_increasing(low_side, &m, 0.0, estimate);
    }
    if (x < n) {
        *high = assay_solve_increasing(high_side, &m, estimate, 1.0);
    }
    return ASSAY_OK;
}

assay_status assay_bernoulli_e(double *log_e, int64_t x, int64_t n, double p0, double a, double b,
                               assay_error *err)
{
    *log_e = NAN;
    bernoulli m;
    ASSAY_TRY(assay_check_open_unit("e-value", "the probability", p0, err));
    ASSAY_TRY(start(&m, x, n, a, b, err));
    *log_e = log_e_at(&m, p0);
    return ASSAY_OK;
}

/* The mixture beyond p0 only: the marginal times the posterior mass there over the prior's. */
static double one_sided(const bernoulli *m, double p0)
{
    double after = m->above ? assay_beta_inc_upper_log(m->a + m->x, m->b + m->y, p0)
                            : assay_beta_inc_log(m->a + m->x, m->b + m->y, p0);
    double before =
        m->above ? assay_beta_inc_upper_log(m->a, m->b, p0) : assay_beta_inc_log(m->a, m->b, p0);
    return log_e_at(m, p0) + after - before;
}

assay_status assay_bernoulli_one_sided_e(double *log_e, int64_t x, int64_t n, double p0, bool above,
                                         double a, double b, assay_error *err)
{
    *log_e = NAN;
    bernoulli m;
    ASSAY_TRY(assay_check_open_unit("e-value", "the probability", p0, err));
    ASSAY_TRY(start(&m, x, n, a, b, err));
    m.above = above;
    *log_e = one_sided(&m, p0);
    return ASSAY_OK;
}

static double bound_low(double p, const void *context)
{
    const bernoulli *m = context;
    return m->target - one_sided(m, p);
}

static double bound_high(double p, const void *context)
{
    const bernoulli *m = context;
    return one_sided(m, p) - m->target;
}

assay_status assay_bernoulli_bound(double *end, int64_t x, int64_t n, bool above, double a,
                                   double b, double alpha, assay_error *err)
{
    *end = above ? 0.0 : 1.0;
    bernoulli m;
    ASSAY_TRY(assay_check_open_unit("confidence sequence", "the error probability", alpha, err));
    ASSAY_TRY(start(&m, x, n, a, b, err));
    m.above = above;
    m.target = -log(alpha);
    const double least = 1e-300;
    double estimate = n > 0 ? m.x / (double)n : 0.5;
    if (above && x > 0 && bound_low(least, &m) <= 0.0) {
        *end = assay_solve_increasing(bound_low, &m, least, fmin(estimate, 1.0 - 1e-16));
    } else if (!above && x < n) {
        *end = assay_solve_increasing(bound_high, &m, fmax(estimate, least), 1.0 - 1e-16);
    }
    return ASSAY_OK;
}

assay_status assay_bernoulli_ratio_e(double *log_e, int64_t x, int64_t n, double p0, double p1,
                                     assay_error *err)
{
    *log_e = NAN;
    ASSAY_TRY(assay_check_counts("e-value", x, n, err));
    ASSAY_TRY(assay_check_open_unit("e-value", "p0", p0, err));
    ASSAY_TRY(assay_check_open_unit("e-value", "p1", p1, err));
    *log_e = (double)x * log(p1 / p0) + (double)(n - x) * (log1p(-p1) - log1p(-p0));
    return ASSAY_OK;
}

typedef struct pool {
    int64_t x, n, N;
    double least; /* ln P(x | K) must be above this */
} pool;

static bool possible(const pool *p, int64_t K)
{
    return assay_hypergeometric_log_pmf(p->x, p->N, K, p->n) > p->least;
}

assay_status assay_pool_sequence(int64_t *low, int64_t *high, int64_t x, int64_t n, int64_t N,
                                 double a, double b, double alpha, assay_error *err)
{
    *low = 0;
    *high = N;
    ASSAY_TRY(assay_check_counts("confidence sequence", x, n, err));
    ASSAY_TRY(assay_check_open_unit("confidence sequence", "the error probability", alpha, err));
    ASSAY_TRY(assay_check_positive("confidence sequence", "the first shape", a, err));
    ASSAY_TRY(assay_check_positive("confidence sequence", "the second shape", b, err));
    if (N < n || N < 1 || N > INT64_C(1000000000000)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "confidence sequence: a sample of %" PRId64 " from %" PRId64
                          " makes no sense (populations hold at most 10^12)",
                          n, N);
    }
    /* prior over posterior at K = marginal over likelihood; the marginal does not depend on N */
    pool p = {.x = x, .n = n, .N = N};
    p.least = assay_beta_binomial_log_pmf(x, n, a, b) + log(alpha);
    /* the likelihood is unimodal in K about x (N + 1) / n */
    int64_t peak = n > 0 ? (int64_t)floor((double)x * ((double)N + 1.0) / (double)n) : N / 2;
    int64_t first = x, last = N - (n - x);
    peak = peak < first ? first : (peak > last ? last : peak);
    int64_t no = first - 1, yes = peak;
    while (yes - no > 1) {
        int64_t middle = no + (yes - no) / 2;
        *(possible(&p, middle) ? &yes : &no) = middle;
    }
    *low = yes;
    no = last + 1;
    yes = peak;
    while (no - yes > 1) {
        int64_t middle = yes + (no - yes) / 2;
        *(possible(&p, middle) ? &yes : &no) = middle;
    }
    *high = yes;
    return ASSAY_OK;
}

typedef struct half_normal {
    double v, rho, target;
} half_normal;

/* ln of sqrt(4 rho / (v + rho)) exp(s^2 / (2 (v + rho))) Phi(s / sqrt(v + rho)) minus ln(1/alpha) */
static double half_normal_excess(double s, const void *context)
{
    const half_normal *h = context;
    double all = h->v + h->rho;
    return 0.5 * log(4.0 * h->rho / all) + s * s / (2.0 * all) +
           assay_normal_log_cdf(s / sqrt(all)) - h->target;
}

assay_status assay_normal_mixture(double *boundary, double v, double rho, bool two_sided,
                                  double alpha, assay_error *err)
{
    *boundary = INFINITY;
    ASSAY_TRY(assay_check_open_unit("normal mixture", "the error probability", alpha, err));
    ASSAY_TRY(assay_check_positive("normal mixture", "rho", rho, err));
    if (!(v >= 0.0) || isinf(v)) {
        return assay_fail(err, ASSAY_EINVAL, "normal mixture: an intrinsic time of %g", v);
    }
    double all = v + rho;
    *boundary = sqrt(all * (log1p(v / rho) - 2.0 * log(alpha)));
    if (!two_sided) {
        half_normal h = {v, rho, -log(alpha)};
        /* the half-normal mixture is at most twice the normal one, and so lies below it here */
        *boundary = assay_solve_increasing(half_normal_excess, &h, 0.0, 2.0 * *boundary);
    }
    return ASSAY_OK;
}

assay_status assay_normal_mixture_rho(double *rho, double v, double alpha, assay_error *err)
{
    *rho = NAN;
    ASSAY_TRY(assay_check_open_unit("normal mixture", "the error probability", alpha, err));
    ASSAY_TRY(assay_check_positive("normal mixture", "the intrinsic time", v, err));
    double twice = -2.0 * log(alpha);
    *rho = v / (twice + log1p(twice));
    return ASSAY_OK;
}

assay_status assay_hoeffding_sequence(double *low, double *high, double mean, int64_t n, double rho,
                                      double alpha, assay_error *err)
{
    *low = 0.0;
    *high = 1.0;
    double boundary = 0.0;
    ASSAY_TRY(assay_check_unit("confidence sequence", "the mean", mean, err));
    ASSAY_TRY(assay_check_least("confidence sequence", "the number of values", n, 1, err));
    ASSAY_TRY(assay_normal_mixture(&boundary, 0.25 * (double)n, rho, true, alpha, err));
    *low = fmax(0.0, mean - boundary / (double)n);
    *high = fmin(1.0, mean + boundary / (double)n);
    return ASSAY_OK;
}
