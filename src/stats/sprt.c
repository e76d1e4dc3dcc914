#include "stats/sprt.h"

#include <math.h>

#include "stats/check.h"
#include "stats/solve.h"

static assay_status check_test(const assay_sprt *test, assay_error *err)
{
    ASSAY_TRY(assay_check_open_unit("SPRT", "p0", test->p0, err));
    ASSAY_TRY(assay_check_open_unit("SPRT", "p1", test->p1, err));
    if (test->p0 == test->p1) {
        return assay_fail(err, ASSAY_EINVAL, "SPRT: p0 and p1 are both %g", test->p0);
    }
    if (!(test->alpha > 0.0 && test->alpha < 0.5 && test->beta > 0.0 && test->beta < 0.5)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "SPRT: error probabilities %g and %g must be between 0 and 0.5",
                          test->alpha, test->beta);
    }
    return ASSAY_OK;
}

/* What a success and a failure add to the log ratio. */
static void steps(double *success, double *failure, const assay_sprt *test)
{
    *success = log(test->p1 / test->p0);
    *failure = log1p(-test->p1) - log1p(-test->p0);
}

assay_status assay_sprt_decide(assay_sprt_state *out, const assay_sprt *test, int64_t x, int64_t n,
                               assay_error *err)
{
    *out = (assay_sprt_state){0};
    ASSAY_TRY(check_test(test, err));
    ASSAY_TRY(assay_check_counts("SPRT", x, n, err));
    double success = 0.0, failure = 0.0;
    steps(&success, &failure, test);
    out->log_ratio = (double)x * success + (double)(n - x) * failure;
    out->upper = log1p(-test->beta) - log(test->alpha);
    out->lower = log(test->beta) - log1p(-test->alpha);
    out->decision = out->log_ratio >= out->upper ? 1 : (out->log_ratio <= out->lower ? -1 : 0);
    return ASSAY_OK;
}

typedef struct moments {
    double p, success, failure, sign;
} moments;

/* E[exp(h step)] - 1, convex in h with zeros at 0 and at the h that is wanted, on the side `sign`;
 * divided by h it increases there. */
static double moment(double h, const void *context)
{
    const moments *m = context;
    double at = m->sign * h;
    return m->p * expm1(at * m->success) + (1.0 - m->p) * expm1(at * m->failure);
}

assay_status assay_sprt_expect(double *accept_p0, double *trials, const assay_sprt *test, double p,
                               assay_error *err)
{
    *accept_p0 = NAN;
    *trials = NAN;
    ASSAY_TRY(check_test(test, err));
    ASSAY_TRY(assay_check_open_unit("SPRT", "the probability", p, err));
    moments m = {.p = p};
    steps(&m.success, &m.failure, test);
    double upper = log1p(-test->beta) - log(test->alpha);
    double lower = log(test->beta) - log1p(-test->alpha);
    double drift = p * m.success + (1.0 - p) * m.failure;
    double variance = p * (1.0 - p) * (m.success - m.failure) * (m.success - m.failure);
    /* h has the sign against the drift; near no drift h = -2 drift / variance */
    if (fabs(drift) < 1e-9 * sqrt(variance)) {
        *accept_p0 = upper / (upper - lower);
        *trials = -upper * lower / variance;
        return ASSAY_OK;
    }
    m.sign = drift > 0.0 ? -1.0 : 1.0;
    double small = 1e-3 * fabs(drift) / variance;
    double h = m.sign * assay_solve_increasing(moment, &m, small, 1e4);
    *accept_p0 = -expm1(h * upper) / (exp(h * lower) - exp(h * upper));
    *accept_p0 = fmin(1.0, fmax(0.0, *accept_p0));
    *trials = (*accept_p0 * lower + (1.0 - *accept_p0) * upper) / drift;
    return ASSAY_OK;
}
