/* Gaps between groups: two groups are the folded interval of the pair; more groups are the extremes over
 * the pairs; ends with error probability 0 are those of the range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "stats/group_gaps.h"
#include "stats/intervals.h"
#include "stats/two_proportions.h"

static void ok(assay_status status)
{
    assert_int_equal(status, ASSAY_OK);
}

static void test_two_groups(void **state)
{
    (void)state;
    const assay_trials groups[2] = {{30, 40}, {21, 50}};
    const assay_two_counts pair = {30, 40, 21, 50};
    double low = 0, high = 0, l = 0, h = 0;
    ok(assay_largest_difference(&low, &high, groups, 2, 0.025, 0.025, NULL));
    ok(assay_score_difference(&l, &h, &pair, true, 0.0125, 0.025, NULL));
    assert_true(low == l && high == h);
    ok(assay_smallest_ratio(&low, &high, groups, 2, 0.025, 0.025, NULL));
    ok(assay_score_ratio(&l, &h, &pair, true, 0.0125, 0.025, NULL));
    assert_true(fabs(high - 1.0 / l) < 1e-12 && fabs(low - 1.0 / h) < 1e-12);
    ok(assay_lowest_proportion(&low, &high, groups, 2, 0.025, 0.025, NULL));
    ok(assay_clopper_pearson(&l, &h, 21, 50, 0.025, 0.0125, NULL));
    assert_true(low == l && high == h);
}

/* Groups in any order; a group more never lowers the upper end of the difference. */
static void test_many_groups(void **state)
{
    (void)state;
    const assay_trials a[4] = {{0, 12}, {9, 10}, {40, 90}, {3, 3}};
    const assay_trials b[4] = {{3, 3}, {40, 90}, {0, 12}, {9, 10}};
    double low = 0, high = 0, l = 0, h = 0;
    ok(assay_largest_difference(&low, &high, a, 4, 0.025, 0.025, NULL));
    ok(assay_largest_difference(&l, &h, b, 4, 0.025, 0.025, NULL));
    assert_true(low == l && high == h && low > 0.0 && high <= 1.0);
    ok(assay_largest_difference(&l, &h, a, 3, 0.025, 0.025, NULL));
    assert_true(h <= high);
    ok(assay_smallest_ratio(&low, &high, a, 4, 0.025, 0.025, NULL));
    assert_true(low == 0.0 && high < 1.0);
    ok(assay_largest_difference(&low, &high, a, 4, 0.05, 0.0, NULL));
    assert_true(high == 1.0);
    ok(assay_largest_difference(&low, &high, a, 4, 0.0, 0.05, NULL));
    assert_true(low == 0.0 && high == 1.0);
    ok(assay_smallest_ratio(&low, &high, a, 4, 0.0, 0.05, NULL));
    assert_true(low == 0.0);
    ok(assay_lowest_proportion(&low, &high, a, 1, 0.025, 0.025, NULL));
    ok(assay_clopper_pearson(&l, &h, 0, 12, 0.025, 0.025, NULL));
    assert_true(low == l && high == h);
}

static void test_refusals(void **state)
{
    (void)state;
    const assay_trials groups[2] = {{3, 4}, {5, 4}};
    double low = 0, high = 0;
    assay_error err = {0};
    assert_int_equal(assay_largest_difference(&low, &high, groups, 1, 0.1, 0.1, &err),
                     ASSAY_EINVAL);
    assert_non_null(strstr(err.message, "groups"));
    assert_int_equal(assay_largest_difference(&low, &high, groups, 2, 0.1, 0.1, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_smallest_ratio(&low, &high, groups, 2, 0.1, 0.6, &err), ASSAY_EINVAL);
    assert_int_equal(assay_lowest_proportion(&low, &high, groups, 0, 0.1, 0.1, &err), ASSAY_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_groups),
        cmocka_unit_test(test_many_groups),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
