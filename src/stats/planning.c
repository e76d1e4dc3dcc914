#include "stats/planning.h"

#include <inttypes.h>
#include <math.h>

#include "stats/distributions.h"
#include "stats/special.h"

static const double most_samples = 1e9;

static assay_status check(const assay_proportion_claim *claim, assay_error *err)
{
    if (!(claim->limit >= 0.0 && claim->limit <= 1.0)) {
        return assay_fail(err, ASSAY_EINVAL, "planning: a limit of %g is not in [0, 1]",
                          claim->limit);
    }
    if (!(claim->confidence >= 0.5 && claim->confidence < 1.0)) {
        return assay_fail(err, ASSAY_EINVAL, "planning: a confidence of %g is not in [0.5, 1)",
                          claim->confidence);
    }
    return ASSAY_OK;
}

/* A claim p <= limit is the claim 1 - p >= 1 - limit about the failures; everything below knows
 * only the first kind. `limit` and its complement are kept apart so that neither is rounded. */
typedef struct view {
    double limit;
    double rest; /* 1 - limit */
    double alpha;
} view;

static view view_of(const assay_proportion_claim *claim)
{
    double rest = 1.0 - claim->limit;
    return (view){.limit = claim->at_least ? claim->limit : rest,
                  .rest = claim->at_least ? rest : claim->limit,
                  .alpha = 1.0 - claim->confidence};
}

/* By duality of interval and test the bounds need no quantile: the lower bound of x of n is >= t
 * iff P(X >= x | p = t) <= alpha, the upper bound is < t iff P(X <= x | p = t) < alpha. x need not
 * be an integer. */
static bool met(double x, double n, const view *v)
{
    if (v->limit <= 0.0) {
        return true;
    }
    if (x <= 0.0) {
        return false;
    }
    double tail = v->limit >= v->rest ? assay_beta_inc_upper(n - x + 1.0, x, v->rest)
                                      : assay_beta_inc(x, n - x + 1.0, v->limit);
    return tail <= v->alpha;
}

static bool not_met(double x, double n, const view *v)
{
    if (v->limit <= 0.0 || x >= n) {
        return false;
    }
    double tail = v->limit >= v->rest ? assay_beta_inc(n - x, x + 1.0, v->rest)
                                      : assay_beta_inc_upper(x + 1.0, n - x, v->limit);
    return tail < v->alpha;
}

static assay_status check_counts(int64_t x, int64_t n, assay_error *err)
{
    if (n < 0 || x < 0 || x > n) {
        return assay_fail(err, ASSAY_EINVAL,
                          "planning: %" PRId64 " successes in %" PRId64 " trials make no sense", x,
                          n);
    }
    return ASSAY_OK;
}

assay_status assay_claim_decide(int *out, int64_t x, int64_t n, const assay_proportion_claim *claim,
                                assay_error *err)
{
    *out = 0;
    ASSAY_TRY(check(claim, err));
    ASSAY_TRY(check_counts(x, n, err));
    view v = view_of(claim);
    double successes = (double)(claim->at_least ? x : n - x);
    if (met(successes, (double)n, &v)) {
        *out = 1;
    } else if (not_met(successes, (double)n, &v)) {
        *out = -1;
    }
    return ASSAY_OK;
}

typedef struct course {
    const view *v;
    double x, n, rate;
    bool upwards; /* towards met, else towards not met */
} course;

/* Decided after m more trials with `shift` fewer successes (more, on the way to not met) than the
 * rate promises? Monotone in m while the rate is on its side of the limit. */
static bool decided_at(const course *c, double m, double shift)
{
    double n = c->n + m;
    double x = c->x + c->rate * m;
    if (c->upwards) {
        return met(x - shift, n, c->v);
    }
    return x + shift < n && not_met(x + shift, n, c->v);
}

/* Whole successes, rounded against the decision. */
static bool decided_whole(const course *c, double m)
{
    double gained = c->rate * m;
    double nearest = nearbyint(gained);
    /* x/n * m that is an integer but for rounding is that integer */
    if (fabs(gained - nearest) <= 1e-9 * (1.0 + fabs(gained))) {
        gained = nearest;
    } else {
        gained = c->upwards ? floor(gained) : ceil(gained);
    }
    return c->upwards ? met(c->x + gained, c->n + m, c->v) : not_met(c->x + gained, c->n + m, c->v);
}

/* Smallest m that decides, by bisection; most_samples + 1 when none does. */
static double bisect(const course *c, double shift)
{
    double low = -1.0;
    double high = 1.0;
    while (high <= most_samples && !decided_at(c, high, shift)) {
        low = high;
        high *= 2.0;
    }
    if (high > most_samples) {
        high = most_samples + 1.0;
        if (!decided_at(c, most_samples, shift)) {
            return high;
        }
    }
    while (high - low > 1.0) {
        double middle = floor((low + high) / 2.0);
        if (decided_at(c, middle, shift)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}

assay_status assay_claim_more(int64_t *more, int64_t x, int64_t n,
                              const assay_proportion_claim *claim, assay_error *err)
{
    *more = ASSAY_PLAN_NEVER;
    int decision = 0;
    ASSAY_TRY(assay_claim_decide(&decision, x, n, claim, err));
    if (decision != 0) {
        *more = 0;
        return ASSAY_OK;
    }
    if (n == 0) {
        return ASSAY_OK;
    }
    view v = view_of(claim);
    course c = {.v = &v, .x = (double)(claim->at_least ? x : n - x), .n = (double)n};
    c.rate = c.x / c.n;
    c.upwards = c.rate > v.limit;
    if (c.rate == v.limit) {
        return ASSAY_OK;
    }
    /* The answer in whole successes lies between the one with fractions and the one with a whole
     * success less. The width of that gap is about 1 / |rate - limit|. */
    double first = bisect(&c, 0.0);
    double last = bisect(&c, 1.0);
    for (double m = first; m <= last && m <= most_samples; m += 1.0) {
        if (decided_whole(&c, m)) {
            *more = (int64_t)m;
            return ASSAY_OK;
        }
    }
    return ASSAY_OK;
}

assay_status assay_claim_fewest(int64_t *n, const assay_proportion_claim *claim, assay_error *err)
{
    *n = ASSAY_PLAN_NEVER;
    ASSAY_TRY(check(claim, err));
    view v = view_of(claim);
    if (v.limit <= 0.0) {
        *n = 0;
        return ASSAY_OK;
    }
    double log_limit = v.limit >= v.rest ? log1p(-v.rest) : log(v.limit);
    double needed = ceil(log(v.alpha) / log_limit);
    if (!(needed <= most_samples)) {
        return ASSAY_OK;
    }
    /* ceil of a rounded quotient may be one off */
    double trials = needed > 1.0 ? needed - 1.0 : 1.0;
    while (!met(trials, trials, &v)) {
        trials += 1.0;
    }
    *n = (int64_t)trials;
    return ASSAY_OK;
}

assay_status assay_claim_power(double *out, double p, int64_t n,
                               const assay_proportion_claim *claim, assay_error *err)
{
    *out = 0.0;
    ASSAY_TRY(check(claim, err));
    ASSAY_TRY(check_counts(0, n, err));
    if (!(p >= 0.0 && p <= 1.0)) {
        return assay_fail(err, ASSAY_EINVAL, "planning: a probability of %g is not in [0, 1]", p);
    }
    view v = view_of(claim);
    int64_t low = -1; /* not met with so many successes */
    int64_t high = n + 1;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (met((double)middle, (double)n, &v)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    /* met iff successes (claim at least) or failures (claim at most) reach `high` */
    *out = claim->at_least ? assay_binomial_sf(high - 1, n, p) : assay_binomial_cdf(n - high, n, p);
    return ASSAY_OK;
}
