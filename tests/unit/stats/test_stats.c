/* Distributions, intervals and planning against golden/stats_intervals.txt. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "stats/distributions.h"
#include "stats/intervals.h"
#include "stats/planning.h"
#include "stats/special.h"

static void near(const char *what, double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance * fabs(wanted) || got == wanted)) {
        fail_msg("%s: got %.17g, wanted %.17g, relative difference %.3g", what, got, wanted,
                 fabs(got - wanted) / fabs(wanted));
    }
}

typedef assay_status (*interval_fn)(double *, double *, int64_t, int64_t, double, double,
                                    assay_error *);

static int check_interval(const char *line, const char *name, interval_fn fn)
{
    char form[64];
    int64_t x = 0, n = 0;
    double alpha = 0, low = 0, high = 0, got_low = 0, got_high = 0;
    (void)snprintf(form, sizeof form, "%s %%" SCNd64 " %%" SCNd64 " %%lf %%lf %%lf", name);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int fields = sscanf(line, form, &x, &n, &alpha, &low, &high);
#pragma GCC diagnostic pop
    if (fields != 5) {
        return 0;
    }
    double tolerance = alpha < 1e-3 ? 1e-10 : 1e-12;
    assert_int_equal(fn(&got_low, &got_high, x, n, alpha, alpha, NULL), ASSAY_OK);
    near(line, got_low, low, tolerance);
    near(line, got_high, high, tolerance);
    assert_int_equal(fn(&got_low, &got_high, x, n, alpha, 0.0, NULL), ASSAY_OK);
    near(line, got_low, low, tolerance);
    assert_true(got_high == 1.0);
    assert_int_equal(fn(&got_low, &got_high, x, n, 0.0, alpha, NULL), ASSAY_OK);
    assert_true(got_low == 0.0);
    near(line, got_high, high, tolerance);
    return 1;
}

static int check_binomial(const char *line)
{
    int64_t k = 0, n = 0, wanted = 0;
    double p = 0, q = 0, cdf = 0, sf = 0, pmf = 0;
    if (sscanf(line, "binomial %" SCNd64 " %" SCNd64 " %lf %lf %lf %lf", &k, &n, &p, &cdf, &sf,
               &pmf) == 6) {
        near(line, assay_binomial_cdf(k, n, p), cdf, cdf < 1e-3 ? 1e-10 : 1e-12);
        near(line, assay_binomial_sf(k, n, p), sf, sf < 1e-3 ? 1e-10 : 1e-12);
        near(line, assay_binomial_pmf(k, n, p), pmf, 1e-10);
        return 1;
    }
    if (sscanf(line, "quantile %lf %" SCNd64 " %lf %" SCNd64, &q, &n, &p, &wanted) == 4) {
        assert_int_equal(assay_binomial_quantile(q, n, p), wanted);
        return 1;
    }
    return 0;
}

static int check_planning(const char *line)
{
    int64_t x = 0, n = 0, wanted = 0, got = 0;
    int at_least = 0, decision = 0, decided = 0;
    double p = 0, power = 0;
    assay_proportion_claim claim = {.at_least = true};
    if (sscanf(line, "more %" SCNd64 " %" SCNd64 " %lf %d %lf %d %" SCNd64, &x, &n, &claim.limit,
               &at_least, &claim.confidence, &decision, &wanted) == 7) {
        claim.at_least = at_least != 0;
        assert_int_equal(assay_claim_decide(&decided, x, n, &claim, NULL), ASSAY_OK);
        assert_int_equal(decided, decision);
        assert_int_equal(assay_claim_more(&got, x, n, &claim, NULL), ASSAY_OK);
        if (got != wanted) {
            fail_msg("%s: got %" PRId64, line, got);
        }
        return 1;
    }
    if (sscanf(line, "fewest %lf %lf %" SCNd64, &claim.limit, &claim.confidence, &wanted) == 3) {
        assert_int_equal(assay_claim_fewest(&got, &claim, NULL), ASSAY_OK);
        assert_int_equal(got, wanted);
        return 1;
    }
    if (sscanf(line, "power %lf %" SCNd64 " %lf %lf %lf", &p, &n, &claim.limit, &claim.confidence,
               &power) == 5) {
        double result = 0;
        assert_int_equal(assay_claim_power(&result, p, n, &claim, NULL), ASSAY_OK);
        near(line, result, power, 1e-10);
        return 1;
    }
    return 0;
}

static void test_golden(void **state)
{
    (void)state;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/stats_intervals.txt", "r");
    assert_non_null(file);
    char line[512];
    int checked = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#') {
            continue;
        }
        line[strcspn(line, "\n")] = '\0';
        int known = check_interval(line, "clopper_pearson", assay_clopper_pearson) +
                    check_interval(line, "wilson", assay_wilson) +
                    check_interval(line, "jeffreys", assay_jeffreys) + check_binomial(line) +
                    check_planning(line);
        if (known != 1) {
            fail_msg("line not understood: %s", line);
        }
        checked++;
    }
    (void)fclose(file);
    assert_true(checked > 400);
}

/* The bound reaches the limit exactly when the test rejects. */
static void test_bound_and_decision_agree(void **state)
{
    (void)state;
    static const double limits[] = {0.05, 0.3, 0.5, 0.9, 0.95, 0.99};
    for (size_t t = 0; t < ASSAY_COUNT(limits); t++) {
        for (int at_least = 0; at_least < 2; at_least++) {
            assay_proportion_claim claim = {limits[t], at_least != 0, 0.95};
            for (int64_t n = 1; n < 130; n += 7) {
                for (int64_t x = 0; x <= n; x++) {
                    double low = 0, high = 0;
                    int decision = 0;
                    assert_int_equal(
                        assay_clopper_pearson(&low, &high, x, n, 1.0 - 0.95, 1.0 - 0.95, NULL),
                        ASSAY_OK);
                    assert_int_equal(assay_claim_decide(&decision, x, n, &claim, NULL), ASSAY_OK);
                    double t0 = claim.limit;
                    int wanted = at_least ? (low >= t0 ? 1 : (high < t0 ? -1 : 0))
                                          : (high <= t0 ? 1 : (low > t0 ? -1 : 0));
                    assert_int_equal(decision, wanted);
                }
            }
        }
    }
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    double low = 0, high = 0;
    int64_t more = 0;
    int decision = 0;
    assay_error err;
    static const interval_fn fns[] = {assay_clopper_pearson, assay_wilson, assay_jeffreys};
    for (size_t i = 0; i < ASSAY_COUNT(fns); i++) {
        assert_int_equal(fns[i](&low, &high, 3, 2, 0.025, 0.025, &err), ASSAY_EINVAL);
        assert_int_equal(fns[i](&low, &high, -1, 2, 0.025, 0.025, &err), ASSAY_EINVAL);
        assert_int_equal(fns[i](&low, &high, 1, 2, 0.6, 0.025, &err), ASSAY_EINVAL);
        assert_int_equal(fns[i](&low, &high, 1, 2, NAN, 0.025, &err), ASSAY_EINVAL);
        assert_int_equal(fns[i](&low, &high, 0, 0, 0.025, 0.025, &err), ASSAY_OK);
        assert_true(low == 0.0 && high == 1.0);
    }
    assay_proportion_claim bad = {1.5, true, 0.95};
    assert_int_equal(assay_claim_more(&more, 1, 2, &bad, &err), ASSAY_EINVAL);
    bad = (assay_proportion_claim){0.9, true, 1.0};
    assert_int_equal(assay_claim_decide(&decision, 1, 2, &bad, &err), ASSAY_EINVAL);
    assert_true(isnan(assay_beta_inc(-1.0, 1.0, 0.5)));
    assert_true(isnan(assay_beta_inc_inverse(1.0, 1.0, 1.5)));
    assert_true(isnan(assay_beta_inc(NAN, 1.0, 0.5)));
    assert_true(isnan(assay_binomial_cdf(1, -1, 0.5)));
    assert_int_equal(assay_binomial_quantile(0.5, 10, 2.0), -1);
}

/* Rates a hair from the limit: an answer or "never", but no endless search. */
static void test_planning_ends(void **state)
{
    (void)state;
    int64_t more = 0;
    assay_proportion_claim claim = {0.9, true, 0.95};
    assert_int_equal(assay_claim_more(&more, 9001, 10000, &claim, NULL), ASSAY_OK);
    assert_true(more > 1000000);
    assert_int_equal(assay_claim_more(&more, 900001, 1000000, &claim, NULL), ASSAY_OK);
    assert_int_equal(more, ASSAY_PLAN_NEVER);
    assert_int_equal(assay_claim_more(&more, 9, 10, &claim, NULL), ASSAY_OK);
    assert_int_equal(more, ASSAY_PLAN_NEVER);
    claim.limit = 1.0;
    assert_int_equal(assay_claim_more(&more, 10, 10, &claim, NULL), ASSAY_OK);
    assert_int_equal(more, ASSAY_PLAN_NEVER);
    assert_int_equal(assay_claim_fewest(&more, &claim, NULL), ASSAY_OK);
    assert_int_equal(more, ASSAY_PLAN_NEVER);
    claim.limit = 0.0;
    assert_int_equal(assay_claim_more(&more, 0, 10, &claim, NULL), ASSAY_OK);
    assert_int_equal(more, 0);
}

static void test_percentile(void **state)
{
    (void)state;
    double values[100], low = 0, high = 0;
    assay_error err;
    for (int i = 0; i < 100; i++) {
        values[i] = i;
    }
    assert_int_equal(assay_percentile_interval(&low, &high, values, 100, 0.025, 0.025, NULL),
                     ASSAY_OK);
    near("2.5 %", low, 2.475, 1e-14); /* numpy.percentile(range(100), [2.5, 97.5]) */
    near("97.5 %", high, 96.525, 1e-14);
    assert_int_equal(assay_percentile_interval(&low, &high, values, 100, 0.05, 0.0, NULL),
                     ASSAY_OK);
    assert_true(isinf(high));
    assert_int_equal(assay_percentile_interval(&low, &high, values, 100, 0.005, 0.005, &err),
                     ASSAY_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "200"));
    assert_int_equal(assay_percentile_interval(&low, &high, values, 0, 0.025, 0.025, &err),
                     ASSAY_EUNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),          cmocka_unit_test(test_bound_and_decision_agree),
        cmocka_unit_test(test_wrong_arguments), cmocka_unit_test(test_planning_ends),
        cmocka_unit_test(test_percentile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
