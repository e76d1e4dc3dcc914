/* Sample sizes against golden/sample_size.txt (scipy, statsmodels; every number tried), and what
 * cannot be answered. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "stats/exact_power.h"
#include "stats/power.h"
#include "stats/sample_size.h"

static assay_status ask(int64_t *n, const char *what, const double *a)
{
    assay_proportion_claim claim = {a[0], a[1] == 1.0, a[2]};

    if (strcmp(what, "power") == 0) {
        return assay_size_power(n, &claim, a[3], a[4], NULL);
    }
    if (strcmp(what, "failures") == 0) {
        return assay_size_failures(n, (int64_t)a[3], &claim, NULL);
    }
    if (strcmp(what, "pool") == 0) {
        return assay_size_pool_failures(n, (int64_t)a[3], (int64_t)a[4], &claim, NULL);
    }
    if (strcmp(what, "two") == 0) {
        return assay_size_two(n, a[0], a[1], 1.0 - a[2], a[3], false, NULL);
    }
    if (strcmp(what, "paired") == 0) {
        return assay_size_mcnemar(n, a[0], a[1], 1.0 - a[2], a[3], NULL);
    }
    if (strcmp(what, "poolpower") == 0) {
        return assay_size_pool_power(n, 1, (int64_t)a[5], a[3], a[4], &claim, NULL);
    }
    if (strcmp(what, "fisher") == 0) {
        return assay_size_fisher(n, a[0], a[1], 1.0 - a[2], a[3], NULL);
    }
    if (strcmp(what, "mcnemar") == 0) {
        return assay_size_mcnemar_exact(n, a[0], a[1], 1.0 - a[2], a[3], NULL);
    }
    assert_string_equal(what, "precision");
    return assay_size_precision(n, a[0], a[1], a[2], NULL);
}

static void golden(void **state)
{
    (void)state;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/sample_size.txt", "r");
    char line[256], what[16];
    int lines = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        double a[7] = {0};
        int64_t n = 0;
        int fields = sscanf(line, "%15s %lf %lf %lf %lf %lf %lf %lf", what, &a[0], &a[1], &a[2],
                            &a[3], &a[4], &a[5], &a[6]);
        assert_true(fields >= 5);
        assert_int_equal(ask(&n, what, a), ASSAY_OK);
        if ((double)n != a[fields - 2]) {
            fail_msg("%s: got %" PRId64, line, n);
        }
        lines++;
    }
    (void)fclose(file);
    assert_int_equal(lines, 50);
}

static void what_cannot_be_answered(void **state)
{
    (void)state;
    assay_proportion_claim claim = {0.9, true, 0.95};
    assay_error err = {0};
    int64_t n = 0;
    assert_int_equal(assay_size_power(&n, &claim, 0.9, 0.8, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_power(&n, &claim, 0.8, 0.8, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_power(&n, &claim, 0.95, 1.0, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_power(&n, &claim, NAN, 0.8, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_power(&n, &claim, 0.90000001, 0.8, &err), ASSAY_ELIMIT);
    assert_int_equal(assay_size_failures(&n, -1, &claim, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_pool_failures(&n, 3, 20, &claim, &err), ASSAY_ELIMIT);
    assert_int_equal(assay_size_pool_failures(&n, 0, 0, &claim, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_mcnemar(&n, 0.7, 0.7, 0.05, 0.8, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_mcnemar(&n, 0.1, 0.1, 0.05, 0.8, &err), ASSAY_EINVAL);
    assert_int_equal(assay_size_precision(&n, 0.5, 0.0, 0.95, &err), ASSAY_EINVAL);
    claim.limit = 1.0;
    assert_int_equal(assay_size_failures(&n, 0, &claim, &err), ASSAY_ELIMIT);
    assert_int_equal(assay_size_in_pool(100, 100), 51);
    assert_int_equal(assay_size_in_pool(1, 7), 1);
    assert_int_equal(assay_size_inflate(&n, 100, 2.1, 0.0, &err), ASSAY_OK);
    assert_int_equal(n, 210);
    assert_int_equal(assay_size_inflate(&n, 3, 1.0, 0.0, &err), ASSAY_OK);
    assert_int_equal(n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden),
                                       cmocka_unit_test(what_cannot_be_answered)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
