/* multiplicity, sprt, mixture, betting and sample_size against golden/stats_sequential.txt; what must
 * hold of any; refusals. */
#include "unit/stats/golden_functions.h"

#include "base/error.h"
#include "stats/betting.h"
#include "stats/distributions.h"
#include "stats/mixture.h"
#include "stats/multiplicity.h"
#include "stats/power.h"
#include "stats/sample_size.h"
#include "stats/sprt.h"

static void ok(assay_status status)
{
    assert_int_equal(status, ASSAY_OK);
}

enum { MOST = 64 };

/* a = seed, m */
static void p_values(double *p, const double *a)
{
    for (int i = 0; i < (int)a[1]; i++) {
        uint32_t state = (uint32_t)a[0] + (uint32_t)i;
        int square = (1 + i % 7) * (1 + i % 7);
        p[i] = (double)(1 + sequence_next(&state, 1000)) / (1001.0 * square);
    }
}

static double call_adjusted(const double *a)
{
    double p[MOST];
    p_values(p, a);
    ok(assay_adjust(p, p, (int64_t)a[1], (assay_adjustment)(int)a[2], NULL));
    return p[(int)a[3]];
}

static double call_e_bh(const double *a)
{
    double p[MOST], e[MOST];
    p_values(p, a);
    for (int i = 0; i < (int)a[1]; i++) {
        e[i] = 1.0 / p[i];
    }
    ok(assay_e_benjamini_hochberg(p, e, (int64_t)a[1], NULL));
    return p[(int)a[2]];
}

static double max_t(const double *a, bool step)
{
    static double null[16 * 512];
    double observed[16], adjusted[16];
    uint32_t state = (uint32_t)a[0];
    int64_t m = (int64_t)a[1], replicates = (int64_t)a[2];
    for (int64_t j = 0; j < m; j++) {
        observed[j] = (double)sequence_next(&state, 100) / 10.0 + (double)j / 100.0 + 2.0;
    }
    for (int64_t i = 0; i < m * replicates; i++) {
        null[i] = (double)sequence_next(&state, 100) / 10.0;
    }
    ok(assay_max_t(adjusted, observed, null, replicates, m, step, NULL));
    return adjusted[(int)a[3]];
}

GOLDEN_CALL(max_t_single, max_t(a, false))
GOLDEN_CALL(max_t_step, max_t(a, true))

static double call_sprt_log_ratio(const double *a)
{
    assay_sprt test = {a[0], a[1], a[2], a[3]};
    assay_sprt_state s;
    ok(assay_sprt_decide(&s, &test, (int64_t)a[4], (int64_t)a[5], NULL));
    assert_int_equal(s.decision, s.log_ratio >= s.upper ? 1 : (s.log_ratio <= s.lower ? -1 : 0));
    return s.log_ratio;
}

static double call_sprt_accept(const double *a)
{
    assay_sprt test = {a[0], a[1], a[2], a[3]};
    double accept = 0, trials = 0;
    ok(assay_sprt_expect(&accept, &trials, &test, a[4], NULL));
    return accept;
}

static double call_sprt_trials(const double *a)
{
    assay_sprt test = {a[0], a[1], a[2], a[3]};
    double accept = 0, trials = 0;
    ok(assay_sprt_expect(&accept, &trials, &test, a[4], NULL));
    return trials;
}

static double sequence_end(const double *a, int high)
{
    double ends[2];
    ok(assay_bernoulli_sequence(&ends[0], &ends[1], (int64_t)a[0], (int64_t)a[1], a[2], a[3], a[4],
                                NULL));
    return ends[high];
}

GOLDEN_CALL(sequence_low, sequence_end(a, 0))
GOLDEN_CALL(sequence_high, sequence_end(a, 1))

static double call_bernoulli_e(const double *a)
{
    double e = 0;
    ok(assay_bernoulli_e(&e, (int64_t)a[0], (int64_t)a[1], a[2], a[3], a[4], NULL));
    return e;
}

static double call_one_sided_e(const double *a)
{
    double e = 0;
    ok(assay_bernoulli_one_sided_e(&e, (int64_t)a[0], (int64_t)a[1], a[2], a[3] != 0.0, a[4], a[5],
                                   NULL));
    return e;
}

static double call_mixture_rho(const double *a)
{
    double rho = 0;
    ok(assay_normal_mixture_rho(&rho, a[0], a[1], NULL));
    return rho;
}

static double call_normal_mixture(const double *a)
{
    double boundary = 0;
    ok(assay_normal_mixture(&boundary, a[0], a[1], a[2] != 0.0, a[3], NULL));
    return boundary;
}

static double pool_end(const double *a, int high)
{
    int64_t ends[2];
    ok(assay_pool_sequence(&ends[0], &ends[1], (int64_t)a[0], (int64_t)a[1], (int64_t)a[2], a[3],
                           a[3], a[4], NULL));
    return (double)ends[high];
}

GOLDEN_CALL(pool_low, pool_end(a, 0))
GOLDEN_CALL(pool_high, pool_end(a, 1))

/* a = seed, n, levels, N, alpha */
static double betting_end(const double *a, int high)
{
    uint32_t state = (uint32_t)a[0];
    assay_betting *b = NULL;
    double ends[2];
    int64_t n = 0;
    ok(assay_betting_new(&b, 200, (int64_t)a[3], a[4], NULL));
    for (int i = 0; i < (int)a[1]; i++) {
        ok(assay_betting_add(b, (double)sequence_next(&state, (int64_t)a[2] + 1) / a[2], NULL));
    }
    assay_betting_interval(&ends[0], &ends[1], &n, b);
    assert_int_equal(n, (int64_t)a[1]);
    assay_betting_free(b);
    return ends[high];
}

GOLDEN_CALL(betting_low, betting_end(a, 0))
GOLDEN_CALL(betting_high, betting_end(a, 1))

static assay_bernstein bernstein(const double *a)
{
    uint32_t state = (uint32_t)a[0];
    assay_bernstein b = {.alpha = a[4], .N = (int64_t)a[3]};
    for (int i = 0; i < (int)a[1]; i++) {
        ok(assay_bernstein_add(&b, (double)sequence_next(&state, (int64_t)a[2] + 1) / a[2], NULL));
    }
    return b;
}

GOLDEN_CALL(bernstein_low, bernstein(a).low)
GOLDEN_CALL(bernstein_high, bernstein(a).high)

static double call_size_one_normal(const double *a)
{
    int64_t n = 0;
    ok(assay_size_one_normal(&n, a[0], a[1], a[2], a[3], NULL));
    return (double)n;
}

/* The claim that the exact test of p0 in the direction of p1 makes. */
static double call_size_one_exact(const double *a)
{
    const assay_proportion_claim claim = {a[0], a[1] > a[0], 1.0 - a[2]};
    int64_t n = 0;
    double power = 0;
    ok(assay_size_power(&n, &claim, a[1], a[3], NULL));
    ok(assay_claim_power(&power, a[1], n, &claim, NULL));
    assert_true(power >= a[3]);
    ok(assay_claim_power(&power, a[1], n - 1, &claim, NULL));
    assert_true(power < a[3]);
    return (double)n;
}

static double call_size_two(const double *a)
{
    int64_t n = 0;
    ok(assay_size_two(&n, a[0], a[1], a[2], a[3], a[4] != 0.0, NULL));
    if (a[4] == 0.0) {
        double power = 0;
        ok(assay_power_two(&power, n, a[0], a[1], a[2], NULL));
        assert_true(power >= a[3]);
        ok(assay_power_two(&power, n - 1, a[0], a[1], a[2], NULL));
        assert_true(power < a[3]);
    }
    return (double)n;
}

static double call_size_mcnemar(const double *a)
{
    int64_t n = 0;
    ok(assay_size_mcnemar(&n, a[0], a[1], a[2], a[3], NULL));
    return (double)n;
}

static double call_power_mcnemar(const double *a)
{
    double power = 0;
    ok(assay_power_mcnemar(&power, (int64_t)a[0], a[1], a[2], a[3], a[4] != 0.0, NULL));
    return power;
}

static double call_size_demonstration(const double *a)
{
    int64_t n = 0;
    assay_proportion_claim claim = {a[0], true, a[1]};
    ok(assay_size_failures(&n, (int64_t)a[2], &claim, NULL));
    return (double)n;
}

static double call_size_pool(const double *a)
{
    int64_t n = 0;
    /* a pool with a[1] failures does not meet the claim, with one less it does */
    assay_proportion_claim claim = {1.0 - (a[1] - 0.5) / a[0], true, a[2]};
    ok(assay_size_pool_failures(&n, (int64_t)a[3], (int64_t)a[0], &claim, NULL));
    return (double)n;
}

static double call_size_width(const double *a)
{
    int64_t n = 0;
    ok(assay_size_width(&n, a[0], a[1], a[2], a[3] != 0.0, NULL));
    return (double)n;
}

static golden_function table[] = {
    GOLDEN_ROW(adjusted, 4, 1e-12),         GOLDEN_ROW(e_bh, 3, 1e-12),
    GOLDEN_ROW(max_t_single, 4, 1e-14),     GOLDEN_ROW(max_t_step, 4, 1e-14),
    GOLDEN_ROW(sprt_log_ratio, 6, 1e-9),    GOLDEN_ROW(sprt_accept, 5, 1e-9),
    GOLDEN_ROW(sprt_trials, 5, 1e-9),       GOLDEN_ROW(sequence_low, 5, 1e-11),
    GOLDEN_ROW(sequence_high, 5, 1e-11),    GOLDEN_ROW(bernoulli_e, 5, 1e-11),
    GOLDEN_ROW(one_sided_e, 6, 1e-9),       GOLDEN_ROW(mixture_rho, 2, 1e-14),
    GOLDEN_ROW(normal_mixture, 4, 1e-9),    GOLDEN_ROW(pool_low, 5, 0.0),
    GOLDEN_ROW(pool_high, 5, 0.0),          GOLDEN_ROW(betting_low, 5, 1e-12),
    GOLDEN_ROW(betting_high, 5, 1e-12),     GOLDEN_ROW(bernstein_low, 5, 1e-11),
    GOLDEN_ROW(bernstein_high, 5, 1e-11),   GOLDEN_ROW(size_one_normal, 4, 0.0),
    GOLDEN_ROW(size_one_exact, 4, 0.0),     GOLDEN_ROW(size_two, 5, 0.0),
    GOLDEN_ROW(size_mcnemar, 4, 0.0),       GOLDEN_ROW(power_mcnemar, 5, 1e-9),
    GOLDEN_ROW(size_demonstration, 3, 0.0), GOLDEN_ROW(size_pool, 4, 0.0),
    GOLDEN_ROW(size_width, 4, 0.0),
};

static void test_golden(void **state)
{
    (void)state;
    golden_check(ASSAY_TEST_DATA "/golden/stats_sequential.txt", table, ASSAY_COUNT(table));
}

/* The bound excludes p0 exactly when the e-value against it reaches 1 / alpha. */
static void test_bound_and_e_value_agree(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 200; n += 22) {
        for (int64_t x = 0; x <= n; x += 3) {
            double low = 0, high = 0, e = 0;
            ok(assay_bernoulli_bound(&low, x, n, true, 1.0, 1.0, 0.05, NULL));
            ok(assay_bernoulli_bound(&high, x, n, false, 1.0, 1.0, 0.05, NULL));
            for (int i = 1; i < 40; i++) {
                double p0 = i / 40.0 + 0.0001;
                if (p0 < 1.0) {
                    ok(assay_bernoulli_one_sided_e(&e, x, n, p0, true, 1.0, 1.0, NULL));
                    assert_int_equal(e >= log(20.0), p0 < low);
                    ok(assay_bernoulli_one_sided_e(&e, x, n, p0, false, 1.0, 1.0, NULL));
                    assert_int_equal(e >= log(20.0), p0 > high);
                }
            }
        }
    }
}

/* The expectation of an e-value is 1 under p0, summed over all outcomes of n trials. */
static void test_e_values_are_fair(void **state)
{
    (void)state;
    const int64_t n = 40;
    double both = 0.0, above = 0.0, ratio = 0.0;
    for (int64_t x = 0; x <= n; x++) {
        double mass = assay_binomial_pmf(x, n, 0.8), e = 0;
        ok(assay_bernoulli_e(&e, x, n, 0.8, 0.5, 2.0, NULL));
        both += mass * exp(e);
        ok(assay_bernoulli_one_sided_e(&e, x, n, 0.8, true, 1.0, 1.0, NULL));
        above += mass * exp(e);
        ok(assay_bernoulli_ratio_e(&e, x, n, 0.8, 0.9, NULL));
        ratio += mass * exp(e);
    }
    golden_near("mixture", both, 1.0, 1e-11);
    golden_near("one-sided", above, 1.0, 1e-11);
    golden_near("ratio", ratio, 1.0, 1e-11);
    /* with p1 = 0 the zero-failure demonstration: 59 successes against p <= 0.95 */
    double e = 0;
    ok(assay_bernoulli_ratio_e(&e, 59, 59, 0.95, 1.0 - 1e-15, NULL));
    assert_true(e >= log(20.0));
    ok(assay_bernoulli_ratio_e(&e, 58, 58, 0.95, 1.0 - 1e-15, NULL));
    assert_true(e < log(20.0));
}

static void test_planning(void **state)
{
    (void)state;
    int64_t n = 0;
    assay_proportion_claim known = {0.95, true, 0.95};
    ok(assay_size_failures(&n, 0, &known, NULL)); /* the well-known 59, 93, 124 */
    assert_int_equal(n, 59);
    ok(assay_size_failures(&n, 1, &known, NULL));
    assert_int_equal(n, 93);
    ok(assay_size_failures(&n, 2, &known, NULL));
    assert_int_equal(n, 124);
    ok(assay_size_width(&n, 0.5, 0.05, 0.05, false, NULL));
    assert_int_equal(n, 385);
    ok(assay_size_inflate(&n, 100, 1.9, 0.05, NULL));
    assert_int_equal(n, 200);
    /* 0.5 against 0.6: z = 1.645 and 0.842 give 154 (Fleiss) */
    ok(assay_size_one_normal(&n, 0.5, 0.6, 0.05, 0.8, NULL));
    assert_int_equal(n, 153);
}

static void test_sequences_shrink(void **state)
{
    (void)state;
    assay_betting *b = NULL;
    double low = 0, high = 1, before_low = 0, before_high = 1;
    int64_t n = 0;
    ok(assay_betting_new(&b, 100, 0, 0.05, NULL));
    for (int i = 0; i < 3000; i++) { /* 0.5 without spread: narrower than the grid in the end */
        ok(assay_betting_add(b, 0.505, NULL));
        assay_betting_interval(&low, &high, &n, b);
        assert_true(low >= before_low && high <= before_high && low < 0.505 && high > 0.505);
        before_low = low;
        before_high = high;
    }
    assert_true(high - low < 0.04);
    assay_betting_free(b);
    assay_betting_free(NULL);
    /* without replacement nothing is open in the end */
    ok(assay_betting_new(&b, 100, 40, 0.05, NULL));
    assay_bernstein s = {.alpha = 0.05, .N = 40};
    for (int i = 0; i < 40; i++) {
        ok(assay_betting_add(b, i % 4 == 0, NULL));
        ok(assay_bernstein_add(&s, i % 4 == 0, NULL));
    }
    assay_betting_interval(&low, &high, &n, b);
    assert_true(low == 0.25 && high == 0.25 && s.low == 0.25 && s.high == 0.25);
    assert_int_equal(assay_betting_add(b, 0.0, NULL), ASSAY_EINVAL);
    assay_betting_free(b);
    ok(assay_hoeffding_sequence(&low, &high, 0.5, 1000, 10.0, 0.05, NULL));
    assert_true(low > 0.4 && low < 0.5 && high + low == 1.0);
}

static void test_fixed_sequence(void **state)
{
    (void)state;
    const double p[4] = {0.01, 0.04, 0.02, 0.9}, wanted[4] = {0.01, 0.04, 0.04, 0.9};
    double adjusted[4];
    ok(assay_fixed_sequence(adjusted, p, 4, NULL));
    assert_memory_equal(adjusted, wanted, sizeof wanted);
    ok(assay_adjust(adjusted, p, 4, ASSAY_ADJUST_NONE, NULL));
    assert_memory_equal(adjusted, p, sizeof p);
}

static void test_refusals(void **state)
{
    (void)state;
    double low = 0, high = 0, out[3];
    int64_t n = 0, first = 0;
    const double bad[3] = {0.1, 1.5, 0.2}, negative[3] = {1, -1, 2};
    assay_error err;
    assay_sprt_state decision;
    assay_betting *b = NULL;
    assay_sprt same = {0.5, 0.5, 0.05, 0.05}, loose = {0.5, 0.6, 0.5, 0.05},
               fine = {0.5, 0.6, 0.1, 0.1};
    assay_bernstein unset = {0};
    assert_int_equal(assay_adjust(out, bad, 3, ASSAY_ADJUST_HOLM, &err), ASSAY_EINVAL);
    assert_non_null(strstr(err.message, "p-value 2"));
    assert_int_equal(assay_adjust(out, bad, 0, ASSAY_ADJUST_HOLM, &err), ASSAY_EINVAL);
    assert_int_equal(assay_adjust(out, bad, 1, (assay_adjustment)99, &err), ASSAY_EINVAL);
    assert_int_equal(assay_fixed_sequence(out, bad, 3, &err), ASSAY_EINVAL);
    assert_int_equal(assay_e_benjamini_hochberg(out, negative, 3, &err), ASSAY_EINVAL);
    assert_int_equal(assay_max_t(out, bad, bad, 0, 3, true, &err), ASSAY_EINVAL);
    assert_int_equal(assay_sprt_decide(&decision, &same, 1, 2, &err), ASSAY_EINVAL);
    assert_int_equal(assay_sprt_decide(&decision, &loose, 1, 2, &err), ASSAY_EINVAL);
    assert_int_equal(assay_sprt_decide(&decision, &fine, 3, 2, &err), ASSAY_EINVAL);
    assert_int_equal(assay_sprt_expect(&low, &high, &fine, 1.0, &err), ASSAY_EINVAL);
    assert_int_equal(assay_bernoulli_sequence(&low, &high, 1, 2, 0.0, 1.0, 0.05, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_bernoulli_sequence(&low, &high, 1, 2, 1.0, 1.0, 0.0, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_bernoulli_bound(&low, 3, 2, true, 1.0, 1.0, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_bernoulli_e(&low, 1, 2, 0.0, 1.0, 1.0, &err), ASSAY_EINVAL);
    assert_int_equal(assay_pool_sequence(&n, &first, 1, 5, 4, 1.0, 1.0, 0.05, &err), ASSAY_EINVAL);
    assert_int_equal(assay_normal_mixture(&low, NAN, 1.0, true, 0.05, &err), ASSAY_EINVAL);
    assert_int_equal(assay_normal_mixture(&low, 1.0, 0.0, true, 0.05, &err), ASSAY_EINVAL);
    assert_int_equal(assay_betting_new(&b, 5, 0, 0.05, &err), ASSAY_EINVAL);
    assert_null(b);
    ok(assay_betting_new(&b, 10, 0, 0.05, &err));
    assert_int_equal(assay_betting_add(b, 1.5, &err), ASSAY_EINVAL);
    assert_int_equal(assay_betting_add(b, NAN, &err), ASSAY_EINVAL);
    assay_betting_free(b);
    assert_int_equal(assay_bernstein_add(&unset, 0.5, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_one_normal(&n, 0.5, 0.5, 0.05, 0.8, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_one_normal(&n, 0.5, 0.5000001, 0.05, 0.8, &err), ASSAY_ELIMIT);
    assert_int_equal(assay_size_one_normal(&n, 0.5, 0.6, 0.9, 0.8, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_two(&n, 0.5, 0.5, 0.05, 0.8, false, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_mcnemar(&n, 0.6, 0.6, 0.05, 0.8, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_width(&n, 0.5, 0.0, 0.05, true, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_inflate(&n, 10, 0.5, 0.0, &err), ASSAY_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_bound_and_e_value_agree),
        cmocka_unit_test(test_e_values_are_fair),
        cmocka_unit_test(test_planning),
        cmocka_unit_test(test_sequences_shrink),
        cmocka_unit_test(test_fixed_sequence),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
