/* The weights of the Poisson bootstrap and the four ways of resampling, on metrics made for it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/evaluate_internal.h"
#include "core/interval.h"
#include "core/predictions.h"
#include "stats/bootstrap.h"

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

/* Every kind of processor draws the same weights, and they are the ones that are drawn four at a time. */
static void test_processors(void **state)
{
    (void)state;
    enum { ROWS = 20000, GROUP = ASSAY_BOOTSTRAP_GROUP };
    static uint8_t plain[ROWS * GROUP], other[ROWS * GROUP];
    assay_predictions *p = make(ROWS);
    int64_t *rows = assay_arena_alloc(p->arena, ROWS, sizeof *rows);
    for (int64_t i = 0; i < ROWS; i++) {
        rows[i] = i << (i % 40); /* addresses beyond 32 bits too */
    }
    for (int flip = 0; flip < 2; flip++) {
        const assay_evaluation e = {.predictions = p,
                                    .n = ROWS,
                                    .rows = rows,
                                    .seed = UINT64_C(0xfedcba9876543210),
                                    .resample =
                                        flip ? ASSAY_RESAMPLE_FLIP_REST : ASSAY_RESAMPLE_POISSON};
        assert_int_equal(assay_bootstrap_draw_as(plain, &e, 0, ROWS, 3, 0), 1);
        for (int64_t i = 0; i < ROWS; i++) {
            for (int r = 0; r < GROUP; r++) {
                int32_t four[4];
                int place = assay_bootstrap_place(r);
                assay_bootstrap_four(four, &e, i, (uint32_t)(3 * GROUP + place) / 4);
                assert_int_equal(plain[i * GROUP + r], four[place % 4]);
            }
        }
        for (int how = 1; how <= 2; how++) {
            memset(other, 99, sizeof other);
            if (assay_bootstrap_draw_as(other, &e, 0, ROWS, 3, how)) {
                assert_memory_equal(other, plain, sizeof other);
            }
        }
    }
    assay_predictions_free(p);
}

/* Draws of the mean over the rows of a shard, or of all (shards = 1). */
static const double *draws_of(assay_arena *arena, const assay_predictions *p, int64_t shard,
                              int64_t shards, int64_t replicates)
{
    assay_result result;
    assay_args args = {.op = &ops[0]};
    const assay_args *metrics[1] = {&args};
    assay_evaluate_options options = {
        .replicates = replicates, .threads = 2, .seed = 99, .paired = 1};
    uint8_t *mask = assay_arena_alloc(arena, (size_t)p->n, 1);
    assert_non_null(mask);
    for (int64_t i = 0; i < p->n; i++) {
        mask[i] = i * shards / p->n == shard;
    }
    assay_result_init(&result, arena);
    assert_int_equal(assay_evaluate(&result, p, mask, metrics, 1, &options, NULL), ASSAY_OK);
    assert_int_equal(result.measures[0].n_draws, replicates);
    return result.measures[0].draws;
}

/* The replicates of any number of shards, each evaluated by itself and added by their weights, are those of
 * the whole: the weight of a row knows nothing of the other rows. */
static void test_shards(void **state)
{
    (void)state;
    enum { ROWS = 20011, REPLICATES = 64 };
    static const int64_t counts[] = {2, 3, 7, 50};
    assay_predictions *p = make(ROWS);
    assay_arena *arena = NULL;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    const double *whole = draws_of(arena, p, 0, 1, REPLICATES);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        double sum[REPLICATES] = {0};
        double weight[REPLICATES] = {0};
        for (int64_t shard = 0; shard < counts[c]; shard++) {
            double part[REPLICATES] = {0};
            const double *draws = draws_of(arena, p, shard, counts[c], REPLICATES);
            for (int64_t i = 0; i < ROWS; i++) {
                int32_t copies[REPLICATES];
                if (i * counts[c] / ROWS == shard) {
                    assay_bootstrap_weights(copies, 99, (uint64_t)i, 0, REPLICATES / 4);
                    for (int r = 0; r < REPLICATES; r++) {
                        part[r] += copies[r];
                    }
                }
            }
            for (int r = 0; r < REPLICATES; r++) {
                sum[r] += part[r] * draws[r];
                weight[r] += part[r];
            }
        }
        for (int r = 0; r < REPLICATES; r++) {
            assert_true(fabs(sum[r] / weight[r] - whole[r]) < 1e-13);
        }
    }
    assay_arena_free(arena);
    assay_predictions_free(p);
}

static assay_status pivot_ends(double *low, double *high, const double *pivots, int64_t n,
                               double estimate, double se, double alpha_low, double alpha_high,
                               const void *params, assay_error *err)
{
    (void)params;
    return assay_studentised_interval(low, high, pivots, n, estimate, se, alpha_low, alpha_high,
                                      err);
}

static const assay_interval pivotal = {.studentised = pivot_ends};
static const assay_op pivotal_op = {
    .kind = ASSAY_OP_INTERVAL, .name = "pivotal", .interval = &pivotal};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Jackknife standard error of a mean from the sums of groups, written out. */
static double group_se(const double *sum, const double *weight, int groups)
{
    double all = 0.0, rows = 0.0, mean = 0.0, squares = 0.0;
    for (int g = 0; g < groups; g++) {
        all += sum[g];
        rows += weight[g];
    }
    for (int g = 0; g < groups; g++) {
        mean += (all - sum[g]) / (rows - weight[g]) / groups;
    }
    for (int g = 0; g < groups; g++) {
        double off = (all - sum[g]) / (rows - weight[g]) - mean;
        squares += off * off;
    }
    return sqrt(squares * (groups - 1.0) / groups);
}

/* Group that a copy of a row is dealt to, written out. */
static int group_of_copy(uint32_t row, uint32_t replicate, int32_t copy, int groups)
{
    const uint32_t key[2] = {99, 0};
    const uint32_t counter[4] = {replicate / 4, assay_rng_operation("bootstrap/groups"), row, 0};
    uint32_t words[4];
    assay_philox4x32_10(words, counter, key);
    uint32_t x = words[replicate % 4];
    while (copy-- > 0) {
        x = (x ^ x >> 16) * UINT32_C(0x7FEB352D);
        x = (x ^ x >> 15) * UINT32_C(0x846CA68B);
        x = (x ^ x >> 16) + UINT32_C(0x9E3779B9);
    }
    return (int)((uint64_t)x * (uint64_t)groups >> 32);
}

static void test_studentised(void **state)
{
    (void)state;
    enum { ROWS = 403, REPLICATES = 200, GROUPS = 20 };
    assay_predictions *p = make(ROWS);
    assay_arena *arena = NULL;
    assay_result result;
    assay_args args = {.op = &ops[1]}, interval = {.op = &pivotal_op};
    const assay_args *metrics[1] = {&args};
    assay_evaluate_options options = {
        .replicates = REPLICATES, .threads = 2, .seed = 99, .replicate_interval = &interval};
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assay_result_init(&result, arena);
    assert_int_equal(assay_evaluate(&result, p, NULL, metrics, 1, &options, NULL), ASSAY_OK);
    const assay_measure *m = &result.measures[0];
    double pivots[REPLICATES];
    double sum[GROUPS] = {0}, weight[GROUPS] = {0};
    for (int r = 0; r < REPLICATES; r++) {
        double drawn[GROUPS] = {0}, copies[GROUPS] = {0}, total = 0.0, rows = 0.0;
        for (int i = 0; i < ROWS; i++) {
            int32_t four[4];
            double x = fmax(p->scores_f64[2 * i], p->scores_f64[2 * i + 1]);
            assay_bootstrap_weights(four, 99, (uint64_t)i, (uint32_t)(r / 4), 1);
            for (int32_t c = 0; c < four[r % 4]; c++) {
                int g = group_of_copy((uint32_t)i, (uint32_t)r, c, GROUPS);
                drawn[g] += x;
                copies[g] += 1.0;
            }
            sum[i % GROUPS] += r == 0 ? x : 0.0;
            weight[i % GROUPS] += r == 0;
        }
        for (int g = 0; g < GROUPS; g++) {
            total += drawn[g];
            rows += copies[g];
        }
        pivots[r] = (total / rows - m->value) / group_se(drawn, copies, GROUPS);
    }
    qsort(pivots, REPLICATES, sizeof pivots[0], ascending);
    double se = group_se(sum, weight, GROUPS), low = 0, high = 0;
    assert_int_equal(m->n_pivots, REPLICATES);
    assert_true(fabs(m->se - se) < 1e-12);
    for (int r = 0; r < REPLICATES; r++) {
        assert_true(fabs(m->pivots[r] - pivots[r]) < 1e-9);
    }
    assert_int_equal(assay_studentised_interval(&low, &high, pivots, REPLICATES, m->value, se,
                                                0.025, 0.025, NULL),
                     ASSAY_OK);
    assert_true(fabs(m->low - low) < 1e-10 && fabs(m->high - high) < 1e-10 && low < high);
    assert_int_equal(assay_measure_bounds(&low, &high, m, 0.975, &options, NULL), ASSAY_OK);
    assert_true(low == m->low && high == m->high);
    assay_arena_free(arena);
    assay_predictions_free(p);
}

enum { TRIALS = 400 };

/* Trials in which an interval of a mean holds the true mean. */
static int covered_by(const assay_args *interval, int64_t replicates)
{
    enum { ROWS = 200 };
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
        assay_evaluate_options options = {.replicates = replicates,
                                          .threads = 1,
                                          .seed = (uint64_t)trial,
                                          .replicate_interval = interval};
        assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
        assay_result_init(&result, arena);
        assert_int_equal(assay_evaluate(&result, p, NULL, metrics, 1, &options, NULL), ASSAY_OK);
        covered += result.measures[0].low <= 0.75 && 0.75 <= result.measures[0].high;
        assay_arena_free(arena);
    }
    assay_predictions_free(p);
    return covered;
}

/* Intervals of a mean hold it about as often as they say: 95 % of 400 is 380, standard deviation 4.4.
 * Standard errors from groups of rows that stay the same in all replicates would hold it in 330. */
static void test_coverage(void **state)
{
    (void)state;
    const assay_args interval = {.op = &pivotal_op};
    assert_in_range(covered_by(NULL, 500), 380 - 18, 380 + 18);
    assert_in_range(covered_by(&interval, 199), 380 - 18, 380 + 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),     cmocka_unit_test(test_ways_agree),
        cmocka_unit_test(test_processors),  cmocka_unit_test(test_shards),
        cmocka_unit_test(test_studentised), cmocka_unit_test(test_coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
