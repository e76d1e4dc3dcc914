/* The block engine with the registered metrics: intervals, bounds, options, refusals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/evaluate.h"
#include "ops/op_table.h"
#include "stats/intervals.h"

typedef struct fixture {
    assay_arena *arena;
    assay_result result;
    assay_predictions *p;
} fixture;

/* n rows of labels; right with probability `skill`. */
static fixture start(int64_t n, int32_t classes, double skill)
{
    fixture f = {0};
    assert_int_equal(assay_arena_new(&f.arena, 0, NULL), ASSAY_OK);
    assay_result_init(&f.result, f.arena);
    assert_int_equal(assay_predictions_new(&f.p, n, classes, 0, 0, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(1, 2, (uint64_t)i);
        uint64_t some = classes < 4 ? (uint64_t)classes : 4;
        f.p->target[i] = (int32_t)assay_rng_below(&rng, some);
        f.p->label[i] =
            assay_rng_uniform(&rng) < skill ? f.p->target[i] : (int32_t)assay_rng_below(&rng, some);
    }
    return f;
}

static void stop(fixture *f)
{
    assay_predictions_free(f->p);
    assay_arena_free(f->arena);
}

static assay_status run(fixture *f, const char *name, const assay_evaluate_options *options,
                        assay_error *err)
{
    assay_args *args = NULL;
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, name);
    assert_non_null(op);
    assert_int_equal(assay_args_new(&args, op, NULL), ASSAY_OK);
    const assay_args *metrics[1] = {args};
    assay_result_init(&f->result, f->arena);
    assay_status status = assay_evaluate(&f->result, f->p, NULL, metrics, 1, options, err);
    assay_args_free(args);
    return status;
}

static const assay_measure *find(const fixture *f, const char *average, const char *class_name)
{
    for (int64_t m = 0; m < f->result.n_measures; m++) {
        const assay_measure *each = &f->result.measures[m];
        if ((average != NULL && each->average != NULL && strcmp(average, each->average) == 0) ||
            (class_name != NULL && each->class_name != NULL &&
             strcmp(class_name, each->class_name) == 0)) {
            return each;
        }
    }
    fail_msg("no such measure");
    return NULL;
}

static void test_proportion(void **state)
{
    (void)state;
    fixture f = start(500, 4, 0.8);
    assay_evaluate_options options = {.level = 0.9, .threads = 2};
    double low = 0, high = 0;
    assert_int_equal(run(&f, "accuracy", &options, NULL), ASSAY_OK);
    const assay_measure *m = &f.result.measures[0];
    assert_string_equal(m->metric, "accuracy");
    assert_string_equal(m->method, "clopper_pearson");
    assert_null(m->params);
    assert_true(m->level == 0.9 && m->n == 500 && m->replicates == NULL);
    assert_int_equal(assay_clopper_pearson(&low, &high, m->successes, 500, (1.0 - 0.9) / 2,
                                           (1.0 - 0.9) / 2, NULL),
                     ASSAY_OK);
    assert_true(low == m->low && high == m->high);
    double bound = 0, other = 0;
    assert_int_equal(assay_measure_bounds(&bound, &other, m, 0.95, &options, NULL), ASSAY_OK);
    assert_true(fabs(bound - low) < 1e-12 && fabs(other - high) < 1e-12);

    assay_args *wilson = NULL;
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_INTERVAL, "wilson");
    assert_int_equal(assay_args_new(&wilson, op, NULL), ASSAY_OK);
    options.proportion_interval = wilson;
    assert_int_equal(run(&f, "accuracy", &options, NULL), ASSAY_OK);
    assert_string_equal(f.result.measures[0].method, "wilson");
    assert_true(f.result.measures[0].low > low && f.result.measures[0].high < high);
    /* an interval of the wrong kind is a usage error */
    options.replicate_interval = wilson;
    assay_error err = {0};
    assert_int_equal(run(&f, "balanced_accuracy", &options, &err), ASSAY_EINVAL);
    assert_non_null(strstr(err.message, "wilson"));
    assert_int_equal(f.result.n_measures, 0);
    assay_args_free(wilson);
    stop(&f);
}

/* Mean recall over classes: its variance is the sum of r (1 - r) / n_c over K^2. */
static void test_bootstrap_width(void **state)
{
    (void)state;
    fixture f = start(20000, 4, 0.7);
    assay_evaluate_options options = {.replicates = 4000, .threads = 2, .seed = 3};
    assert_int_equal(run(&f, "recall", &options, NULL), ASSAY_OK);
    double variance = 0.0;
    for (int64_t m = 0; m < f.result.n_measures; m++) {
        const assay_measure *each = &f.result.measures[m];
        if (each->class_name != NULL) {
            variance += each->value * (1.0 - each->value) / (double)each->n / 16.0;
            assert_string_equal(each->method, "clopper_pearson");
        }
    }
    const assay_measure *macro = find(&f, "macro", NULL);
    double width = macro->high - macro->low;
    assert_true(fabs(width / (2.0 * 1.959964 * sqrt(variance)) - 1.0) < 0.07);
    assert_true(fabs((macro->high + macro->low) / 2.0 - macro->value) < 0.1 * width);
    assert_string_equal(macro->method, "bootstrap_percentile, 4000 replicates");
    assert_int_equal(macro->n_replicates, 4000);
    double low = 0, high = 0;
    assert_int_equal(assay_measure_bounds(&low, &high, macro, 0.975, &options, NULL), ASSAY_OK);
    assert_true(fabs(low - macro->low) < 1e-9 && fabs(high - macro->high) < 1e-9);
    assert_int_equal(assay_measure_bounds(&low, &high, macro, 0.9999, &options, NULL),
                     ASSAY_EUNSUPPORTED);
    assert_int_equal(assay_measure_bounds(&low, &high, macro, 1.0, &options, NULL), ASSAY_EINVAL);
    stop(&f);
}

static void test_same_seed_same_interval(void **state)
{
    (void)state;
    fixture f = start(3000, 3, 0.7);
    assay_evaluate_options options = {.replicates = 200, .seed = 3};
    assert_int_equal(run(&f, "f1", &options, NULL), ASSAY_OK);
    double low = find(&f, "macro", NULL)->low;
    assert_int_equal(run(&f, "f1", &options, NULL), ASSAY_OK);
    assert_true(low == find(&f, "macro", NULL)->low);
    options.seed = UINT64_C(1) << 40;
    assert_int_equal(run(&f, "f1", &options, NULL), ASSAY_OK);
    assert_true(low != find(&f, "macro", NULL)->low);
    stop(&f);
}

/* What resampling can't say is said in words. */
static void test_no_interval(void **state)
{
    (void)state;
    double low = 0, high = 0;
    assay_error err = {0};
    fixture f = start(60, 3, 1.0); /* without an error */
    assert_int_equal(run(&f, "balanced_accuracy", NULL, NULL), ASSAY_OK);
    const assay_measure *m = &f.result.measures[0];
    assert_true(m->value == 1.0 && isnan(m->low) && isnan(m->high) && m->replicates == NULL);
    assert_non_null(strstr(m->method, "all equal"));
    assert_int_equal(assay_measure_bounds(&low, &high, m, 0.95, NULL, &err), ASSAY_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "all equal"));
    stop(&f);

    f = start(9, 3, 0.5); /* too few rows */
    assert_int_equal(run(&f, "balanced_accuracy", NULL, NULL), ASSAY_OK);
    assert_true(isnan(f.result.measures[0].low));
    assert_non_null(strstr(f.result.measures[0].method, "fewer than 10 rows"));
    stop(&f);

    f = start(50, 5, 0.7); /* a class with two rows is missing from some replicates */
    f.p->target[10] = 4;
    f.p->label[11] = 4;
    assert_int_equal(run(&f, "f1", NULL, NULL), ASSAY_OK);
    m = find(&f, NULL, "4");
    assert_true(m->value == 0.0);
    f.p->label[10] = 4;
    assert_int_equal(run(&f, "f1", NULL, NULL), ASSAY_OK);
    m = find(&f, NULL, "4");
    assert_non_null(strstr(m->method, "of them undefined and left out"));
    assert_true(m->n_replicates > 700 && m->n_replicates < 950); /* 1 - exp(-2) of 1000 */
    stop(&f);

    f = start(50, 3, 0.7);
    assay_evaluate_options none = {.replicates = -1};
    assert_int_equal(run(&f, "f1", &none, NULL), ASSAY_OK);
    assert_string_equal(find(&f, "macro", NULL)->method, "none");
    assert_true(!isnan(find(&f, "micro", NULL)->low));
    stop(&f);
}

static void test_left_out_classes_are_named(void **state)
{
    (void)state;
    fixture f = start(100, 6, 0.6);
    f.p->target[0] = 5;
    f.p->label[0] = 0;
    assert_int_equal(run(&f, "precision", NULL, NULL), ASSAY_OK);
    assert_string_equal(find(&f, "macro", NULL)->reason, "1 class is undefined and left out: 5");
    assert_string_equal(find(&f, NULL, "5")->reason, "the class was never predicted");
    assert_int_equal(find(&f, NULL, "5")->outcome, ASSAY_OUTCOME_UNDEFINED);
    assert_non_null(strstr(find(&f, NULL, "4")->reason, "neither"));
    assert_string_equal(find(&f, "macro", NULL)->params, "{\"zero_division\":\"undefined\"}");
    stop(&f);
}

static void test_options(void **state)
{
    (void)state;
    fixture f = start(100, 3, 0.6);
    assay_error err = {0};
    static const assay_evaluate_options bad[] = {
        {.level = 1.0},
        {.level = -0.5},
        {.level = NAN},
        {.replicates = -2},
        {.replicates = 10000000},
        {.replicates = 39},
        {.level = 0.999, .replicates = 1000},
    };
    for (size_t i = 0; i < ASSAY_COUNT(bad); i++) {
        assert_int_equal(run(&f, "accuracy", &bad[i], &err), ASSAY_EINVAL);
        assert_true(err.message[0] != '\0');
    }
    assay_evaluate_options good = {.replicates = 40};
    assert_int_equal(run(&f, "balanced_accuracy", &good, &err), ASSAY_OK);
    assay_cancel cancel;
    atomic_init(&cancel.requested, 1);
    good.cancel = &cancel;
    assert_int_equal(run(&f, "accuracy", &good, &err), ASSAY_ECANCELLED);
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_INTERVAL, "wilson");
    assay_args args = {.op = op};
    const assay_args *not_a_metric[1] = {&args};
    assert_int_equal(assay_evaluate(&f.result, f.p, NULL, not_a_metric, 1, NULL, &err),
                     ASSAY_EINVAL);
    stop(&f);
}

/* Beyond the number of classes for which all cells are counted, the same numbers come from rows. */
static void test_many_classes(void **state)
{
    (void)state;
    static const char *const names[] = {"accuracy", "balanced_accuracy", "f1", "confusion_matrix"};
    fixture few = start(40000, 4, 0.7);
    fixture many = start(40000, 3000, 0.7);
    assay_evaluate_options options = {.replicates = 40, .threads = 2};
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        assert_int_equal(run(&few, names[i], &options, NULL), ASSAY_OK);
        assert_int_equal(run(&many, names[i], &options, NULL), ASSAY_OK);
        for (int64_t m = 0; m < few.result.n_measures; m++) {
            const assay_measure *a = &few.result.measures[m];
            const assay_measure *b = &many.result.measures[m];
            assert_true(a->value == b->value && a->n == b->n && a->successes == b->successes);
            assert_true(isnan(a->low) == isnan(b->low));
        }
        for (int64_t c = 0; c < few.result.n_curves; c++) {
            assert_int_equal(few.result.curves[c].n_rows, many.result.curves[c].n_rows);
        }
    }
    stop(&few);
    stop(&many);
    fixture huge = start(100, 20000, 0.5);
    assert_int_equal(run(&huge, "confusion_matrix", &options, NULL), ASSAY_OK);
    assert_int_equal(huge.result.n_measures, 1);
    assert_int_equal(huge.result.measures[0].outcome, ASSAY_OUTCOME_UNDEFINED);
    assert_non_null(strstr(huge.result.measures[0].reason, "memory"));
    stop(&huge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proportion),
        cmocka_unit_test(test_bootstrap_width),
        cmocka_unit_test(test_same_seed_same_interval),
        cmocka_unit_test(test_no_interval),
        cmocka_unit_test(test_left_out_classes_are_named),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_many_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
