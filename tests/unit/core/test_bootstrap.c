/* The weights of the Poisson bootstrap and the four ways of resampling, on metrics made for it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/evaluate_internal.h"
#include "core/predictions.h"

/* ---- one metric, mean confidence, written in three ways ---- */

static int32_t one_bin(const void *params)
{
    (void)params;
    return 2; /* two bins, so that the binned code runs; all rows are in the second */
}

static void terms_rows(int32_t *bin, double *const *values, const void *params,
                       const assay_rows *rows)
{
    (void)params;
    for (int64_t i = 0; i < rows->n; i++) {
        bin[i] = 1;
        values[0][i] = rows->confidence[i];
    }
}

static assay_status finish(assay_result *out, const void *state, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    (void)params;
    (void)shape;
    const assay_metric_bin *bin = (const assay_metric_bin *)state + 1;
    assay_measure *measure = assay_result_measure(out);
    if (measure == NULL) {
        return assay_fail_memory(err);
    }
    measure->weight = bin->weight;
    measure->value = assay_sum_value(&bin->sum[0]) / bin->weight;
    return ASSAY_OK;
}

static assay_status block(void *state, const void *params, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    (void)params;
    (void)scratch;
    (void)err;
    assay_metric_bin *bin = (assay_metric_bin *)state + 1;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        bin->weight += weight;
        assay_sum_add(&bin->sum[0], rows->confidence[i] * weight);
    }
    return ASSAY_OK;
}

static void merge(void *into, const void *from, const void *params, int32_t classes)
{
    (void)params;
    (void)classes;
    assay_metric_bin *to = (assay_metric_bin *)into + 1;
    const assay_metric_bin *other = (const assay_metric_bin *)from + 1;
    to->weight += other->weight;
    assay_sum_merge(&to->sum[0], &other->sum[0]);
}

static size_t state_size(const void *params, int32_t classes)
{
    (void)params;
    (void)classes;
    return 2 * sizeof(assay_metric_bin);
}

static int always(const void *params)
{
    (void)params;
    return 1;
}

static const assay_metric_terms terms = {.values = 1, .bins = one_bin, .rows = terms_rows};
static const assay_metric by_terms = {.finish = finish, .terms = &terms};
static const assay_metric by_blocks = {
    .state_size = state_size, .block = block, .merge = merge, .finish = finish};
static const assay_metric by_sort = {
    .state_size = state_size, .block = block, .finish = finish, .sorted = always};

static const assay_op ops[] = {
    {.kind = ASSAY_OP_METRIC,
     .name = "terms",
     .needs = ASSAY_NEEDS_CONFIDENCE,
     .metric = &by_terms},
    {.kind = ASSAY_OP_METRIC,
     .name = "blocks",
     .needs = ASSAY_NEEDS_CONFIDENCE | ASSAY_NEEDS_SCORES,
     .metric = &by_blocks},
    {.kind = ASSAY_OP_METRIC,
     .name = "sorted",
     .needs = ASSAY_NEEDS_CONFIDENCE,
     .metric = &by_sort},
};

static assay_predictions *make(int64_t n)
{
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new(&p, n, 2, 8, 0, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(5, 9, (uint64_t)i);
        p->scores_f64[2 * i] = assay_rng_uniform(&rng);
        p->scores_f64[2 * i + 1] = 1.0 - p->scores_f64[2 * i];
        p->target[i] = 0;
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    assert_int_equal(p->scores_are_probabilities, 1);
    return p;
}

static void test_ways_agree(void **state)
{
    (void)state;
    assay_predictions *p = make(50000);
    assay_args args[3] = {{.op = &ops[0]}, {.op = &ops[1]}, {.op = &ops[2]}};
    const assay_args *metrics[3] = {&args[0], &args[1], &args[2]};
    uint8_t *mask = assay_arena_alloc(p->arena, (size_t)p->n, 1);
    for (int64_t i = 0; i < p->n; i++) {
        mask[i] = i % 7 != 3;
    }
    for (int masked = 0; masked < 2; masked++) {
        assay_arena *arena = NULL;
        assay_result result;
        assay_evaluate_options options = {.replicates = 101, .threads = 2, .seed = 99};
        assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
        assay_result_init(&result, arena);
        assert_int_equal(
            assay_evaluate(&result, p, masked ? mask : NULL, metrics, 3, &options, NULL), ASSAY_OK);
        assert_int_equal(result.n_measures, 3);
        for (int m = 0; m < 3; m++) {
            const assay_measure *a = &result.measures[0];
            const assay_measure *b = &result.measures[m];
            assert_true(fabs(a->value - b->value) < 1e-14);
            assert_int_equal(b->n_replicates, 101);
            for (int64_t i = 0; i < 101; i++) {
                assert_true(fabs(a->replicates[i] - b->replicates[i]) < 1e-13);
                assert_true(i == 0 || b->replicates[i - 1] <= b->replicates[i]);
            }
            /* standard error of a mean: sd / sqrt(n), here sqrt(1/48 / n) */
            double se = sqrt(1.0 / 48.0 / (double)b->n);
            assert_true(b->high - b->low > 3.0 * se && b->high - b->low < 4.9 * se);
            assert_non_null(strstr(b->method, "101 replicates"));
        }
        assay_arena_free(arena);
    }
    assay_predictions_free(p);
}

/* The weights that the sorted and the block way take are those of the group way: checked above
 * through the replicates, and here against the definition. */
static void test_weights(void **state)
{
    (void)state;
    double cdf[13];
    double term = exp(-1.0);
    double sum = 0.0;
    for (int k = 0; k < 13; k++) {
        term = k == 0 ? term : term / k;
        sum += term;
        cdf[k] = sum;
    }
    double total = 0.0;
    double square = 0.0;
    enum { ROWS = 50000 };
    for (uint64_t row = 0; row < ROWS; row++) {
        int32_t weights[8];
        assay_bootstrap_weights(weights, UINT64_C(0x123456789abcdef0), row << 30, 5, 2);
        for (int k = 0; k < 8; k++) {
            const uint32_t key[2] = {0x9abcdef0, 0x12345678};
            const uint32_t counter[4] = {(uint32_t)(5 + k / 4), assay_rng_operation("bootstrap"),
                                         (uint32_t)(row << 30), (uint32_t)((row << 30) >> 32)};
            uint32_t words[4];
            assay_philox4x32_10(words, counter, key);
            /* inversion: the smallest w with word / 2^32 < P(X <= w) */
            double u = (double)words[k % 4] * 0x1p-32;
            int32_t w = 0;
            while (w < 12 && u >= cdf[w] - 0x1p-33 && u >= floor(cdf[w] * 0x1p32) * 0x1p-32) {
                w++;
            }
            assert_int_equal(weights[k], w);
            total += w;
            square += (double)w * w;
        }
    }
    double n = 8.0 * ROWS;
    double mean = total / n;
    assert_true(fabs(mean - 1.0) < 5.0 / sqrt(n));
    assert_true(fabs(square / n - mean * mean - 1.0) < 5.0 * sqrt(3.0 / n));
}

/* A percentile interval of a mean covers the true mean about as often as it says. */
static void test_coverage(void **state)
{
    (void)state;
    enum { TRIALS = 400, ROWS = 200 };
    assay_predictions *p = make(ROWS);
    assay_args args = {.op = &ops[0]};
    const assay_args *metrics[1] = {&args};
    int covered = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        for (int64_t i = 0; i < ROWS; i++) {
            assay_rng rng = assay_rng_stream(77, (uint32_t)trial, (uint64_t)i);
            p->scores_f64[2 * i] = 0.5 + assay_rng_uniform(&rng) / 2.0;
            p->scores_f64[2 * i + 1] = 1.0 - p->scores_f64[2 * i];
        }
        assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
        assay_arena *arena = NULL;
        assay_result result;
        assay_evaluate_options options = {.replicates = 500, .threads = 1, .seed = (uint64_t)trial};
        assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
        assay_result_init(&result, arena);
        assert_int_equal(assay_evaluate(&result, p, NULL, metrics, 1, &options, NULL), ASSAY_OK);
        covered += result.measures[0].low <= 0.75 && 0.75 <= result.measures[0].high;
        assay_arena_free(arena);
    }
    /* 95 % of 400 is 380; standard deviation 4.4 */
    assert_in_range(covered, 380 - 18, 380 + 18);
    assay_predictions_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_ways_agree),
        cmocka_unit_test(test_coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
