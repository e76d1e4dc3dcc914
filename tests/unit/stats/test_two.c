/* Odds ratios, Agresti and Caffo, Fisher's mid-P against golden/stats_two.txt; duality; many tables; refusals. */
#include "unit/stats/golden_functions.h"

#include "base/error.h"
#include "stats/two_proportions.h"

static assay_two_counts counts_of(const double *a)
{
    return (assay_two_counts){(int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3]};
}

static assay_odds_ratio odds(const double *a)
{
    assay_odds_ratio out;
    assay_two_counts c = counts_of(a);
    assert_int_equal(assay_odds_ratio_find(&out, &c, 0.025, 0.025, NULL), ASSAY_OK);
    assert_true(out.exact);
    return out;
}

GOLDEN_CALL(conditional, odds(a).conditional)
GOLDEN_CALL(odds_low, odds(a).low)
GOLDEN_CALL(odds_high, odds(a).high)

static double caffo(const double *a, int high)
{
    double ends[2];
    assay_two_counts c = counts_of(a);
    assert_int_equal(assay_agresti_caffo(&ends[0], &ends[1], &c, 0.025, 0.025, NULL), ASSAY_OK);
    return ends[high];
}

GOLDEN_CALL(caffo_low, caffo(a, 0))
GOLDEN_CALL(caffo_high, caffo(a, 1))

static assay_two_p mid(const double *a)
{
    assay_two_p p;
    assay_two_counts c = counts_of(a);
    assert_int_equal(assay_fisher_mid(&p, &c, NULL), ASSAY_OK);
    return p;
}

GOLDEN_CALL(mid_two_sided, mid(a).two_sided)
GOLDEN_CALL(mid_greater, mid(a).greater)
GOLDEN_CALL(mid_less, mid(a).less)

static void test_golden(void **state)
{
    (void)state;
    golden_function table[] = {
        GOLDEN_ROW(conditional, 4, 1e-9), GOLDEN_ROW(odds_low, 4, 1e-9),
        GOLDEN_ROW(odds_high, 4, 1e-9),   GOLDEN_ROW(caffo_low, 4, 1e-12),
        GOLDEN_ROW(caffo_high, 4, 1e-12), GOLDEN_ROW(mid_two_sided, 4, 1e-9),
        GOLDEN_ROW(mid_greater, 4, 1e-9), GOLDEN_ROW(mid_less, 4, 1e-9),
    };
    golden_check(ASSAY_TEST_DATA "/golden/stats_two.txt", table, sizeof table / sizeof *table);
}

/* The interval excludes 1 just when Fisher's one-sided test refuses; exchanging the samples inverts it. */
static void test_duality(void **state)
{
    (void)state;
    for (int64_t x1 = 0; x1 <= 12; x1++) {
        for (int64_t x2 = 0; x2 <= 9; x2++) {
            assay_two_counts c = {x1, 12, x2, 9}, other = {x2, 9, x1, 12};
            assay_odds_ratio a, b;
            assay_two_p p;
            assert_int_equal(assay_odds_ratio_find(&a, &c, 0.05, 0.05, NULL), ASSAY_OK);
            assert_int_equal(assay_odds_ratio_find(&b, &other, 0.05, 0.05, NULL), ASSAY_OK);
            assert_int_equal(assay_fisher(&p, &c, NULL), ASSAY_OK);
            assert_true((a.low > 1.0) == (p.greater < 0.05));
            assert_true((a.high < 1.0) == (p.less < 0.05));
            assert_true(a.low == 0.0 ? isinf(b.high) : fabs(a.low * b.high - 1.0) < 1e-9);
        }
    }
}

static void test_many_tables(void **state)
{
    (void)state;
    assay_odds_ratio near, far;
    assay_two_counts few = {90000, 190000, 80000, 190000}, many = {100000, 210000, 90000, 210000};
    assert_int_equal(assay_odds_ratio_find(&near, &few, 0.025, 0.025, NULL), ASSAY_OK);
    assert_int_equal(assay_odds_ratio_find(&far, &many, 0.025, 0.025, NULL), ASSAY_OK);
    assert_true(near.exact && !isnan(near.conditional));
    assert_true(near.low < near.conditional && near.conditional < near.high);
    assert_true(fabs(near.conditional / near.sample - 1.0) < 1e-4);
    assay_two_counts huge = {1000000, 2100000, 900000, 2100000};
    assert_int_equal(assay_odds_ratio_find(&far, &huge, 0.025, 0.025, NULL), ASSAY_OK);
    assert_true(!far.exact && far.low < far.sample && far.sample < far.high);
}

static void test_refusals(void **state)
{
    (void)state;
    assay_odds_ratio o;
    assay_two_p p;
    double low = 0, high = 0;
    assay_two_counts bad[] = {{5, 4, 1, 2}, {-1, 4, 1, 2}, {0, 0, 1, 2}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(assay_odds_ratio_find(&o, &bad[i], 0.025, 0.025, NULL), ASSAY_EINVAL);
        assert_int_equal(assay_fisher_mid(&p, &bad[i], NULL), ASSAY_EINVAL);
        assert_int_equal(assay_agresti_caffo(&low, &high, &bad[i], 0.025, 0.025, NULL),
                         ASSAY_EINVAL);
    }
    assay_two_counts none = {0, 5, 0, 7};
    assert_int_equal(assay_odds_ratio_find(&o, &none, 0.025, 0.025, NULL), ASSAY_OK);
    assert_true(isnan(o.sample) && o.low == 0.0 && isinf(o.high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_duality),
        cmocka_unit_test(test_many_tables),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
