#include "stats/exact_power.h"

#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "stats/discrete.h"
#include "stats/distributions.h"
#include "stats/power.h"

/* ---- a finite pool ---- */

/* The fewest items against it with which a claim about the pool is false. */
static int64_t breaking(int64_t pool, const assay_proportion_claim *claim)
{
    double allowed = (claim->at_least ? 1.0 - claim->limit : claim->limit) * (double)pool;
    return (int64_t)floor(allowed + 1e-9 * (1.0 + allowed)) + 1;
}

assay_status assay_pool_power(double *power, int64_t *allowed, int64_t n, int64_t bad, int64_t pool,
                              const assay_proportion_claim *claim, assay_error *err)
{
    int decision = 0;
    *power = NAN;
    *allowed = -1;
    ASSAY_TRY(assay_claim_decide(&decision, 0, 0, claim, err)); /* checks the claim */
    if (pool < 1 || pool > 1000000000 || n < 0 || n > pool || bad < 0 || bad > pool) {
        return assay_fail(err, ASSAY_EINVAL,
                          "size: %" PRId64 " of a pool of %" PRId64 " with %" PRId64
                          " against the claim makes no sense",
                          n, pool, bad);
    }
    int64_t wrong = breaking(pool, claim);
    int64_t yes = -1, no = n + 1;
    while (no - yes > 1) {
        int64_t middle = yes + (no - yes) / 2;
        bool shown = wrong > pool ||
                     (middle < wrong &&
                      assay_hypergeometric_cdf(middle, pool, wrong, n) <= 1.0 - claim->confidence);
        *(shown ? &yes : &no) = middle;
    }
    *allowed = yes;
    *power = yes < 0 ? 0.0 : assay_hypergeometric_cdf(yes, pool, bad, n);
    return ASSAY_OK;
}

/* ---- sizes ---- */

typedef struct question {
    double first, second, alpha; /* two groups, or flips; pool: alpha unused */
    int64_t bad, pool;
    const assay_proportion_claim *claim;
    assay_status (*power)(double *power, int64_t n, const struct question *q, assay_error *err);
} question;

/* From a size that reaches the power downwards until one does not. */
static assay_status walk(int64_t *n, const question *q, int64_t start, int64_t most, double power,
                         assay_error *err)
{
    double reached = 0.0;
    int64_t at = start < 1 ? 1 : start < most ? start : most;
    ASSAY_TRY(q->power(&reached, at, q, err));
    while (reached < power) {
        if (at == most) {
            return assay_fail(err, ASSAY_ELIMIT,
                              "size: more than %" PRId64
                              " samples would be needed, which is more than is computed exactly",
                              most);
        }
        at = at > most / 2 ? most : 2 * at;
        ASSAY_TRY(q->power(&reached, at, q, err));
    }
    while (at > 1) {
        ASSAY_TRY(q->power(&reached, at - 1, q, err));
        if (reached < power) {
            break;
        }
        at--;
    }
    *n = at;
    return ASSAY_OK;
}

static assay_status power_of_pool(double *power, int64_t n, const question *q, assay_error *err)
{
    int64_t allowed = 0;
    return assay_pool_power(power, &allowed, n, q->bad, q->pool, q->claim, err);
}

assay_status assay_size_pool_power(int64_t *n, int64_t about, int64_t pool, double expect,
                                   double power, const assay_proportion_claim *claim,
                                   assay_error *err)
{
    double against = (claim->at_least ? 1.0 - expect : expect) * (double)pool;
    question q = {
        .bad = (int64_t)nearbyint(against), .pool = pool, .claim = claim, .power = power_of_pool};
    *n = 0;
    if (q.bad >= breaking(pool, claim)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "size: with %" PRId64 " of %" PRId64
                          " against it the pool does not fulfil the requirement",
                          q.bad, pool);
    }
    double limit = claim->limit, distance = fabs(expect - limit);
    double tooth = 1.0 / fmin(fmax(limit, 1e-12), fmax(1.0 - limit, 1e-12));
    double above = 3.0 / distance + 6.0 * fmin(tooth, (double)about) + 50.0;
    double start = fmin((double)pool, (double)about + above);
    return walk(n, &q, (int64_t)start, pool, power, err);
}

/* ---- two groups ---- */

static double fisher(int64_t n, const double *first, const double *second, double alpha)
{
    double sum = 0.0;
    int64_t k = -1; /* the largest first count that is small enough; it never falls with m */
    for (int64_t m = 0; m <= 2 * n; m++) {
        int64_t least = m > n ? m - n : 0;
        k = k < least - 1 ? least - 1 : k;
        while (2 * (k + 1) < m && 2.0 * assay_hypergeometric_cdf(k + 1, 2 * n, m, n) <= alpha) {
            k++;
        }
        for (int64_t x = least; x <= k; x++) {
            sum += first[x] * second[m - x] + first[m - x] * second[x];
        }
    }
    return fmin(1.0, sum);
}

assay_status assay_power_fisher(double *power, int64_t n, double p1, double p2, double alpha,
                                assay_error *err)
{
    double unused = 0.0;
    *power = NAN;
    ASSAY_TRY(assay_power_two_tails(&unused, n, p1, p2, alpha, err)); /* checks */
    if (n > ASSAY_EXACT_SIZE_MOST) {
        return assay_fail(err, ASSAY_ELIMIT, "sample size: exact power for at most %d per group",
                          ASSAY_EXACT_SIZE_MOST);
    }
    double *mass = assay_alloc_raw(2 * ((size_t)n + 1), sizeof *mass);
    if (mass == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t x = 0; x <= n; x++) {
        mass[x] = assay_binomial_pmf(x, n, p1);
        mass[n + 1 + x] = assay_binomial_pmf(x, n, p2);
    }
    *power = fisher(n, mass, mass + n + 1, alpha);
    assay_free(mass);
    return ASSAY_OK;
}

static assay_status power_of_fisher(double *power, int64_t n, const question *q, assay_error *err)
{
    return assay_power_fisher(power, n, q->first, q->second, q->alpha, err);
}

assay_status assay_size_fisher(int64_t *n, double p1, double p2, double alpha, double power,
                               assay_error *err)
{
    question q = {.first = p1, .second = p2, .alpha = alpha, .power = power_of_fisher};
    int64_t about = 0;
    *n = 0;
    ASSAY_TRY(assay_size_two(&about, p1, p2, alpha, power, true, err));
    return walk(n, &q, about + about / 50 + 10, ASSAY_EXACT_SIZE_MOST, power, err);
}

static assay_status power_of_mcnemar(double *power, int64_t n, const question *q, assay_error *err)
{
    return assay_power_mcnemar(power, n, q->first, q->second, q->alpha, false, err);
}

assay_status assay_size_mcnemar_exact(int64_t *n, double p10, double p01, double alpha,
                                      double power, assay_error *err)
{
    question q = {.first = p10, .second = p01, .alpha = alpha, .power = power_of_mcnemar};
    int64_t about = 0;
    *n = 0;
    ASSAY_TRY(assay_size_mcnemar(&about, p10, p01, alpha, power, err));
    double start = (double)about + 3.0 / fabs(p10 - p01) + (double)about / 50.0 + 10.0;
    return walk(n, &q, (int64_t)fmin(start, 1e9), ASSAY_EXACT_SIZE_MOST, power, err);
}
