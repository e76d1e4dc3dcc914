#include "stats/sample_size.h"

#include <inttypes.h>
#include <math.h>

#include "stats/discrete.h"
#include "stats/intervals.h"
#include "stats/normal.h"
#include "stats/power.h"

static const double most = 1e9;

static assay_status check_rate(const char *what, double p, double low, double high,
                               assay_error *err)
{
    if (!(p >= low && p <= high)) {
        return assay_fail(err, ASSAY_EINVAL, "size: %s is %g, expected %g to %g", what, p, low,
                          high);
    }
    return ASSAY_OK;
}

static assay_status whole(int64_t *n, double value, assay_error *err)
{
    if (!(value <= most)) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "size: more than 1,000,000,000 samples would be "
                          "needed");
    }
    /* a quotient that is whole but for rounding is that number */
    double nearest = nearbyint(value);
    *n = (int64_t)(fabs(value - nearest) <= 1e-9 * nearest ? nearest : ceil(value));
    *n = *n < 1 ? 1 : *n;
    return ASSAY_OK;
}

assay_status assay_size_power(int64_t *n, const assay_proportion_claim *claim, double expect,
                              double power, assay_error *err)
{
    double reached = 0.0;

    *n = 0;
    ASSAY_TRY(assay_claim_power(&reached, expect, 0, claim, err)); /* checks claim and expect */
    ASSAY_TRY(check_rate("the power", power, 0.5, 0.999999, err));
    if (claim->at_least ? !(expect > claim->limit) : !(expect < claim->limit)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "size: the expected value %g must be %s than the limit %g: nothing shows "
                          "with any number of samples what is not so",
                          expect, claim->at_least ? "higher" : "lower", claim->limit);
    }
    double distance = fabs(expect - claim->limit);
    double period = 1.0 / fmin(fmax(claim->limit, 1e-12), fmax(1.0 - claim->limit, 1e-12));
    int64_t fewest = 0, about = 0;
    ASSAY_TRY(
        assay_size_one_normal(&about, claim->limit, expect, 1.0 - claim->confidence, power, err));
    ASSAY_TRY(assay_claim_fewest(&fewest, claim, err));
    double start = fmax((double)about, (double)fewest);
    /* The exact size exceeds the approximate one by about 1 / distance and one tooth of the saw. */
    double above = 3.0 / distance + 6.0 * fmin(period, start) + 50.0;
    if (fewest < 0 || !(start + above <= most)) {
        return whole(n, most * 2.0, err);
    }
    int64_t at = (int64_t)ceil(start + above);
    ASSAY_TRY(assay_claim_power(&reached, expect, at, claim, err));
    while (reached < power) {
        at *= 2;
        if (at > (int64_t)most) {
            return whole(n, most * 2.0, err);
        }
        ASSAY_TRY(assay_claim_power(&reached, expect, at, claim, err));
    }
    while (at > 1) {
        ASSAY_TRY(assay_claim_power(&reached, expect, at - 1, claim, err));
        if (reached < power) {
            break;
        }
        at--;
    }
    *n = at;
    return ASSAY_OK;
}

assay_status assay_size_failures(int64_t *n, int64_t failures, const assay_proportion_claim *claim,
                                 assay_error *err)
{
    int decision = 0;
    int64_t high = failures + 1;
    int64_t low = failures; /* all of them fail: never met, unless the claim is empty */

    *n = 0;
    if (failures < 0 || failures > 100000000) {
        return assay_fail(err, ASSAY_EINVAL, "size: %" PRId64 " failures, expected 0 to 10^8",
                          failures);
    }
    for (;; low = high, high *= 2) {
        ASSAY_TRY(assay_claim_decide(&decision, claim->at_least ? high - failures : failures, high,
                                     claim, err));
        if (decision == 1) {
            break;
        }
        if (high > (int64_t)most) {
            return whole(n, most * 2.0, err);
        }
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        ASSAY_TRY(assay_claim_decide(&decision, claim->at_least ? middle - failures : failures,
                                     middle, claim, err));
        *(decision == 1 ? &high : &low) = middle;
    }
    *n = high;
    return ASSAY_OK;
}

assay_status assay_size_pool_failures(int64_t *n, int64_t failures, int64_t pool,
                                      const assay_proportion_claim *claim, assay_error *err)
{
    int decision = 0;

    *n = 0;
    ASSAY_TRY(assay_claim_decide(&decision, 0, 0, claim, err)); /* checks the claim */
    if (pool < 1 || pool > (int64_t)most || failures < 0) {
        return assay_fail(err, ASSAY_EINVAL,
                          "size: a pool of %" PRId64 " with %" PRId64 " failures makes no sense",
                          pool, failures);
    }
    /* The fewest bad items with which the claim about the pool is false. */
    double allowed = (claim->at_least ? 1.0 - claim->limit : claim->limit) * (double)pool;
    int64_t bad = (int64_t)floor(allowed + 1e-9 * (1.0 + allowed)) + 1;
    if (bad > pool) {
        *n = failures + 1;
        return ASSAY_OK;
    }
    if (failures >= bad) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "size: %" PRId64 " failures in a pool of %" PRId64
                          " are more than the requirement allows, whatever else is found",
                          failures, pool);
    }
    int64_t low = failures; /* P(X <= failures) falls with n, and is 0 for the whole pool */
    int64_t high = pool;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        bool enough =
            assay_hypergeometric_cdf(failures, pool, bad, middle) <= 1.0 - claim->confidence;
        *(enough ? &high : &low) = middle;
    }
    *n = high;
    return ASSAY_OK;
}

static assay_status narrow(bool *out, int64_t n, double expect, double half_width, double alpha,
                           assay_error *err)
{
    double low = 0.0, high = 1.0;

    ASSAY_TRY(assay_clopper_pearson(&low, &high, (int64_t)nearbyint(expect * (double)n), n,
                                    alpha / 2.0, alpha / 2.0, err));
    *out = high - low <= 2.0 * half_width;
    return ASSAY_OK;
}

assay_status assay_size_precision(int64_t *n, double expect, double half_width, double confidence,
                                  assay_error *err)
{
    double alpha = 1.0 - confidence;
    bool enough = false;

    *n = 0;
    ASSAY_TRY(check_rate("the expected rate", expect, 0.0, 1.0, err));
    ASSAY_TRY(check_rate("the half width", half_width, 1e-6, 0.5, err));
    ASSAY_TRY(check_rate("the confidence", confidence, 0.5, 0.999999, err));
    double z = assay_normal_quantile_upper(alpha / 2.0) / half_width;
    /* Well above the answer: the normal size at a slightly wider spread, and the tail's n. */
    double spread = expect * (1.0 - expect) + 2.0 * half_width;
    double start = ceil(z * z * fmin(spread, 0.25) + 3.0 / half_width + 50.0);
    if (start > most) {
        return whole(n, start, err);
    }
    int64_t low = 0;
    int64_t high = (int64_t)start;
    while (high - low > 1) { /* the width falls with n but for the rounding of the successes */
        int64_t middle = low + (high - low) / 2;
        ASSAY_TRY(narrow(&enough, middle, expect, half_width, alpha, err));
        *(enough ? &high : &low) = middle;
    }
    int64_t last = 0; /* the last size that is too wide, around there */
    int64_t from = high > 2000 ? high - 2000 : 1;
    for (int64_t k = from; k <= high + 2000; k++) {
        ASSAY_TRY(narrow(&enough, k, expect, half_width, alpha, err));
        last = enough ? last : k;
    }
    *n = last + 1;
    return ASSAY_OK;
}

int64_t assay_size_in_pool(int64_t n, int64_t pool)
{
    double corrected = (double)n / (1.0 + ((double)n - 1.0) / (double)pool);

    return (int64_t)ceil(corrected - 1e-9 * corrected);
}
