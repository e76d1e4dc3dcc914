/* All distributions against golden/stats_distributions.txt (60 digits), and what must hold of any. */
#include "unit/stats/golden_functions.h"

#include "base/error.h"
#include "stats/continuous.h"
#include "stats/discrete.h"
#include "stats/distributions.h"
#include "stats/kolmogorov.h"
#include "stats/normal.h"
#include "stats/special.h"

GOLDEN_CALL_1(normal_pdf)
GOLDEN_CALL_1(normal_log_pdf)
GOLDEN_CALL_1(normal_cdf)
GOLDEN_CALL_1(normal_log_cdf)
GOLDEN_CALL_1(normal_sf)
GOLDEN_CALL_1(normal_log_sf)
GOLDEN_CALL_1(normal_quantile)
GOLDEN_CALL_1(normal_quantile_upper)
GOLDEN_CALL_2(t_pdf)
GOLDEN_CALL_2(t_log_pdf)
GOLDEN_CALL_2(t_cdf)
GOLDEN_CALL_2(t_log_cdf)
GOLDEN_CALL_2(t_sf)
GOLDEN_CALL_2(t_log_sf)
GOLDEN_CALL_2(t_quantile)
GOLDEN_CALL_2(t_quantile_upper)
GOLDEN_CALL_2(chi_square_pdf)
GOLDEN_CALL_2(chi_square_log_pdf)
GOLDEN_CALL_2(chi_square_cdf)
GOLDEN_CALL_2(chi_square_log_cdf)
GOLDEN_CALL_2(chi_square_sf)
GOLDEN_CALL_2(chi_square_log_sf)
GOLDEN_CALL_2(chi_square_quantile)
GOLDEN_CALL_2(chi_square_quantile_upper)
GOLDEN_CALL_3(f_pdf)
GOLDEN_CALL_3(f_log_pdf)
GOLDEN_CALL_3(f_cdf)
GOLDEN_CALL_3(f_log_cdf)
GOLDEN_CALL_3(f_sf)
GOLDEN_CALL_3(f_log_sf)
GOLDEN_CALL_3(f_quantile)
GOLDEN_CALL_3(f_quantile_upper)
GOLDEN_CALL_3(beta_pdf)
GOLDEN_CALL_3(beta_log_pdf)
GOLDEN_CALL_3(beta_cdf)
GOLDEN_CALL_3(beta_log_cdf)
GOLDEN_CALL_3(beta_sf)
GOLDEN_CALL_3(beta_log_sf)
GOLDEN_CALL_3(beta_quantile)
GOLDEN_CALL_3(beta_quantile_upper)
GOLDEN_CALL_1(kolmogorov_pdf)
GOLDEN_CALL_1(kolmogorov_cdf)
GOLDEN_CALL_1(kolmogorov_log_cdf)
GOLDEN_CALL_1(kolmogorov_sf)
GOLDEN_CALL_1(kolmogorov_log_sf)
GOLDEN_CALL_1(kolmogorov_quantile)
GOLDEN_CALL_1(kolmogorov_quantile_upper)

static double call_smirnov_sf(const double *a)
{
    return assay_smirnov_sf(a[0], (int64_t)a[1]);
}

static double call_binomial_pmf(const double *a)
{
    return assay_binomial_pmf((int64_t)a[0], (int64_t)a[1], a[2]);
}

static double call_binomial_log_pmf(const double *a)
{
    return assay_binomial_log_pmf((int64_t)a[0], (int64_t)a[1], a[2]);
}

static double call_binomial_cdf(const double *a)
{
    return assay_binomial_cdf((int64_t)a[0], (int64_t)a[1], a[2]);
}

static double call_binomial_log_cdf(const double *a)
{
    return assay_binomial_log_cdf((int64_t)a[0], (int64_t)a[1], a[2]);
}

static double call_binomial_sf(const double *a)
{
    return assay_binomial_sf((int64_t)a[0], (int64_t)a[1], a[2]);
}

static double call_binomial_log_sf(const double *a)
{
    return assay_binomial_log_sf((int64_t)a[0], (int64_t)a[1], a[2]);
}

static double call_binomial_quantile(const double *a)
{
    return (double)assay_binomial_quantile(a[0], (int64_t)a[1], a[2]);
}

static double call_poisson_pmf(const double *a)
{
    return assay_poisson_pmf((int64_t)a[0], a[1]);
}

static double call_poisson_log_pmf(const double *a)
{
    return assay_poisson_log_pmf((int64_t)a[0], a[1]);
}

static double call_poisson_cdf(const double *a)
{
    return assay_poisson_cdf((int64_t)a[0], a[1]);
}

static double call_poisson_log_cdf(const double *a)
{
    return assay_poisson_log_cdf((int64_t)a[0], a[1]);
}

static double call_poisson_sf(const double *a)
{
    return assay_poisson_sf((int64_t)a[0], a[1]);
}

static double call_poisson_log_sf(const double *a)
{
    return assay_poisson_log_sf((int64_t)a[0], a[1]);
}

static double call_poisson_quantile(const double *a)
{
    return (double)assay_poisson_quantile(a[0], a[1]);
}

static double call_negative_binomial_pmf(const double *a)
{
    return assay_negative_binomial_pmf((int64_t)a[0], a[1], a[2]);
}

static double call_negative_binomial_log_pmf(const double *a)
{
    return assay_negative_binomial_log_pmf((int64_t)a[0], a[1], a[2]);
}

static double call_negative_binomial_cdf(const double *a)
{
    return assay_negative_binomial_cdf((int64_t)a[0], a[1], a[2]);
}

static double call_negative_binomial_log_cdf(const double *a)
{
    return assay_negative_binomial_log_cdf((int64_t)a[0], a[1], a[2]);
}

static double call_negative_binomial_sf(const double *a)
{
    return assay_negative_binomial_sf((int64_t)a[0], a[1], a[2]);
}

static double call_negative_binomial_log_sf(const double *a)
{
    return assay_negative_binomial_log_sf((int64_t)a[0], a[1], a[2]);
}

static double call_negative_binomial_quantile(const double *a)
{
    return (double)assay_negative_binomial_quantile(a[0], a[1], a[2]);
}

static double call_hypergeometric_pmf(const double *a)
{
    return assay_hypergeometric_pmf((int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3]);
}

static double call_hypergeometric_log_pmf(const double *a)
{
    return assay_hypergeometric_log_pmf((int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3]);
}

static double call_hypergeometric_cdf(const double *a)
{
    return assay_hypergeometric_cdf((int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3]);
}

static double call_hypergeometric_log_cdf(const double *a)
{
    return assay_hypergeometric_log_cdf((int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3]);
}

static double call_hypergeometric_sf(const double *a)
{
    return assay_hypergeometric_sf((int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3]);
}

static double call_hypergeometric_log_sf(const double *a)
{
    return assay_hypergeometric_log_sf((int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3]);
}

static double call_hypergeometric_quantile(const double *a)
{
    return (double)assay_hypergeometric_quantile(a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3]);
}

static golden_function table[] = {
    GOLDEN_ROW(normal_pdf, 1, 1e-12),
    GOLDEN_ROW(normal_log_pdf, 1, 1e-12),
    GOLDEN_ROW(normal_cdf, 1, 1e-12),
    GOLDEN_ROW(normal_log_cdf, 1, 1e-12),
    GOLDEN_ROW(normal_sf, 1, 1e-12),
    GOLDEN_ROW(normal_log_sf, 1, 1e-12),
    GOLDEN_ROW(normal_quantile, 1, 1e-12),
    GOLDEN_ROW(normal_quantile_upper, 1, 1e-12),
    GOLDEN_ROW(t_pdf, 2, 1e-12),
    GOLDEN_ROW(t_log_pdf, 2, 1e-12),
    GOLDEN_ROW(t_cdf, 2, 1e-12),
    GOLDEN_ROW(t_log_cdf, 2, 1e-12),
    GOLDEN_ROW(t_sf, 2, 1e-12),
    GOLDEN_ROW(t_log_sf, 2, 1e-12),
    GOLDEN_ROW(t_quantile, 2, 1e-12),
    GOLDEN_ROW(t_quantile_upper, 2, 1e-12),
    GOLDEN_ROW(chi_square_pdf, 2, 1e-12),
    GOLDEN_ROW(chi_square_log_pdf, 2, 1e-12),
    GOLDEN_ROW(chi_square_cdf, 2, 1e-12),
    GOLDEN_ROW(chi_square_log_cdf, 2, 1e-12),
    GOLDEN_ROW(chi_square_sf, 2, 1e-12),
    GOLDEN_ROW(chi_square_log_sf, 2, 1e-12),
    GOLDEN_ROW(chi_square_quantile, 2, 1e-12),
    GOLDEN_ROW(chi_square_quantile_upper, 2, 1e-12),
    GOLDEN_ROW(f_pdf, 3, 1e-12),
    GOLDEN_ROW(f_log_pdf, 3, 1e-12),
    GOLDEN_ROW(f_cdf, 3, 1e-12),
    GOLDEN_ROW(f_log_cdf, 3, 1e-12),
    GOLDEN_ROW(f_sf, 3, 1e-12),
    GOLDEN_ROW(f_log_sf, 3, 1e-12),
    GOLDEN_ROW(f_quantile, 3, 1e-12),
    GOLDEN_ROW(f_quantile_upper, 3, 1e-12),
    GOLDEN_ROW(beta_pdf, 3, 1e-12),
    GOLDEN_ROW(beta_log_pdf, 3, 1e-12),
    GOLDEN_ROW(beta_cdf, 3, 1e-12),
    GOLDEN_ROW(beta_log_cdf, 3, 1e-12),
    GOLDEN_ROW(beta_sf, 3, 1e-12),
    GOLDEN_ROW(beta_log_sf, 3, 1e-12),
    GOLDEN_ROW(beta_quantile, 3, 1e-12),
    GOLDEN_ROW(beta_quantile_upper, 3, 1e-12),
    GOLDEN_ROW(kolmogorov_pdf, 1, 1e-12),
    GOLDEN_ROW(kolmogorov_cdf, 1, 1e-12),
    GOLDEN_ROW(kolmogorov_log_cdf, 1, 1e-12),
    GOLDEN_ROW(kolmogorov_sf, 1, 1e-12),
    GOLDEN_ROW(kolmogorov_log_sf, 1, 1e-12),
    GOLDEN_ROW(kolmogorov_quantile, 1, 1e-12),
    GOLDEN_ROW(kolmogorov_quantile_upper, 1, 1e-12),
    GOLDEN_ROW(smirnov_sf, 2, 1e-12),
    GOLDEN_ROW(binomial_pmf, 3, 1e-12),
    GOLDEN_ROW(binomial_log_pmf, 3, 1e-12),
    GOLDEN_ROW(binomial_cdf, 3, 1e-12),
    GOLDEN_ROW(binomial_log_cdf, 3, 1e-12),
    GOLDEN_ROW(binomial_sf, 3, 1e-12),
    GOLDEN_ROW(binomial_log_sf, 3, 1e-12),
    GOLDEN_ROW(binomial_quantile, 3, 0.0),
    GOLDEN_ROW(poisson_pmf, 2, 1e-12),
    GOLDEN_ROW(poisson_log_pmf, 2, 1e-12),
    GOLDEN_ROW(poisson_cdf, 2, 1e-12),
    GOLDEN_ROW(poisson_log_cdf, 2, 1e-12),
    GOLDEN_ROW(poisson_sf, 2, 1e-12),
    GOLDEN_ROW(poisson_log_sf, 2, 1e-12),
    GOLDEN_ROW(poisson_quantile, 2, 0.0),
    GOLDEN_ROW(negative_binomial_pmf, 3, 1e-12),
    GOLDEN_ROW(negative_binomial_log_pmf, 3, 1e-12),
    GOLDEN_ROW(negative_binomial_cdf, 3, 1e-12),
    GOLDEN_ROW(negative_binomial_log_cdf, 3, 1e-12),
    GOLDEN_ROW(negative_binomial_sf, 3, 1e-12),
    GOLDEN_ROW(negative_binomial_log_sf, 3, 1e-12),
    GOLDEN_ROW(negative_binomial_quantile, 3, 0.0),
    GOLDEN_ROW(hypergeometric_pmf, 4, 1e-12),
    GOLDEN_ROW(hypergeometric_log_pmf, 4, 1e-12),
    GOLDEN_ROW(hypergeometric_cdf, 4, 1e-12),
    GOLDEN_ROW(hypergeometric_log_cdf, 4, 1e-12),
    GOLDEN_ROW(hypergeometric_sf, 4, 1e-12),
    GOLDEN_ROW(hypergeometric_log_sf, 4, 1e-12),
    GOLDEN_ROW(hypergeometric_quantile, 4, 0.0),
};

static void test_golden(void **state)
{
    (void)state;
    golden_check(ASSAY_TEST_DATA "/golden/stats_distributions.txt", table, ASSAY_COUNT(table));
}

static void test_outside_the_domain(void **state)
{
    (void)state;
    assert_true(isnan(assay_t_cdf(1.0, 0.0)));
    assert_true(isnan(assay_t_cdf(NAN, 3.0)));
    assert_true(isnan(assay_t_quantile(1.5, 3.0)));
    assert_true(isnan(assay_t_quantile(NAN, 3.0)));
    assert_true(isnan(assay_chi_square_sf(1.0, -1.0)));
    assert_true(isnan(assay_chi_square_quantile(-0.1, 1.0)));
    assert_true(isnan(assay_f_cdf(1.0, 0.0, 1.0)));
    assert_true(isnan(assay_f_pdf(1.0, 1.0, -1.0)));
    assert_true(isnan(assay_f_quantile(0.5, 0.0, 1.0)));
    assert_true(isnan(assay_beta_pdf(0.5, 0.0, 1.0)));
    assert_true(isnan(assay_beta_log_cdf(1.5, 1.0, 1.0)));
    assert_true(isnan(assay_normal_quantile(2.0)));
    assert_true(isnan(assay_kolmogorov_quantile(-1.0)));
    assert_true(isnan(assay_kolmogorov_sf(NAN)));
    assert_true(isnan(assay_smirnov_sf(0.5, 0)));
    assert_true(isnan(assay_poisson_cdf(1, -1.0)));
    assert_true(isnan(assay_poisson_cdf(-1, NAN)));
    assert_true(isnan(assay_poisson_pmf(1, INFINITY)));
    assert_true(isnan(assay_negative_binomial_cdf(1, 0.0, 0.5)));
    assert_true(isnan(assay_negative_binomial_pmf(1, 1.0, 0.0)));
    assert_true(isnan(assay_hypergeometric_cdf(1, 10, 11, 5)));
    assert_true(isnan(assay_hypergeometric_pmf(1, -1, 0, 0)));
    assert_true(isnan(assay_binomial_log_pmf(1, 2, 1.5)));
    assert_int_equal(assay_poisson_quantile(1.0, 3.0), -1);
    assert_int_equal(assay_poisson_quantile(NAN, 3.0), -1);
    assert_int_equal(assay_negative_binomial_quantile(0.5, -1.0, 0.5), -1);
    assert_int_equal(assay_hypergeometric_quantile(0.5, 10, 11, 5), -1);
    assert_true(isnan(assay_log_beta(0.0, 1.0)));
    assert_true(isnan(assay_log_gamma(-1.0)));
    assert_true(isnan(assay_gamma_inc(1.0, -1.0)));
    assert_true(isnan((double)assay_stirling_error(0.0)));
}

static void test_ends(void **state)
{
    (void)state;
    assert_true(assay_t_cdf(INFINITY, 3.0) == 1.0 && assay_t_sf(INFINITY, 3.0) == 0.0);
    assert_true(assay_t_sf(2.0, INFINITY) == assay_normal_sf(2.0));
    assert_true(assay_t_quantile(0.0, 3.0) == -INFINITY && assay_t_quantile(1.0, 3.0) == INFINITY);
    assert_true(assay_t_quantile(0.5, 3.0) == 0.0);
    assert_true(assay_chi_square_cdf(-1.0, 3.0) == 0.0 && assay_chi_square_sf(-1.0, 3.0) == 1.0);
    assert_true(assay_chi_square_quantile(1.0, 3.0) == INFINITY);
    assert_true(assay_f_cdf(0.0, 3.0, 4.0) == 0.0 && assay_f_cdf(INFINITY, 3.0, 4.0) == 1.0);
    assert_true(assay_normal_log_sf(INFINITY) == -INFINITY &&
                assay_normal_log_sf(-INFINITY) == 0.0);
    assert_true(assay_poisson_cdf(0, 0.0) == 1.0 && assay_poisson_pmf(0, 0.0) == 1.0);
    assert_true(assay_poisson_pmf(3, 0.0) == 0.0 && assay_poisson_cdf(-1, 2.0) == 0.0);
    assert_true(assay_hypergeometric_pmf(0, 0, 0, 0) == 1.0);
    assert_true(assay_hypergeometric_cdf(0, 0, 0, 0) == 1.0);
    assert_true(assay_hypergeometric_pmf(4, 4, 4, 4) == 1.0);
    assert_true(assay_hypergeometric_cdf(-1, 10, 5, 5) == 0.0);
    assert_true(assay_negative_binomial_cdf(0, 2.0, 1.0) == 1.0);
    assert_true(assay_binomial_log_pmf(0, 5, 0.0) == 0.0 &&
                assay_binomial_log_pmf(5, 5, 1.0) == 0.0);
    assert_true(assay_kolmogorov_cdf(0.0) == 0.0 && assay_kolmogorov_quantile(1.0) == INFINITY);
    assert_true(assay_smirnov_sf(0.0, 5) == 1.0 && assay_smirnov_sf(1.1, 5) == 0.0);
}

/* cdf + sf = 1, quantile inverts cdf, counts step where they should, at points nobody chose. */
static void test_consistency(void **state)
{
    (void)state;
    for (int i = 1; i < 200; i++) {
        double p = i / 200.0;
        double df = 0.3 + 0.37 * i;
        golden_near("t", assay_t_cdf(assay_t_quantile(p, df), df), p, 1e-13);
        golden_near("chi", assay_chi_square_cdf(assay_chi_square_quantile(p, df), df), p, 1e-13);
        golden_near("f", assay_f_cdf(assay_f_quantile(p, df, 3.0), df, 3.0), p, 1e-13);
        golden_near("k", assay_kolmogorov_cdf(assay_kolmogorov_quantile(p)), p, 1e-13);
        double x = assay_f_quantile(p, df, 5.0);
        golden_near("f sum", assay_f_cdf(x, df, 5.0) + assay_f_sf(x, df, 5.0), 1.0, 1e-14);
        int64_t k = assay_hypergeometric_quantile(p, 5000, 20 * i, 700);
        assert_true(assay_hypergeometric_cdf(k, 5000, 20 * i, 700) >= p * (1 - 1e-13));
        assert_true(assay_hypergeometric_cdf(k - 1, 5000, 20 * i, 700) < p * (1 + 1e-13));
        k = assay_negative_binomial_quantile(p, df, 0.2);
        assert_true(assay_negative_binomial_cdf(k, df, 0.2) >= p * (1 - 1e-13));
        assert_true(assay_negative_binomial_cdf(k - 1, df, 0.2) < p * (1 + 1e-13));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_outside_the_domain),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_consistency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
