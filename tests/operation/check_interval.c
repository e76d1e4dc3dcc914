/* Intervals: golden values, order, range, one-sided ends, monotone in the level, wrong input. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/interval.h"
#include "operation/harness.h"

static void check_proportion(const assay_op *op, const void *params)
{
    static const double levels[] = {0.5, 0.8, 0.9, 0.95, 0.99, 0.999};
    for (int64_t n = 0; n <= 40; n++) {
        for (int64_t x = 0; x <= n; x++) {
            double narrower = -1.0;
            for (size_t l = 0; l < ASSAY_COUNT(levels); l++) {
                double alpha = (1.0 - levels[l]) / 2.0;
                double low = 0, high = 0, end = 0, other = 0;
                assert_int_equal(
                    op->interval->proportion(&low, &high, x, n, alpha, alpha, params, NULL),
                    ASSAY_OK);
                assert_true(low >= 0.0 && low <= high && high <= 1.0);
                assert_true(high - low >= narrower);
                narrower = high - low;
                if (n > 0 && levels[l] >= 0.8) {
                    double p = (double)x / (double)n;
                    assert_true(low <= p && p <= high);
                }
                assert_int_equal(
                    op->interval->proportion(&end, &other, x, n, alpha, 0.0, params, NULL),
                    ASSAY_OK);
                assert_true(end == low && other == 1.0);
                assert_int_equal(
                    op->interval->proportion(&end, &other, x, n, 0.0, alpha, params, NULL),
                    ASSAY_OK);
                assert_true(end == 0.0 && other == high);
                /* failures instead of successes mirror the interval */
                assert_int_equal(
                    op->interval->proportion(&end, &other, n - x, n, alpha, alpha, params, NULL),
                    ASSAY_OK);
                assert_true(fabs((1.0 - other) - low) < 1e-12 && fabs((1.0 - end) - high) < 1e-12);
            }
        }
    }
    double low = 0, high = 0;
    assay_error err = {0};
    assert_int_equal(op->interval->proportion(&low, &high, 5, 4, 0.025, 0.025, params, &err),
                     ASSAY_EINVAL);
    assert_true(err.message[0] != '\0');
}

static void check_replicates(const assay_op *op, const void *params)
{
    enum { N = 2000 };
    double values[N];
    double narrower = -1.0;
    static const double levels[] = {0.5, 0.8, 0.9, 0.95, 0.99};
    for (int i = 0; i < N; i++) {
        values[i] = sqrt((double)i / N);
    }
    double estimate = values[N / 2];
    for (size_t l = 0; l < ASSAY_COUNT(levels); l++) {
        double alpha = (1.0 - levels[l]) / 2.0;
        double low = 0, high = 0, end = 0, other = 0;
        assert_int_equal(
            op->interval->replicates(&low, &high, values, N, estimate, alpha, alpha, params, NULL),
            ASSAY_OK);
        /* the replicates' range, or its mirror image about the estimate (basic) */
        assert_true(fmin(values[0], 2.0 * estimate - values[N - 1]) <= low && low <= high &&
                    high <= fmax(values[N - 1], 2.0 * estimate - values[0]));
        assert_true(high - low > narrower);
        narrower = high - low;
        assert_int_equal(
            op->interval->replicates(&end, &other, values, N, estimate, alpha, 0.0, params, NULL),
            ASSAY_OK);
        assert_true(end == low && other == INFINITY);
        assert_int_equal(
            op->interval->replicates(&end, &other, values, N, estimate, 0.0, alpha, params, NULL),
            ASSAY_OK);
        assert_true(end == -INFINITY && other == high);
    }
    double low = 0, high = 0;
    assay_error err = {0};
    assert_int_equal(
        op->interval->replicates(&low, &high, values, 0, estimate, 0.025, 0.025, params, &err),
        ASSAY_EUNSUPPORTED);
    assert_int_equal(
        op->interval->replicates(&low, &high, values, N, estimate, 1e-5, 1e-5, params, &err),
        ASSAY_EUNSUPPORTED);
}

/* Symmetric replicates of an estimate in their middle: without bias and skewness the ends are those
 * of the percentiles. */
static void check_jackknifed(const assay_op *op, const void *params)
{
    enum { N = 2001, GROUPS = 40 };
    double values[N], jackknife[GROUPS];
    double low = 0, high = 0;
    assay_error err = {0};
    for (int i = 0; i < N; i++) {
        values[i] = (double)i / (N - 1);
    }
    for (int i = 0; i < GROUPS; i++) {
        jackknife[i] = 0.5 + (i % 2 == 0 ? 0.01 : -0.01);
    }
    assert_int_equal(op->interval->jackknifed(&low, &high, values, N, 0.5, jackknife, GROUPS, 0.025,
                                              0.025, params, NULL),
                     ASSAY_OK);
    assert_true(fabs(low - 0.025) < 1e-3 && fabs(high - 0.975) < 1e-3);
    assert_int_equal(op->interval->jackknifed(&low, &high, values, N, 0.5, jackknife, GROUPS, 0.05,
                                              0.0, params, NULL),
                     ASSAY_OK);
    assert_true(fabs(low - 0.05) < 1e-3 && high == INFINITY);
    assert_int_equal(op->interval->jackknifed(&low, &high, values, N, 2.0, jackknife, GROUPS, 0.025,
                                              0.025, params, &err),
                     ASSAY_EUNSUPPORTED);
}

/* Clusters that agree within themselves make the interval wider, and never leave [0, 1]. */
static void check_clustered(const assay_op *op, const void *params)
{
    enum { C = 20 };
    double alone[C], together[C], sizes[C];
    assay_cluster_estimate loose, tight;
    double low[3] = {0}, high[3] = {0};
    for (int c = 0; c < C; c++) {
        sizes[c] = 10.0;
        alone[c] = c % 2 == 0 ? 5.0 : 7.0;
        together[c] = c % 5 < 3 ? 10.0 : 0.0;
    }
    assert_int_equal(assay_cluster_ratio(&loose, alone, sizes, C, NULL), ASSAY_OK);
    assert_int_equal(assay_cluster_ratio(&tight, together, sizes, C, NULL), ASSAY_OK);
    assert_true(loose.value == tight.value);
    const assay_cluster_estimate *both[] = {&loose, &tight};
    for (int k = 0; k < 2; k++) {
        assert_int_equal(
            op->interval->clustered(&low[k], &high[k], both[k], 0.025, 0.025, params, NULL),
            ASSAY_OK);
        assert_true(0.0 <= low[k] && low[k] < 0.6 && 0.6 < high[k] && high[k] <= 1.0);
        assert_int_equal(
            op->interval->clustered(&low[2], &high[2], both[k], 0.025, 0.0, params, NULL),
            ASSAY_OK);
        assert_true(low[2] == low[k] && high[2] == 1.0);
    }
    assert_true(low[1] < low[0] && high[0] < high[1]);
}

static void check_area(const assay_op *op, const void *params)
{
    double narrower = -1.0;
    for (double variance = 0.0; variance < 0.05; variance += 0.003) {
        double low = 0, high = 0, end = 0, other = 0;
        assert_int_equal(op->interval->area(&low, &high, 0.9, variance, 0.025, 0.025, params, NULL),
                         ASSAY_OK);
        assert_true(0.0 <= low && low <= 0.9 && 0.9 <= high && high <= 1.0);
        assert_true(high - low > narrower);
        narrower = high - low;
        assert_int_equal(op->interval->area(&end, &other, 0.9, variance, 0.025, 0.0, params, NULL),
                         ASSAY_OK);
        assert_true(end == low && other == 1.0);
    }
}

/* Pivots of a symmetric distribution: the ends lie as far from the estimate as their quantiles say. */
static void check_studentised(const assay_op *op, const void *params)
{
    enum { N = 2001 };
    double pivots[N];
    double low = 0, high = 0, end = 0, other = 0;
    assay_error err = {0};
    for (int i = 0; i < N; i++) {
        pivots[i] = 4.0 * (double)i / (N - 1) - 2.0;
    }
    assert_int_equal(
        op->interval->studentised(&low, &high, pivots, N, 0.5, 0.1, 0.025, 0.025, params, NULL),
        ASSAY_OK);
    assert_true(fabs(low - (0.5 - 0.19)) < 1e-12 && fabs(high - (0.5 + 0.19)) < 1e-12);
    assert_int_equal(
        op->interval->studentised(&end, &other, pivots, N, 0.5, 0.1, 0.025, 0.0, params, NULL),
        ASSAY_OK);
    assert_true(end == low && other == INFINITY);
    assert_int_equal(
        op->interval->studentised(&low, &high, pivots, N, 0.5, NAN, 0.025, 0.025, params, &err),
        ASSAY_EUNSUPPORTED);
    assert_int_equal(
        op->interval->studentised(&low, &high, pivots, 5, 0.5, 0.1, 0.025, 0.025, params, &err),
        ASSAY_EUNSUPPORTED);
}

static void check_count(const assay_op *op, const void *params)
{
    double low = 0, high = 0, end = 0, other = 0;
    for (int64_t events = 0; events < 50; events++) {
        double rate = (double)events / 8.0;
        assert_int_equal(op->interval->count(&low, &high, events, 8.0, 0.025, 0.025, params, NULL),
                         ASSAY_OK);
        assert_true((events == 0 ? low == 0.0 : low < rate) && rate < high);
        assert_int_equal(op->interval->count(&end, &other, events, 8.0, 0.025, 0.0, params, NULL),
                         ASSAY_OK);
        assert_true(end == low && other == INFINITY);
    }
    /* no events: -ln(alpha) / exposure */
    assert_int_equal(op->interval->count(&low, &high, 0, 8.0, 0.0, 0.05, params, NULL), ASSAY_OK);
    assert_true(fabs(high - log(20.0) / 8.0) < 1e-12);
}

void check_interval_shape(const assay_op *op)
{
    const assay_interval *interval = op->interval;
    assay_args *args = harness_args(op, "");
    assert_int_equal((interval->proportion != NULL) + (interval->replicates != NULL) +
                         (interval->jackknifed != NULL) + (interval->clustered != NULL) +
                         (interval->area != NULL) + (interval->studentised != NULL) +
                         (interval->count != NULL),
                     1);
    if (interval->proportion != NULL) {
        check_proportion(op, args->params);
    } else if (interval->replicates != NULL) {
        check_replicates(op, args->params);
    } else if (interval->jackknifed != NULL) {
        check_jackknifed(op, args->params);
    } else if (interval->clustered != NULL) {
        check_clustered(op, args->params);
    } else if (interval->studentised != NULL) {
        check_studentised(op, args->params);
    } else if (interval->count != NULL) {
        check_count(op, args->params);
    } else {
        check_area(op, args->params);
    }
    assay_args_free(args);
}

/* SUCCESSES TRIALS ALPHA_LOW ALPHA_HIGH LOW HIGH */
static void check_golden_line(const assay_op *op, const void *params, char *line)
{
    double v[6] = {0.0};
    double low = 0, high = 0;
    size_t n = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *at = line; at != NULL && n < ASSAY_COUNT(v); n++) {
        char *next = strchr(at, ' ');
        if (next != NULL) {
            *next++ = '\0';
        }
        assert_true(assay_text_to_real(&v[n], at));
        at = next;
    }
    assert_int_equal(n, ASSAY_COUNT(v));
    assert_int_equal(op->interval->proportion(&low, &high, (int64_t)v[0], (int64_t)v[1], v[2], v[3],
                                              params, NULL),
                     ASSAY_OK);
    if (fabs(low - v[4]) > 1e-10 || fabs(high - v[5]) > 1e-10) {
        fail_msg("%s: %g of %g, alpha %g and %g: [%.15g, %.15g], expected [%.15g, %.15g]", op->name,
                 v[0], v[1], v[2], v[3], low, high, v[4], v[5]);
    }
}

/* Intervals of proportions; those of replicates are quantiles, which check_interval_shape pins. */
void check_interval_golden(const assay_op *op)
{
    char path[512];
    char line[256];
    int cases = 0;
    if (op->interval->proportion == NULL) {
        return;
    }
    (void)snprintf(path, sizeof path, "%s/golden/interval/%s.txt", ASSAY_TEST_DATA, op->name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("%s has no golden values: there is no %s", op->name, path);
        return;
    }
    assay_args *args = harness_args(op, "");
    while (fgets(line, sizeof line, file) != NULL) {
        check_golden_line(op, args->params, line);
        cases++;
    }
    (void)fclose(file);
    assay_args_free(args);
    if (cases == 0) {
        fail_msg("%s has no golden values: run its script in tests/oracle", op->name);
    }
}
