/* Brownian motion: values of mpmath to 30 digits (sums of the series that converges slowly), the ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "stats/brownian.h"

/* x, P(max |B| > x), P(max B - min B > x) */
static const double values[][3] = {
    {0.5, 0.990843009710239244, 0.999999912222277519},
    {0.8, 0.81475809273337788, 0.994036334807894328},
    {1.0, 0.629222570200476095, 0.93663541207954943},
    {1.0001, 0.629131099605917504, 0.936584368901851555},
    {1.25, 0.422245426347523181, 0.74795639432446519},
    {1.5, 0.267215214383060979, 0.512940754230248247},
    {1.5001, 0.267163430397762113, 0.512851210658040406},
    {2, 0.0910005238463662487, 0.181494339394187313},
    {2.5, 0.024838661302976905, 0.0496727361818248282},
    {3, 0.00539959212652037766, 0.0107991684676384383},
    {5, 1.14660628751677565e-6, 2.29321257503355117e-6},
    {8, 2.48838422970871365e-15, 4.9767684594174273e-15},
};

static void check(const char *what, double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * want)) {
        fail_msg("%s: %.17g, wanted %.17g", what, got, want);
    }
}

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        check("maximum", assay_brownian_maximum_sf(values[i][0]), values[i][1]);
        check("range", assay_brownian_range_sf(values[i][0]), values[i][2]);
    }
}

static void test_shape(void **state)
{
    (void)state;
    double maximum = 1.0, range = 1.0;
    for (double x = 0.0; x < 12.0; x += 0.01) {
        double m = assay_brownian_maximum_sf(x), r = assay_brownian_range_sf(x);
        assert_true(m <= maximum && r <= range && m >= 0.0);
        assert_true(r >= m); /* the range is never below the largest distance */
        maximum = m;
        range = r;
    }
    assert_true(assay_brownian_maximum_sf(-1.0) == 1.0 && assay_brownian_range_sf(0.0) == 1.0);
    assert_true(isnan(assay_brownian_maximum_sf(NAN)) && isnan(assay_brownian_range_sf(NAN)));
    assert_true(assay_brownian_maximum_sf(INFINITY) == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_shape)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
