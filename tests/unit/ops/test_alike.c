/* Rows that a metric can't tell apart are resampled together: the replicates have the distribution of
 * drawing the rows one by one, whatever the weights. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/evaluate.h"
#include "core/predictions.h"
#include "ops/op_table.h"
#include "stats/intervals.h"

enum { ROWS = 20000, CLASSES = 4, REPLICATES = 1000 };

typedef enum weighting { ALL_ALIKE, THREE_WEIGHTS, ALL_DIFFERENT } weighting;

static void weigh(assay_predictions *p, weighting how)
{
    p->weights = how == ALL_ALIKE ? NULL : assay_arena_alloc(p->arena, ROWS, sizeof(double));
    for (int64_t i = 0; i < ROWS && how != ALL_ALIKE; i++) {
        assay_rng rng = assay_rng_stream(7, 3, (uint64_t)i);
        double u = assay_rng_uniform(&rng);
        p->weights[i] = how == THREE_WEIGHTS ? floor(3.0 * u) : pow(1.0 - u, -0.4) - 1.0;
    }
}

static assay_predictions *make(bool sets, weighting how)
{
    assay_predictions *p = NULL;
    if (sets) {
        assert_int_equal(assay_predictions_new_multilabel(&p, ROWS, CLASSES, 0, NULL), ASSAY_OK);
    } else {
        assert_int_equal(assay_predictions_new(&p, ROWS, CLASSES, 0, 0, NULL), ASSAY_OK);
    }
    for (int64_t i = 0; i < ROWS; i++) {
        assay_rng rng = assay_rng_stream(7, 1, (uint64_t)i);
        p->target[i] = sets ? 0 : (int32_t)assay_rng_below(&rng, CLASSES);
        bool right = assay_rng_uniform(&rng) < 0.7;
        p->label[i] = sets || right ? p->target[i] : (int32_t)assay_rng_below(&rng, CLASSES);
        for (int32_t k = 0; sets && k < CLASSES; k++) {
            p->truth_set[i * CLASSES + k] = assay_rng_uniform(&rng) < 0.1 * (k + 1);
            p->label_set[i * CLASSES + k] =
                p->truth_set[i * CLASSES + k] ^ (assay_rng_uniform(&rng) < 0.2);
        }
    }
    weigh(p, how);
    return p;
}

static void moments(double *mean, double *sd, const double *values, int64_t n)
{
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += values[i];
    }
    *mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) {
        squares += (values[i] - *mean) * (values[i] - *mean);
    }
    *sd = sqrt(squares / (double)(n - 1));
}

static void check(bool sets, weighting how)
{
    assay_error err = {0};
    assay_arena *arena = NULL;
    assay_args *f1 = NULL;
    assay_result results[2];
    assay_predictions *p = make(sets, how);
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assert_int_equal(
        assay_args_new(&f1, assay_registry_find(assay_ops(), ASSAY_OP_METRIC, "f1"), &err),
        ASSAY_OK);
    for (int paired = 0; paired < 2; paired++) { /* paired rows are drawn one by one */
        const assay_evaluate_options options = {
            .replicates = REPLICATES, .seed = 11, .threads = 2, .paired = paired};
        assay_result_init(&results[paired], arena);
        if (assay_evaluate(&results[paired], p, NULL, (const assay_args *const *)&f1, 1, &options,
                           &err) != ASSAY_OK) {
            fail_msg("%s", err.message);
        }
    }
    int compared = 0;
    for (int64_t m = 0; m < results[0].n_measures; m++) {
        const assay_measure *together = &results[0].measures[m], *apart = &results[1].measures[m];
        double mean[2], sd[2];
        assert_true(together->value == apart->value);
        if (together->replicates == NULL || apart->draws == NULL) {
            continue;
        }
        moments(&mean[0], &sd[0], together->replicates, together->n_replicates);
        moments(&mean[1], &sd[1], apart->draws, apart->n_draws);
        /* standard errors of the two: sd / sqrt(2 n) and sd sqrt(2 / n); four of them */
        assert_true(fabs(sd[0] / sd[1] - 1.0) < 4.0 * sqrt(1.0 / REPLICATES));
        assert_true(fabs(mean[0] - mean[1]) < 4.0 * sd[1] * sqrt(2.0 / REPLICATES));
        compared++;
    }
    assert_true(compared >= CLASSES + 2);
    assay_args_free(f1);
    assay_arena_free(arena);
    assay_predictions_free(p);
}

/* Values have no classes: rows of regression are never alike. */
static void test_values(void **state)
{
    (void)state;
    static const char *const names[] = {"r2", "pearson_correlation", "explained_variance",
                                        "concordance_correlation", "relative_squared_error"};
    enum { N = 200, OF = sizeof names / sizeof *names };
    assay_args *args[OF] = {0};
    assay_arena *arena = NULL;
    assay_predictions *p = NULL;
    assay_result out;
    assert_int_equal(assay_predictions_new_regression(&p, N, NULL), ASSAY_OK);
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assay_result_init(&out, arena);
    for (int64_t i = 0; i < N; i++) {
        assay_rng rng = assay_rng_stream(7, 5, (uint64_t)i);
        p->truth[i] = assay_rng_normal(&rng);
        p->value[i] = p->truth[i] + 0.5 * assay_rng_normal(&rng);
    }
    for (int k = 0; k < OF; k++) {
        const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, names[k]);
        assert_int_equal(assay_args_new(&args[k], op, NULL), ASSAY_OK);
    }
    assert_int_equal(assay_evaluate(&out, p, NULL, (const assay_args *const *)args, OF, NULL, NULL),
                     ASSAY_OK);
    assert_int_equal(out.n_measures, OF);
    for (int64_t m = 0; m < out.n_measures; m++) {
        assert_int_equal(out.measures[m].n_replicates, 1000);
        assert_true(out.measures[m].low < out.measures[m].value);
        assert_true(out.measures[m].value < out.measures[m].high);
    }
    for (int k = 0; k < OF; k++) {
        assay_args_free(args[k]);
    }
    assay_predictions_free(p);
    assay_arena_free(arena);
}

static void test_classes(void **state)
{
    (void)state;
    check(false, THREE_WEIGHTS);
    check(false, ALL_DIFFERENT);
}

static void test_sets(void **state)
{
    (void)state;
    check(true, ALL_ALIKE);
    check(true, THREE_WEIGHTS);
    check(true, ALL_DIFFERENT);
}

/* The same for any number of threads. */
static void test_threads(void **state)
{
    (void)state;
    assay_args *f1 = NULL;
    assay_predictions *p = make(true, ALL_DIFFERENT);
    double low[3], high[3];
    assert_int_equal(
        assay_args_new(&f1, assay_registry_find(assay_ops(), ASSAY_OP_METRIC, "f1"), NULL),
        ASSAY_OK);
    for (int k = 0; k < 3; k++) {
        assay_arena *arena = NULL;
        assay_result result;
        const assay_evaluate_options options = {
            .replicates = 200, .seed = 11, .threads = k == 2 ? 7 : k + 1};
        assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
        assay_result_init(&result, arena);
        assert_int_equal(
            assay_evaluate(&result, p, NULL, (const assay_args *const *)&f1, 1, &options, NULL),
            ASSAY_OK);
        low[k] = result.measures[0].low;
        high[k] = result.measures[0].high;
        assay_arena_free(arena);
    }
    assert_true(low[0] == low[1] && low[0] == low[2] && high[0] == high[1] && high[0] == high[2]);
    assert_true(low[0] < high[0]);
    assay_args_free(f1);
    assay_predictions_free(p);
}

/* Means of few weighted rows: the default interval is the widened one, which misses less often. */
static void test_widened(void **state)
{
    enum { TIMES = 500, N = 50 };
    (void)state;
    assay_args *mae = NULL;
    assay_predictions *p = NULL;
    int covered = 0, plain = 0;
    assert_int_equal(
        assay_args_new(
            &mae, assay_registry_find(assay_ops(), ASSAY_OP_METRIC, "mean_absolute_error"), NULL),
        ASSAY_OK);
    assert_int_equal(assay_predictions_new_regression(&p, N, NULL), ASSAY_OK);
    p->weights = assay_arena_alloc(p->arena, N, sizeof(double));
    for (uint32_t t = 0; t < TIMES; t++) {
        assay_arena *arena = NULL;
        assay_result result;
        double low = 0.0, high = 0.0;
        const assay_evaluate_options options = {.replicates = 400, .seed = t, .threads = 1};
        for (int64_t i = 0; i < N; i++) {
            assay_rng rng = assay_rng_stream(31, t, (uint64_t)i);
            p->truth[i] = -log(1.0 - assay_rng_uniform(&rng)); /* exponential, mean 1 */
            p->weights[i] = -log(1.0 - assay_rng_uniform(&rng));
        }
        assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
        assay_result_init(&result, arena);
        assert_int_equal(
            assay_evaluate(&result, p, NULL, (const assay_args *const *)&mae, 1, &options, NULL),
            ASSAY_OK);
        const assay_measure *m = &result.measures[0];
        assert_int_equal(assay_percentile_interval(&low, &high, m->replicates, m->n_replicates,
                                                   0.025, 0.025, NULL),
                         ASSAY_OK);
        assert_true(m->low <= low && m->high >= high);
        assert_non_null(strstr(m->method, "widened"));
        covered += m->low <= 1.0 && 1.0 <= m->high;
        plain += low <= 1.0 && 1.0 <= high;
        assay_arena_free(arena);
    }
    print_message("mean of %d weighted rows: %.3f of 0.95, not widened %.3f\n", N,
                  (double)covered / TIMES, (double)plain / TIMES);
    assert_true(covered > plain);
    assert_in_range(covered, (int)(0.89 * TIMES), TIMES);
    assay_args_free(mae);
    assay_predictions_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),  cmocka_unit_test(test_classes), cmocka_unit_test(test_sets),
        cmocka_unit_test(test_threads), cmocka_unit_test(test_widened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
