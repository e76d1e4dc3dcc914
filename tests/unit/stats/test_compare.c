/* Comparisons of models against golden/stats_compare.txt; duality; literature; refusals. */
#include "unit/stats/golden_functions.h"

#include "base/error.h"
#include "stats/bayes.h"
#include "stats/effect.h"
#include "stats/equivalence.h"
#include "stats/normal.h"
#include "stats/paired.h"
#include "stats/permutation.h"
#include "stats/rank_tests.h"
#include "stats/two_proportions.h"

enum { MOST = 512 };

static void ok(assay_status status)
{
    assert_int_equal(status, ASSAY_OK);
}

#define FIELD(group, field, type, fill)                                                            \
    static double call_##group##_##field(const double *a)                                          \
    {                                                                                              \
        type r;                                                                                    \
        fill(&r, a);                                                                               \
        return r.field;                                                                            \
    }

static void mcnemar(assay_mcnemar *r, const double *a)
{
    ok(assay_mcnemar_test(r, (int64_t)a[0], (int64_t)a[1], NULL));
}
FIELD(mcnemar, exact, assay_mcnemar, mcnemar)
FIELD(mcnemar, mid_p, assay_mcnemar, mcnemar)
FIELD(mcnemar, chi_square, assay_mcnemar, mcnemar)
FIELD(mcnemar, chi_square_p, assay_mcnemar, mcnemar)
FIELD(mcnemar, corrected, assay_mcnemar, mcnemar)
FIELD(mcnemar, corrected_p, assay_mcnemar, mcnemar)

typedef struct pair {
    double low, high;
} pair;

static void tango(pair *r, const double *a)
{
    ok(assay_tango(&r->low, &r->high, (int64_t)a[0], (int64_t)a[1], (int64_t)a[2], a[3], a[3],
                   NULL));
}
FIELD(tango, low, pair, tango)
FIELD(tango, high, pair, tango)

static double call_tango_z(const double *a)
{
    double z = 0;
    ok(assay_tango_z(&z, (int64_t)a[0], (int64_t)a[1], (int64_t)a[2], a[3], NULL));
    return z;
}

static assay_two_counts counts(const double *a)
{
    return (assay_two_counts){(int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3]};
}

static void newcombe(pair *r, const double *a)
{
    assay_two_counts c = counts(a);
    ok(assay_newcombe(&r->low, &r->high, &c, 0.025, 0.025, NULL));
}
FIELD(newcombe, low, pair, newcombe)
FIELD(newcombe, high, pair, newcombe)

static void score(pair *r, const double *a)
{
    assay_two_counts c = counts(a);
    ok(assay_score_difference(&r->low, &r->high, &c, a[4] != 0.0, 0.025, 0.025, NULL));
}
FIELD(score, low, pair, score)
FIELD(score, high, pair, score)

static void ratio(pair *r, const double *a)
{
    assay_two_counts c = counts(a);
    ok(assay_score_ratio(&r->low, &r->high, &c, a[4] != 0.0, 0.025, 0.025, NULL));
}
FIELD(ratio, low, pair, ratio)
FIELD(ratio, high, pair, ratio)

static double call_score_z(const double *a)
{
    assay_two_counts c = counts(a);
    double z = 0;
    ok(assay_score_difference_z(&z, &c, a[4], a[5] != 0.0, NULL));
    return z;
}

static void fisher(assay_two_p *r, const double *a)
{
    assay_two_counts c = counts(a);
    ok(assay_fisher(r, &c, NULL));
}
FIELD(fisher, greater, assay_two_p, fisher)
FIELD(fisher, less, assay_two_p, fisher)
FIELD(fisher, two_sided, assay_two_p, fisher)

static void boschloo(assay_two_p *r, const double *a)
{
    assay_two_counts c = counts(a);
    ok(assay_boschloo(r, &c, NULL));
}
FIELD(boschloo, greater, assay_two_p, boschloo)
FIELD(boschloo, less, assay_two_p, boschloo)
FIELD(boschloo, two_sided, assay_two_p, boschloo)

/* a = seed, n, spread, zeros */
static void differences(double *d, const double *a)
{
    uint32_t state = (uint32_t)a[0];
    int64_t spread = (int64_t)a[2];
    for (int64_t i = 0; i < (int64_t)a[1]; i++) {
        d[i] = 0.0;
        if (sequence_next(&state, 10) >= (int64_t)a[3]) {
            d[i] = (double)(sequence_next(&state, 2 * spread + 1) - spread);
            d[i] += sequence_next(&state, 3) == 0 ? 1.0 : 0.0;
        }
    }
}

static void wilcoxon(assay_wilcoxon_result *r, const double *a)
{
    double d[MOST];
    differences(d, a);
    ok(assay_wilcoxon(r, d, (int64_t)a[1], (assay_zeros)(int)a[4], false, a[5] != 0.0, NULL));
    assert_true(r->plus + r->minus <= (double)(r->n * (r->n + 1) / 2));
}
FIELD(wilcoxon, two_sided, assay_wilcoxon_result, wilcoxon)
FIELD(wilcoxon, greater, assay_wilcoxon_result, wilcoxon)
FIELD(wilcoxon, less, assay_wilcoxon_result, wilcoxon)

static void wilcoxon_exact(assay_wilcoxon_result *r, const double *a)
{
    double d[MOST];
    differences(d, a);
    ok(assay_wilcoxon(r, d, (int64_t)a[1], (assay_zeros)(int)a[4], true, false, NULL));
}
FIELD(wilcoxon_exact, two_sided, assay_wilcoxon_result, wilcoxon_exact)
FIELD(wilcoxon_exact, greater, assay_wilcoxon_result, wilcoxon_exact)
FIELD(wilcoxon_exact, less, assay_wilcoxon_result, wilcoxon_exact)

/* a = seed, n, k, levels */
static void friedman_ranks(assay_friedman *r, double *ranks, const double *a)
{
    double values[MOST];
    uint32_t state = (uint32_t)a[0];
    int64_t n = (int64_t)a[1], k = (int64_t)a[2];
    for (int64_t i = 0; i < n * k; i++) {
        values[i] = (double)sequence_next(&state, (int64_t)a[3]) + (double)(i % k) * a[3] / 10.0;
    }
    ok(assay_friedman_test(r, ranks, values, n, k, NULL));
}

static void friedman(assay_friedman *r, const double *a)
{
    double ranks[16];
    friedman_ranks(r, ranks, a);
}
FIELD(friedman, chi_square, assay_friedman, friedman)
FIELD(friedman, p, assay_friedman, friedman)
FIELD(friedman, f_p, assay_friedman, friedman)

static double call_nemenyi_p(const double *a)
{
    assay_friedman r;
    double ranks[16], p[256];
    friedman_ranks(&r, ranks, a);
    ok(assay_nemenyi(p, ranks, (int64_t)a[1], (int64_t)a[2], NULL));
    return p[(int64_t)a[2] - 1];
}

typedef struct cochran {
    double statistic, p;
} cochran;

static void cochran_q(cochran *r, const double *a)
{
    uint8_t right[MOST];
    uint32_t state = (uint32_t)a[0];
    int64_t n = (int64_t)a[1], k = (int64_t)a[2];
    for (int64_t i = 0; i < n * k; i++) {
        right[i] = sequence_next(&state, (int64_t)a[3]) * (k + 3) < (int64_t)a[3] * (2 + i % k);
    }
    ok(assay_cochran_q(&r->statistic, &r->p, right, n, k, NULL));
}
FIELD(cochran, p, cochran, cochran_q)

static double call_cochran_q(const double *a)
{
    cochran r;
    cochran_q(&r, a);
    return r.statistic;
}

static double call_range_sf(const double *a)
{
    return assay_range_sf(a[0], (int64_t)a[1]);
}

static double call_range_quantile_upper(const double *a)
{
    return assay_range_quantile_upper(a[0], (int64_t)a[1]);
}

GOLDEN_CALL_2(cohen_h)

static double call_cliff_delta(const double *a)
{
    double x[64], y[64], delta = 0;
    int64_t n = (int64_t)a[1];
    uint32_t state = (uint32_t)a[0];
    for (int64_t i = 0; i < n; i++) {
        x[i] = (double)sequence_next(&state, 12);
    }
    state = (uint32_t)a[0] + 50;
    for (int64_t i = 0; i < n + 3; i++) {
        y[i] = (double)sequence_next(&state, 10);
    }
    ok(assay_cliff_delta(&delta, x, n, y, n + 3, NULL));
    return delta;
}

static void flip_exact(assay_sign_flip_counts *r, const double *a)
{
    double d[MOST];
    const double full[4] = {a[0], a[1], 6, 1};
    differences(d, full);
    ok(assay_sign_flip_exact(r, d, (int64_t)a[1], NULL));
    assert_int_equal(r->replicates, INT64_C(1) << (int64_t)a[1]);
}

static double call_flip_exact_both(const double *a)
{
    assay_sign_flip_counts r;
    flip_exact(&r, a);
    return (double)r.both;
}

static double call_flip_exact_greater(const double *a)
{
    assay_sign_flip_counts r;
    flip_exact(&r, a);
    return (double)r.greater;
}

static void bayes_t(assay_rope *r, const double *a)
{
    double d[MOST];
    const double full[4] = {a[0], a[1], 6, 0};
    differences(d, full);
    ok(assay_bayes_correlated_t(r, d, (int64_t)a[1], a[2], a[3], NULL));
}
FIELD(bayes_t, below, assay_rope, bayes_t)
FIELD(bayes_t, above, assay_rope, bayes_t)

static void bayes_paired(assay_rope *r, const double *a)
{
    ok(assay_bayes_paired(r, (int64_t)a[0], (int64_t)a[1], (int64_t)a[2], a[3], a[4], NULL));
    assert_true(fabs(r->below + r->inside + r->above - 1.0) < 1e-12);
}
FIELD(bayes_paired, below, assay_rope, bayes_paired)
FIELD(bayes_paired, above, assay_rope, bayes_paired)

static void bayes_two(assay_rope *r, const double *a)
{
    ok(assay_bayes_two(r, (int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3], a[4], a[5],
                       NULL));
}
FIELD(bayes_two, above, assay_rope, bayes_two)

#define PREDICT(name)                                                                              \
    static double call_beta_binomial_##name(const double *a)                                       \
    {                                                                                              \
        return assay_beta_binomial_##name((int64_t)a[0], (int64_t)a[1], a[2], a[3]);               \
    }
PREDICT(pmf)
PREDICT(cdf)
PREDICT(sf)

static golden_function table[] = {
    GOLDEN_ROW(mcnemar_exact, 2, 1e-12),
    GOLDEN_ROW(mcnemar_mid_p, 2, 1e-11),
    GOLDEN_ROW(mcnemar_chi_square, 2, 1e-14),
    GOLDEN_ROW(mcnemar_chi_square_p, 2, 1e-12),
    GOLDEN_ROW(mcnemar_corrected, 2, 1e-14),
    GOLDEN_ROW(mcnemar_corrected_p, 2, 1e-12),
    GOLDEN_ROW(tango_low, 4, 1e-12),
    GOLDEN_ROW(tango_high, 4, 1e-12),
    GOLDEN_ROW(tango_z, 4, 1e-12),
    GOLDEN_ROW(newcombe_low, 4, 1e-11),
    GOLDEN_ROW(newcombe_high, 4, 1e-11),
    GOLDEN_ROW(score_low, 5, 1e-11),
    GOLDEN_ROW(score_high, 5, 1e-11),
    GOLDEN_ROW(score_z, 6, 1e-12),
    GOLDEN_ROW(ratio_low, 5, 1e-11),
    GOLDEN_ROW(ratio_high, 5, 1e-11),
    GOLDEN_ROW(fisher_greater, 4, 1e-11),
    GOLDEN_ROW(fisher_less, 4, 1e-11),
    GOLDEN_ROW(fisher_two_sided, 4, 1e-11),
    GOLDEN_ROW(boschloo_greater, 4, 1e-6),
    GOLDEN_ROW(boschloo_less, 4, 1e-6),
    GOLDEN_ROW(boschloo_two_sided, 4, 1e-6),
    GOLDEN_ROW(wilcoxon_two_sided, 6, 1e-12),
    GOLDEN_ROW(wilcoxon_greater, 6, 1e-12),
    GOLDEN_ROW(wilcoxon_less, 6, 1e-12),
    GOLDEN_ROW(wilcoxon_exact_two_sided, 5, 1e-12),
    GOLDEN_ROW(wilcoxon_exact_greater, 5, 1e-12),
    GOLDEN_ROW(wilcoxon_exact_less, 5, 1e-12),
    GOLDEN_ROW(friedman_chi_square, 4, 1e-12),
    GOLDEN_ROW(friedman_p, 4, 1e-12),
    GOLDEN_ROW(friedman_f_p, 4, 1e-11),
    GOLDEN_ROW(nemenyi_p, 4, 1e-12),
    GOLDEN_ROW(cochran_q, 4, 1e-12),
    GOLDEN_ROW(cochran_p, 4, 1e-11),
    GOLDEN_ROW(range_sf, 2, 1e-12),
    GOLDEN_ROW(range_quantile_upper, 2, 1e-8),
    GOLDEN_ROW(cohen_h, 2, 1e-14),
    GOLDEN_ROW(cliff_delta, 2, 1e-13),
    GOLDEN_ROW(flip_exact_both, 2, 0.0),
    GOLDEN_ROW(flip_exact_greater, 2, 0.0),
    GOLDEN_ROW(bayes_t_below, 4, 1e-11),
    GOLDEN_ROW(bayes_t_above, 4, 1e-11),
    GOLDEN_ROW(bayes_paired_below, 5, 1e-8),
    GOLDEN_ROW(bayes_paired_above, 5, 1e-8),
    GOLDEN_ROW(bayes_two_above, 6, 1e-8),
    GOLDEN_ROW(beta_binomial_pmf, 4, 1e-11),
    GOLDEN_ROW(beta_binomial_cdf, 4, 1e-11),
    GOLDEN_ROW(beta_binomial_sf, 4, 1e-11),
};

static void test_golden(void **state)
{
    (void)state;
    golden_check(ASSAY_TEST_DATA "/golden/stats_compare.txt", table, ASSAY_COUNT(table));
}

/* Fagerland, Lydersen, Laake (2013), airway hyper-responsiveness before and after stem cell
 * transplantation: 1 and 7 of 21; exact 0.070, mid-P 0.039, chi-square 0.034; Tango -0.517 to -0.026
 * (Fagerland, Statistics in Medicine 33 (2014)). Demsar (2006), table 5. */
static void test_literature(void **state)
{
    (void)state;
    assay_mcnemar m;
    ok(assay_mcnemar_test(&m, 1, 7, NULL));
    assert_true(fabs(m.exact - 0.0703) < 1e-4 && fabs(m.mid_p - 0.0391) < 1e-4);
    assert_true(fabs(m.chi_square_p - 0.0339) < 1e-4);
    double low = 0, high = 0, critical = 0;
    ok(assay_tango(&low, &high, 1, 7, 21, 0.025, 0.025, NULL));
    assert_true(fabs(low + 0.517) < 5e-4 && fabs(high + 0.026) < 5e-4);
    /* Newcombe (1998), 56/70 - 48/80: 0.0524 to 0.3339 */
    assay_two_counts c = {56, 70, 48, 80};
    ok(assay_newcombe(&low, &high, &c, 0.025, 0.025, NULL));
    assert_true(fabs(low - 0.0524) < 5e-5 && fabs(high - 0.3339) < 5e-5);
    assert_true(fabs(assay_range_quantile_upper(0.05, 5) / sqrt(2.0) - 2.728) < 5e-4);
    ok(assay_nemenyi_critical(&critical, 14, 4, 0.05, NULL)); /* Demsar: 1.25 */
    assert_true(fabs(critical - 1.25) < 5e-3);
    golden_near("g", assay_cohen_g(30, 10), 0.25, 1e-15);
    double dz = 0;
    const double d[4] = {1, 2, 3, 4};
    ok(assay_cohen_dz(&dz, d, 4, NULL));
    golden_near("dz", dz, 2.5 / sqrt(5.0 / 3.0), 1e-14);
}

/* Exchanging the samples inverts the ratio; without successes an end is open; one-sided ends are those
 * of the two-sided interval. */
static void test_ratio_relations(void **state)
{
    (void)state;
    for (int64_t x1 = 0; x1 <= 12; x1++) {
        for (int64_t x2 = 0; x2 <= 9; x2++) {
            const assay_two_counts c = {x1, 12, x2, 9}, swapped = {x2, 9, x1, 12};
            double low = 0, high = 0, other_low = 0, other_high = 0, end = 0;
            ok(assay_score_ratio(&low, &high, &c, true, 0.025, 0.025, NULL));
            ok(assay_score_ratio(&other_low, &other_high, &swapped, true, 0.025, 0.025, NULL));
            assert_true((low == 0.0) == (x1 == 0));
            assert_true(isinf(high) == (x2 == 0));
            if (x1 > 0 && x2 > 0) {
                double estimate = ((double)x1 / 12.0) / ((double)x2 / 9.0);
                assert_true(low <= estimate && estimate <= high);
                assert_true(fabs(1.0 / other_high - low) < 1e-12 * low);
                assert_true(fabs(1.0 / other_low - high) < 1e-12 * high);
            }
            ok(assay_score_ratio(&end, &other_high, &c, true, 0.025, 0.0, NULL));
            assert_true(end == low && isinf(other_high));
        }
    }
}

/* The score interval excludes delta exactly when its test rejects it; TOST agrees with the interval. */
static void test_duality(void **state)
{
    (void)state;
    for (int64_t b = 0; b <= 12; b += 3) {
        for (int64_t c = 0; c <= 12; c += 2) {
            double low = 0, high = 0, z = 0;
            ok(assay_tango(&low, &high, b, c, 30, 0.05, 0.05, NULL));
            for (int i = -19; i < 20; i++) {
                double delta = i / 20.0 + 0.003;
                ok(assay_tango_z(&z, b, c, 30, delta, NULL));
                assert_int_equal(assay_normal_sf(z) < 0.05, delta < low);
                assert_int_equal(assay_normal_cdf(z) < 0.05, delta > high);
            }
            assay_equivalence e;
            ok(assay_equivalence_paired(&e, b, c, 30, 0.2, NULL));
            assert_int_equal(e.equivalent<0.05, low> - 0.2 && high < 0.2);
            assay_two_counts two = {b, 12, c, 13};
            ok(assay_score_difference(&low, &high, &two, false, 0.05, 0.05, NULL));
            for (int i = -19; i < 20; i++) {
                double delta = i / 20.0 + 0.003;
                ok(assay_score_difference_z(&z, &two, delta, false, NULL));
                assert_int_equal(assay_normal_sf(z) < 0.05, delta < low);
                assert_int_equal(assay_normal_cdf(z) < 0.05, delta > high);
            }
            ok(assay_equivalence_proportions(&e, &two, 0.3, NULL));
            assert_int_equal(e.equivalent<0.05, low> - 0.3 && high < 0.3);
        }
    }
    assay_equivalence e;
    ok(assay_equivalence_estimate(&e, 0.01, 0.02, INFINITY, 0.05, NULL));
    golden_near("TOST", e.equivalent, assay_normal_sf(2.0), 1e-12);
    golden_near("TOST", e.not_inferior, assay_normal_sf(3.0), 1e-12);
    ok(assay_equivalence_estimate(&e, 0.01, 0.0, 3.0, 0.05, NULL));
    assert_true(e.equivalent == 0.0);
}

/* Any split of the replicates counts the same; random agrees with all patterns; p is never 0. */
static void test_sign_flip(void **state)
{
    (void)state;
    double d[MOST];
    const double a[4] = {42, 20, 6, 1};
    differences(d, a);
    assay_sign_flip_counts whole = {0}, parts = {0}, all;
    ok(assay_sign_flip_count(&whole, d, 20, 7, 0, 20000, NULL));
    const int64_t cuts[5] = {0, 1, 333, 14000, 20000};
    for (int i = 3; i >= 0; i--) {
        ok(assay_sign_flip_count(&parts, d, 20, 7, cuts[i], cuts[i + 1], NULL));
    }
    assert_memory_equal(&whole, &parts, sizeof whole);
    ok(assay_sign_flip_exact(&all, d, 20, NULL));
    double exact = (double)all.both / (double)all.replicates;
    double drawn = assay_permutation_p(whole.both, whole.replicates);
    assert_true(fabs(exact - drawn) < 5.0 * sqrt(exact * (1.0 - exact) / 20000.0));
    assert_true(assay_permutation_p(0, 999) == 0.001);
    assert_true(isnan(assay_permutation_p(2, 1)));
    double two[40], sums[2], one = 0;
    for (int i = 0; i < 20; i++) {
        two[2 * i] = d[i];
        two[2 * i + 1] = -3.0 * d[i];
    }
    assay_sign_flip_sums(sums, two, 20, 2, 7, 5);
    assay_sign_flip_sums(&one, d, 20, 1, 7, 5);
    assert_true(sums[0] == one && sums[1] == -3.0 * one);
}

static void test_nothing_to_tell(void **state)
{
    (void)state;
    const double zeros[6] = {0};
    const uint8_t right[6] = {1, 1, 0, 0, 1, 1};
    double ranks[2], q = 1, p = 0, low = 0, high = 0;
    assay_wilcoxon_result w;
    assay_friedman f;
    assay_mcnemar m;
    ok(assay_wilcoxon(&w, zeros, 6, ASSAY_ZEROS_WILCOX, true, false, NULL));
    assert_true(w.two_sided == 1.0 && w.n == 0);
    ok(assay_wilcoxon(&w, zeros, 6, ASSAY_ZEROS_PRATT, false, true, NULL));
    assert_true(w.two_sided == 1.0);
    ok(assay_friedman_test(&f, ranks, zeros, 3, 2, NULL));
    assert_true(f.p == 1.0 && ranks[0] == 1.5);
    ok(assay_cochran_q(&q, &p, right, 3, 2, NULL));
    assert_true(q == 0.0 && p == 1.0);
    ok(assay_mcnemar_test(&m, 0, 0, NULL));
    assert_true(m.exact == 1.0 && m.mid_p == 1.0 && m.chi_square_p == 1.0);
    ok(assay_tango(&low, &high, 0, 0, 0, 0.025, 0.025, NULL));
    assert_true(low == -1.0 && high == 1.0);
}

static void test_refusals(void **state)
{
    (void)state;
    double low = 0, high = 0, ranks[4];
    const double bad[3] = {1, INFINITY, 2}, good[3] = {1, 2, 3};
    assay_error err;
    assay_mcnemar m;
    assay_wilcoxon_result w;
    assay_friedman f;
    assay_two_p p;
    assay_rope r;
    assay_equivalence e;
    assay_sign_flip_counts flips = {0};
    assay_two_counts none = {0, 0, 1, 2}, wrong = {3, 2, 1, 2}, many = {1, 3000, 1, 3000};
    assert_int_equal(assay_mcnemar_test(&m, -1, 2, &err), ASSAY_EINVAL);
    assert_int_equal(assay_mcnemar_test(&m, INT64_MAX, INT64_MAX, &err), ASSAY_EINVAL);
    assert_int_equal(assay_tango(&low, &high, 3, 3, 5, 0.1, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_tango_z(&low, 1, 1, 5, 1.0, &err), ASSAY_EINVAL);
    assert_int_equal(assay_newcombe(&low, &high, &none, 0.1, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_fisher(&p, &wrong, &err), ASSAY_EINVAL);
    assert_int_equal(assay_boschloo(&p, &many, &err), ASSAY_EUNSUPPORTED);
    assert_int_equal(assay_score_difference_z(&low, &many, -1.0, true, &err), ASSAY_EINVAL);
    assert_int_equal(assay_wilcoxon(&w, bad, 3, ASSAY_ZEROS_WILCOX, true, false, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_wilcoxon(&w, good, 0, ASSAY_ZEROS_WILCOX, true, false, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_wilcoxon(&w, good, 3, ASSAY_ZEROS_SPLIT, true, false, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_friedman_test(&f, ranks, good, 3, 1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_nemenyi_critical(&low, 10, 3, 0.0, &err), ASSAY_EINVAL);
    assert_int_equal(assay_sign_flip_count(&flips, bad, 3, 1, 0, 9, &err), ASSAY_EINVAL);
    assert_int_equal(assay_sign_flip_count(&flips, good, 3, 1, 5, 4, &err), ASSAY_EINVAL);
    assert_int_equal(assay_sign_flip_exact(&flips, good, 27, &err), ASSAY_EUNSUPPORTED);
    assert_int_equal(assay_bayes_correlated_t(&r, good, 3, 1.0, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_bayes_correlated_t(&r, good, 3, 0.1, -0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_bayes_paired(&r, 5, 5, 9, 1.0, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_bayes_two(&r, 5, 4, 1, 9, 1.0, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_equivalence_paired(&e, 1, 1, 9, 0.0, &err), ASSAY_EINVAL);
    assert_int_equal(assay_equivalence_estimate(&e, NAN, 1, 9, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_cliff_delta(&low, good, 0, good, 3, &err), ASSAY_EINVAL);
    assert_true(isnan(assay_cohen_h(1.5, 0.5)) && isnan(assay_cohen_g(0, 0)));
    assert_true(isnan(assay_range_sf(NAN, 3)) && isnan(assay_range_sf(1.0, 1)));
    assert_true(isnan(assay_beta_binomial_pmf(1, -1, 1.0, 1.0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratio_relations), cmocka_unit_test(test_golden),
        cmocka_unit_test(test_literature),      cmocka_unit_test(test_duality),
        cmocka_unit_test(test_sign_flip),       cmocka_unit_test(test_nothing_to_tell),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
