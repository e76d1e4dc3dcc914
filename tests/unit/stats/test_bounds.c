/* proportion, clustered, finite, bootstrap and delong against golden/stats_bounds.txt; duality of
 * p-values and intervals; refusals. */
#include "unit/stats/golden_functions.h"

#include "base/error.h"
#include "base/sort.h"
#include "stats/bootstrap.h"
#include "stats/clustered.h"
#include "stats/delong.h"
#include "stats/distributions.h"
#include "stats/finite.h"
#include "stats/intervals.h"
#include "stats/proportion.h"

typedef struct pair {
    double low, high;
} pair;

#define PROPORTION(name)                                                                           \
    static double call_##name##_low(const double *a)                                               \
    {                                                                                              \
        pair p = {0};                                                                              \
        assert_int_equal(                                                                          \
            assay_##name(&p.low, &p.high, (int64_t)a[0], (int64_t)a[1], a[2], 0.0, NULL),          \
            ASSAY_OK);                                                                             \
        assert_true(p.high == 1.0);                                                                \
        return p.low;                                                                              \
    }                                                                                              \
    static double call_##name##_high(const double *a)                                              \
    {                                                                                              \
        pair p = {0};                                                                              \
        assert_int_equal(                                                                          \
            assay_##name(&p.low, &p.high, (int64_t)a[0], (int64_t)a[1], 0.0, a[2], NULL),          \
            ASSAY_OK);                                                                             \
        assert_true(p.low == 0.0);                                                                 \
        return p.high;                                                                             \
    }
PROPORTION(wilson_corrected)
PROPORTION(agresti_coull)
PROPORTION(wald)
PROPORTION(mid_p)

#define ENDS(name)                                                                                 \
    GOLDEN_CALL(name##_low, name(a).low)                                                           \
    GOLDEN_CALL(name##_high, name(a).high)

static pair poisson(const double *a)
{
    pair p = {0};
    assert_int_equal(assay_poisson_interval(&p.low, &p.high, (int64_t)a[0], a[1], a[2], a[2], NULL),
                     ASSAY_OK);
    return p;
}

GOLDEN_CALL(poisson_interval_low, poisson(a).low)
GOLDEN_CALL(poisson_interval_high, poisson(a).high)

static assay_binomial_p binomial(const double *a)
{
    assay_binomial_p p;
    assert_int_equal(assay_binomial_test(&p, (int64_t)a[0], (int64_t)a[1], a[2], NULL), ASSAY_OK);
    return p;
}

GOLDEN_CALL(binomial_test_greater, binomial(a).greater)
GOLDEN_CALL(binomial_test_less, binomial(a).less)
GOLDEN_CALL(binomial_test_two_sided, binomial(a).two_sided)
GOLDEN_CALL(binomial_test_mid_greater, binomial(a).mid_greater)

/* a = seed, clusters, largest size, limit */
static assay_cluster_estimate clusters(const double *a)
{
    uint32_t state = (uint32_t)a[0];
    double y[256] = {0}, n[256] = {0};
    int64_t count = (int64_t)a[1];
    for (int64_t c = 0; c < count; c++) {
        n[c] = (double)(1 + sequence_next(&state, (int64_t)a[2]));
        int64_t lean = 1 + sequence_next(&state, (int64_t)a[3]);
        for (int64_t i = 0; i < (int64_t)n[c]; i++) {
            y[c] += sequence_next(&state, (int64_t)a[3] + 1) < lean ? 1.0 : 0.0;
        }
    }
    assay_cluster_estimate estimate;
    assert_int_equal(assay_cluster_ratio(&estimate, y, n, count, NULL), ASSAY_OK);
    return estimate;
}

GOLDEN_CALL(cluster_se, clusters(a).se)
GOLDEN_CALL(cluster_icc, clusters(a).icc)
GOLDEN_CALL(cluster_deff, clusters(a).deff)

static pair cluster_interval(const double *a, int exact)
{
    pair p = {0};
    assay_cluster_estimate e = clusters(a);
    assay_status status = exact ? assay_korn_graubard(&p.low, &p.high, &e, 0.025, 0.025, NULL)
                                : assay_cluster_interval(&p.low, &p.high, &e, 0.025, 0.025, NULL);
    assert_int_equal(status, ASSAY_OK);
    return p;
}

GOLDEN_CALL(cluster_low, cluster_interval(a, 0).low)
GOLDEN_CALL(cluster_high, cluster_interval(a, 0).high)
GOLDEN_CALL(korn_graubard_low, cluster_interval(a, 1).low)
GOLDEN_CALL(korn_graubard_high, cluster_interval(a, 1).high)

static double hypergeometric_end(const double *a, int high)
{
    int64_t ends[2] = {0, 0};
    assert_int_equal(assay_hypergeometric_interval(&ends[0], &ends[1], (int64_t)a[0], (int64_t)a[1],
                                                   (int64_t)a[2], a[3], a[3], NULL),
                     ASSAY_OK);
    return (double)ends[high];
}

GOLDEN_CALL(hypergeometric_low, hypergeometric_end(a, 0))
GOLDEN_CALL(hypergeometric_high, hypergeometric_end(a, 1))

enum { REPLICATES = 999, MOST_DATA = 64 };

typedef struct resampled {
    double sorted[REPLICATES], jackknife[MOST_DATA], theta;
    int64_t n;
} resampled;

/* a = seed, n: exp(mean / 50) of n values */
static resampled resample(const double *a)
{
    resampled r = {.n = (int64_t)a[1]};
    double data[MOST_DATA] = {0}, sum = 0.0, raw[REPLICATES];
    int64_t order[REPLICATES];
    uint32_t state = (uint32_t)a[0];
    for (int64_t i = 0; i < r.n; i++) {
        data[i] = (double)sequence_next(&state, 1000) / 10.0;
        sum += data[i];
    }
    r.theta = exp(sum / (double)r.n / 50.0);
    state = (uint32_t)a[0] + 100;
    for (int b = 0; b < REPLICATES; b++) {
        double drawn = 0.0;
        for (int64_t i = 0; i < r.n; i++) {
            drawn += data[sequence_next(&state, r.n)];
        }
        raw[b] = exp(drawn / (double)r.n / 50.0);
    }
    assert_int_equal(assay_sort_order(order, raw, REPLICATES, 0, NULL), ASSAY_OK);
    for (int b = 0; b < REPLICATES; b++) {
        r.sorted[b] = raw[order[b]];
    }
    for (int64_t i = 0; i < r.n; i++) {
        r.jackknife[i] = exp((sum - data[i]) / (double)(r.n - 1) / 50.0);
    }
    return r;
}

static double call_bca_a(const double *arguments)
{
    resampled r = resample(arguments);
    double z0 = 0, a = 0;
    assert_int_equal(
        assay_bca_constants(&z0, &a, r.sorted, REPLICATES, r.theta, r.jackknife, r.n, NULL),
        ASSAY_OK);
    return a;
}

static pair bca(const double *a)
{
    resampled r = resample(a);
    pair p = {0};
    assert_int_equal(assay_bca_interval(&p.low, &p.high, r.sorted, REPLICATES, r.theta, r.jackknife,
                                        r.n, 0.025, 0.025, NULL),
                     ASSAY_OK);
    return p;
}

ENDS(bca)

static pair basic(const double *a)
{
    resampled r = resample(a);
    pair p = {0};
    assert_int_equal(
        assay_basic_interval(&p.low, &p.high, r.sorted, REPLICATES, r.theta, 0.025, 0.025, NULL),
        ASSAY_OK);
    return p;
}

ENDS(basic)

static double call_bootstrap_se(const double *a)
{
    resampled r = resample(a);
    double se = 0;
    assert_int_equal(assay_bootstrap_se(&se, r.sorted, REPLICATES, NULL), ASSAY_OK);
    return se;
}

static double call_quantile_upper_rank(const double *a)
{
    int64_t rank = 0;
    assert_int_equal(assay_quantile_upper_rank(&rank, (int64_t)a[0], a[1], 0.05, NULL), ASSAY_OK);
    return (double)rank;
}

static double call_quantile_lower_rank(const double *a)
{
    int64_t rank = 0;
    assert_int_equal(assay_quantile_lower_rank(&rank, (int64_t)a[0], a[1], 0.05, NULL), ASSAY_OK);
    return (double)rank;
}

typedef struct roc_result {
    double auc[2], covariance[4], clustered[4], p;
} roc_result;

/* a = seed, n, levels */
static roc_result roc(const double *a)
{
    enum { MOST = 400 };
    static double scores[2][MOST];
    static uint8_t positive[MOST];
    static int64_t group[MOST];
    static const double shift[2] = {0.3, 0.5};
    int64_t n = (int64_t)a[1], levels = (int64_t)a[2], groups = n / 5 > 4 ? n / 5 : 4;
    uint32_t state = (uint32_t)a[0];
    for (int64_t i = 0; i < n; i++) {
        positive[i] = sequence_next(&state, 3) == 0;
    }
    for (int j = 0; j < 2; j++) {
        for (int64_t i = 0; i < n; i++) {
            double lift = positive[i] ? floor(shift[j] * (double)levels) : 0.0;
            scores[j][i] = (double)sequence_next(&state, levels) + lift;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        group[i] = sequence_next(&state, groups);
    }
    const double *both[2] = {scores[0], scores[1]};
    roc_result r = {.p = 0};
    assert_int_equal(
        assay_delong_clustered(r.auc, r.clustered, both, 2, positive, group, groups, n, NULL),
        ASSAY_OK);
    assert_int_equal(assay_delong(r.auc, r.covariance, both, 2, positive, n, NULL), ASSAY_OK);
    r.p = assay_difference_p(r.auc[0] - r.auc[1],
                             r.covariance[0] + r.covariance[3] - 2.0 * r.covariance[1]);
    return r;
}

GOLDEN_CALL(delong_auc0, roc(a).auc[0])
GOLDEN_CALL(delong_auc1, roc(a).auc[1])
GOLDEN_CALL(delong_var0, roc(a).covariance[0])
GOLDEN_CALL(delong_var1, roc(a).covariance[3])
GOLDEN_CALL(delong_cov, roc(a).covariance[2])
GOLDEN_CALL(delong_p, roc(a).p)
GOLDEN_CALL(delong_clustered_var0, roc(a).clustered[0])
GOLDEN_CALL(delong_clustered_cov, roc(a).clustered[1])

static pair auc_logit(const double *a)
{
    roc_result r = roc(a);
    pair p = {0};
    assert_int_equal(
        assay_auc_interval(&p.low, &p.high, r.auc[0], r.covariance[0], 1, 0.025, 0.025, NULL),
        ASSAY_OK);
    return p;
}

ENDS(auc_logit)

#define ROWS(name, count, tolerance)                                                               \
    GOLDEN_ROW(name##_low, count, tolerance), GOLDEN_ROW(name##_high, count, tolerance)
static golden_function table[] = {
    ROWS(wilson_corrected, 3, 1e-12),
    ROWS(agresti_coull, 3, 1e-11),
    ROWS(wald, 3, 1e-11),
    ROWS(mid_p, 3, 1e-12),
    ROWS(poisson_interval, 3, 1e-11),
    GOLDEN_ROW(binomial_test_greater, 3, 1e-11),
    GOLDEN_ROW(binomial_test_less, 3, 1e-11),
    GOLDEN_ROW(binomial_test_two_sided, 3, 1e-11),
    GOLDEN_ROW(binomial_test_mid_greater, 3, 1e-11),
    GOLDEN_ROW(cluster_se, 4, 1e-12),
    GOLDEN_ROW(cluster_icc, 4, 1e-12),
    GOLDEN_ROW(cluster_deff, 4, 1e-12),
    ROWS(cluster, 4, 1e-11),
    ROWS(korn_graubard, 4, 1e-11),
    ROWS(hypergeometric, 4, 0.0),
    GOLDEN_ROW(bca_a, 2, 1e-11),
    ROWS(bca, 2, 1e-11),
    ROWS(basic, 2, 1e-12),
    GOLDEN_ROW(bootstrap_se, 2, 1e-12),
    GOLDEN_ROW(quantile_upper_rank, 2, 0.0),
    GOLDEN_ROW(quantile_lower_rank, 2, 0.0),
    GOLDEN_ROW(delong_auc0, 3, 1e-14),
    GOLDEN_ROW(delong_auc1, 3, 1e-14),
    GOLDEN_ROW(delong_var0, 3, 1e-12),
    GOLDEN_ROW(delong_var1, 3, 1e-12),
    GOLDEN_ROW(delong_cov, 3, 1e-11),
    GOLDEN_ROW(delong_p, 3, 1e-11),
    GOLDEN_ROW(delong_clustered_var0, 3, 1e-12),
    GOLDEN_ROW(delong_clustered_cov, 3, 1e-11),
    ROWS(auc_logit, 3, 1e-12),
};

static void test_golden(void **state)
{
    (void)state;
    golden_check(ASSAY_TEST_DATA "/golden/stats_bounds.txt", table, ASSAY_COUNT(table));
}

/* Rejected and outside, or neither; a p-value that is alpha but for rounding may be either. */
static void dual(double p, double alpha, int outside)
{
    if (fabs(p - alpha) > 1e-12) {
        assert_int_equal(p < alpha, outside);
    }
}

/* p0 is rejected at alpha exactly when it lies outside the interval of level 1 - alpha. */
static void test_duality(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 40; n += 3) {
        for (int64_t x = 0; x <= n; x++) {
            double low = 0, high = 0, mid_low = 0, mid_high = 0;
            assert_int_equal(assay_clopper_pearson(&low, &high, x, n, 0.05, 0.05, NULL), ASSAY_OK);
            assert_int_equal(assay_mid_p(&mid_low, &mid_high, x, n, 0.05, 0.05, NULL), ASSAY_OK);
            assert_true(mid_low >= low && mid_high <= high);
            for (int i = 1; i < 100; i++) {
                double p0 = i / 100.0;
                assay_binomial_p p;
                assert_int_equal(assay_binomial_test(&p, x, n, p0, NULL), ASSAY_OK);
                dual(p.greater, 0.05, low >= p0);
                dual(p.less, 0.05, high <= p0);
                dual(p.mid_greater, 0.05, mid_low >= p0);
                dual(p.mid_less, 0.05, mid_high <= p0);
                dual(p.central, 0.1, low >= p0 || high <= p0);
            }
        }
    }
}

static void test_literature(void **state)
{
    (void)state;
    double low = 0, high = 0;
    /* Newcombe (1998), table I, 81 of 263: Wilson with correction 0.2535 to 0.3682, mid-P 0.2544 to
     * 0.3658 */
    assert_int_equal(assay_wilson_corrected(&low, &high, 81, 263, 0.025, 0.025, NULL), ASSAY_OK);
    assert_true(fabs(low - 0.2535) < 5e-5 && fabs(high - 0.3682) < 5e-5);
    assert_int_equal(assay_mid_p(&low, &high, 81, 263, 0.025, 0.025, NULL), ASSAY_OK);
    assert_true(fabs(low - 0.2544) < 5e-5 && fabs(high - 0.3658) < 5e-5);
    /* no event in 100 hours: the "rule of three" is ln 20 = 2.996 */
    assert_int_equal(assay_poisson_interval(&low, &high, 0, 100.0, 0.0, 0.05, NULL), ASSAY_OK);
    golden_near("rule of three", high, 0.02995732273553991, 1e-14);
    /* Wilks: the largest of 59 bounds the 95 % quantile, of 58 it does not */
    int64_t rank = 0;
    assert_int_equal(assay_quantile_upper_rank(&rank, 59, 0.95, 0.05, NULL), ASSAY_OK);
    assert_int_equal(rank, 59);
    double deff = 0;
    assert_int_equal(assay_design_effect(&deff, 10.0, 0.0, 0.1, NULL), ASSAY_OK);
    golden_near("deff", deff, 1.9, 1e-14);
    double p = 0, se = 0;
    assert_int_equal(assay_rogan_gladen(&p, &se, 27, 100, 0.9, 0.8, NULL), ASSAY_OK);
    golden_near("Rogan and Gladen", p, 0.1, 1e-13);
    golden_near("its error", se, sqrt(0.27 * 0.73 / 100.0) / 0.7, 1e-13);
}

/* No dependence between clusters of one: the ordinary standard error; no failures: the clusters. */
static void test_clusters_of_one(void **state)
{
    (void)state;
    double y[60], n[60];
    for (int i = 0; i < 60; i++) {
        y[i] = i % 4 == 0 ? 0.0 : 1.0;
        n[i] = 1.0;
    }
    assay_cluster_estimate e;
    assert_int_equal(assay_cluster_ratio(&e, y, n, 60, NULL), ASSAY_OK);
    golden_near("se", e.se, sqrt(0.75 * 0.25 / 59.0), 1e-13);
    double low = 0, high = 0, exact_low = 0, exact_high = 0;
    assert_int_equal(assay_korn_graubard(&low, &high, &e, 0.05, 0.05, NULL), ASSAY_OK);
    assert_int_equal(assay_clopper_pearson(&exact_low, &exact_high, 45, 60, 0.05, 0.05, NULL),
                     ASSAY_OK);
    assert_true(low <= exact_low && high >= exact_high && exact_low - low < 0.002);
    for (int i = 0; i < 60; i++) {
        y[i] = 7.0;
        n[i] = 7.0;
    }
    assert_int_equal(assay_cluster_ratio(&e, y, n, 59, NULL), ASSAY_OK);
    assert_int_equal(assay_korn_graubard(&low, &high, &e, 0.05, 0.0, NULL), ASSAY_OK);
    golden_near("59 clusters without failure", low, pow(0.05, 1.0 / 59.0), 1e-12);
    assert_true(high == 1.0 && isnan(e.deff) && e.se == 0.0);
}

static void test_perfect_separation(void **state)
{
    (void)state;
    const double scores[6] = {0, 1, 2, 3, 4, 5};
    const double *one[1] = {scores};
    const uint8_t positive[6] = {0, 0, 0, 1, 1, 1};
    double auc = 0, variance = 1, low = 0, high = 0;
    assert_int_equal(assay_delong(&auc, &variance, one, 1, positive, 6, NULL), ASSAY_OK);
    assert_true(auc == 1.0 && variance == 0.0);
    assert_int_equal(assay_auc_interval(&low, &high, auc, variance, 1, 0.025, 0.025, NULL),
                     ASSAY_OK);
    assert_true(low == 1.0 && high == 1.0);
    assert_true(assay_difference_p(0.0, 0.0) == 1.0 && assay_difference_p(0.1, 0.0) == 0.0);
}

static void test_refusals(void **state)
{
    (void)state;
    double low = 0, high = 0, values[4] = {1, 2, NAN, 4};
    const double good[4] = {1, 2, 3, 4}, zero[4] = {1, 0, 1, 1};
    int64_t ends[2] = {0, 0};
    assay_error err;
    assay_cluster_estimate e;
    assay_binomial_p p;
    assert_int_equal(assay_mid_p(&low, &high, 3, 2, 0.1, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_agresti_coull(&low, &high, 1, 2, 0.7, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_wald(&low, &high, 0, 0, 0.1, 0.1, &err), ASSAY_OK);
    assert_true(low == 0.0 && high == 1.0);
    assert_int_equal(assay_poisson_interval(&low, &high, 1, 0.0, 0.1, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_poisson_interval(&low, &high, -1, 1.0, 0.1, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_binomial_test(&p, 1, 2, NAN, &err), ASSAY_EINVAL);
    assert_int_equal(assay_rogan_gladen(&low, &high, 1, 2, 0.5, 0.5, &err), ASSAY_EINVAL);
    assert_non_null(strstr(err.message, "sensitivity"));
    assert_int_equal(assay_cluster_ratio(&e, good, good, 1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_cluster_ratio(&e, values, good, 4, &err), ASSAY_EINVAL);
    assert_non_null(strstr(err.message, "value 3"));
    assert_int_equal(assay_cluster_ratio(&e, good, zero, 4, &err), ASSAY_EINVAL);
    assert_non_null(strstr(err.message, "cluster 2"));
    assert_int_equal(assay_korn_graubard(&low, &high, &e, 0.1, 0.1, &err), ASSAY_EINVAL);
    assert_int_equal(assay_hypergeometric_interval(&ends[0], &ends[1], 1, 5, 4, 0.1, 0.1, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_finite_correction(&low, 5, 4, &err), ASSAY_EINVAL);
    assert_int_equal(assay_bca_interval(&low, &high, good, 4, 9.0, good, 4, 0.25, 0.25, &err),
                     ASSAY_EUNSUPPORTED);
    assert_int_equal(assay_bca_interval(&low, &high, good, 4, 2.5, good, 4, 0.01, 0.01, &err),
                     ASSAY_EUNSUPPORTED);
    assert_int_equal(assay_bca_interval(&low, &high, good, 4, 2.5, values, 4, 0.25, 0.25, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_studentised_interval(&low, &high, good, 4, 2.5, -1.0, 0.25, 0.25, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_normal_interval(&low, &high, 0.5, NAN, 3.0, 0.25, 0.25, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_quantile_upper_rank(ends, 10, 1.0, 0.05, &err), ASSAY_EINVAL);
    const uint8_t few[4] = {1, 0, 0, 0}, fair[4] = {1, 0, 1, 0};
    const int64_t group[4] = {0, 0, 0, 5}, same[4] = {0, 1, 0, 2};
    const double *one[1] = {good}, *bad[1] = {values};
    double covariance[1] = {0};
    assert_int_equal(assay_delong(&low, covariance, one, 1, few, 4, &err), ASSAY_EINVAL);
    assert_int_equal(assay_delong(&low, covariance, bad, 1, fair, 4, &err), ASSAY_EINVAL);
    assert_int_equal(assay_delong_clustered(&low, covariance, one, 1, fair, group, 3, 4, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_delong_clustered(&low, covariance, one, 1, fair, same, 3, 4, &err),
                     ASSAY_EINVAL);
    assert_int_equal(assay_auc_interval(&low, &high, 1.5, 0.1, 0, 0.1, 0.1, &err), ASSAY_EINVAL);
}

static void test_simple_intervals(void **state)
{
    (void)state;
    double low = 0, high = 0, factor = 0;
    assert_int_equal(assay_normal_interval(&low, &high, 2.0, 0.5, INFINITY, 0.025, 0.025, NULL),
                     ASSAY_OK);
    golden_near("normal", low, 2.0 - 0.5 * 1.959963984540054, 1e-15);
    assert_int_equal(assay_normal_interval(&low, &high, 2.0, 0.5, 4.0, 0.025, 0.0, NULL), ASSAY_OK);
    golden_near("t", low, 2.0 - 0.5 * 2.776445105197793, 1e-14);
    assert_true(high == INFINITY);
    double pivots[100];
    for (int i = 0; i < 100; i++) {
        pivots[i] = (i - 30) / 20.0;
    }
    assert_int_equal(
        assay_studentised_interval(&low, &high, pivots, 100, 5.0, 2.0, 0.05, 0.05, NULL), ASSAY_OK);
    golden_near("bootstrap-t", low, 5.0 - 2.0 * (94.05 - 30.0) / 20.0, 1e-14);
    golden_near("bootstrap-t", high, 5.0 - 2.0 * (4.95 - 30.0) / 20.0, 1e-14);
    assert_int_equal(assay_finite_correction(&factor, 75, 301, NULL), ASSAY_OK);
    golden_near("fpc", factor, sqrt(226.0 / 300.0), 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_duality),
        cmocka_unit_test(test_literature),
        cmocka_unit_test(test_clusters_of_one),
        cmocka_unit_test(test_perfect_separation),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_simple_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
