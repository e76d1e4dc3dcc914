/* Metrics of regression: the same promises as those of classification, on values. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "operation/metric_data.h"

void check_regression_threads(const assay_op *op)
{
    static const int threads[] = {2, 7, 16};
    assay_predictions *p = harness_random_values(75001, 3);
    uint8_t *mask = assay_alloc((size_t)p->n, 1);
    assert_non_null(mask);
    for (int64_t i = 0; i < p->n; i++) {
        mask[i] = i % 3 != 1;
    }
    harness_variants v = harness_make_variants(op);
    for (int i = 0; i < v.n; i++) {
        int64_t replicates = i == 0 ? 45 : -1;
        for (int masked = 0; masked < 2; masked++) {
            const uint8_t *m = masked ? mask : NULL;
            harness_evaluation first = harness_evaluate(p, m, v.args[i], replicates, 1);
            for (size_t t = 0; t < ASSAY_COUNT(threads); t++) {
                harness_evaluation other =
                    harness_evaluate(p, m, v.args[i], replicates, threads[t]);
                harness_compare("threads", &first.result, &other.result, 0.0, true);
                assay_arena_free(other.arena);
            }
            assay_arena_free(first.arena);
        }
    }
    harness_free_variants(&v);
    assay_free(mask);
    assay_predictions_free(p);
}

static void check_small(const assay_args *args)
{
    static const uint8_t nobody[3] = {0, 0, 0};
    static const uint8_t one[3] = {0, 1, 0};
    assay_predictions *none = harness_random_values(0, 1);
    assay_predictions *few = harness_random_values(3, 1);
    assay_predictions *level = harness_random_values(30, 1);
    harness_evaluation e = harness_evaluate(none, NULL, args, 40, 2);
    harness_check_undefined(&e.result);
    assay_arena_free(e.arena);
    e = harness_evaluate(few, nobody, args, 40, 2);
    harness_check_undefined(&e.result);
    assay_arena_free(e.arena);
    e = harness_evaluate(few, one, args, 40, 2);
    harness_check_sane(&e.result);
    assay_arena_free(e.arena);
    for (int64_t i = 0; i < level->n; i++) {
        level->truth[i] = level->value[i] = 2.0;
    }
    e = harness_evaluate(level, NULL, args, 40, 2);
    harness_check_sane(&e.result);
    assay_arena_free(e.arena);
    for (int64_t i = 0; i < level->n; i++) {
        level->truth[i] = i % 2 == 0 ? 1.7e308 : -1.7e308; /* sums and squares run over */
        level->value[i] = 0.0;
    }
    e = harness_evaluate(level, NULL, args, 40, 2);
    harness_check_sane(&e.result);
    assay_arena_free(e.arena);
    assay_predictions_free(none);
    assay_predictions_free(few);
    assay_predictions_free(level);
}

void check_regression_edges(const assay_op *op)
{
    harness_variants v = harness_make_variants(op);
    for (int i = 0; i < v.n; i++) {
        check_small(v.args[i]);
    }
    assay_predictions *p = harness_random_values(50, 2);
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < ASSAY_COUNT(bad); i++) {
        double before = p->truth[41];
        p->truth[41] = bad[i];
        harness_expect_refusal(p, v.args[0], "row 42");
        p->truth[41] = before;
        before = p->value[30];
        p->value[30] = bad[i];
        harness_expect_refusal(p, v.args[0], "row 31");
        p->value[30] = before;
    }
    assay_predictions_free(p);

    /* the other task is refused by name */
    assay_predictions *classes = harness_random_predictions(20, 3, 8, 1);
    assay_error err = {0};
    assay_result result;
    assay_arena *arena = NULL;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assay_result_init(&result, arena);
    const assay_args *args = v.args[0];
    assert_int_equal(assay_evaluate(&result, classes, NULL, &args, 1, NULL, &err), ASSAY_EINVAL);
    assert_non_null(strstr(err.message, op->name));
    assert_non_null(strstr(err.message, "classification"));
    assay_arena_free(arena);
    assay_predictions_free(classes);
    harness_free_variants(&v);
}

/* Row i of the result is row first + i * step (modulo n) of p. */
static assay_predictions *picked(const assay_predictions *p, int64_t n, int64_t first, int64_t step)
{
    assay_predictions *q = harness_random_values(n, 0);
    for (int64_t i = 0; i < n; i++) {
        q->truth[i] = p->truth[(first + i * step) % p->n];
        q->value[i] = p->value[(first + i * step) % p->n];
    }
    return q;
}

void check_regression_metamorphic(const assay_op *op)
{
    assay_predictions *p = harness_random_values(10007, 11);
    assay_predictions *shuffled = picked(p, p->n, 0, 3001);
    assay_predictions *thrice = picked(p, 3 * p->n, 0, 1);
    assay_predictions *part = picked(p, p->n / 3, 1, 3);
    uint8_t *mask = assay_alloc((size_t)p->n, 1);
    assert_non_null(mask);
    for (int64_t i = 0; i < part->n; i++) {
        mask[3 * i + 1] = 1;
    }
    harness_variants v = harness_make_variants(op);
    for (int i = 0; i < v.n; i++) {
        harness_evaluation a = harness_evaluate(p, NULL, v.args[i], -1, 2);
        harness_evaluation b = harness_evaluate(shuffled, NULL, v.args[i], -1, 2);
        harness_evaluation c = harness_evaluate(thrice, NULL, v.args[i], -1, 2);
        harness_check_sane(&a.result);
        harness_compare("order of rows", &a.result, &b.result, 1e-13, false);
        harness_compare("three times the rows", &a.result, &c.result, 1e-12, false);
        assert_int_equal(c.result.measures[0].n, 3 * a.result.measures[0].n);
        harness_evaluation d = harness_evaluate(p, mask, v.args[i], -1, 2);
        harness_evaluation e = harness_evaluate(part, NULL, v.args[i], -1, 1);
        harness_compare("slice", &d.result, &e.result, 0.0, true);
        assay_arena_free(a.arena);
        assay_arena_free(b.arena);
        assay_arena_free(c.arena);
        assay_arena_free(d.arena);
        assay_arena_free(e.arena);
    }
    harness_free_variants(&v);
    assay_free(mask);
    assay_predictions_free(p);
    assay_predictions_free(shuffled);
    assay_predictions_free(thrice);
    assay_predictions_free(part);
}

void check_regression_allocation(const assay_op *op)
{
    assay_predictions *p = harness_random_values(300, 5);
    harness_variants v = harness_make_variants(op);
    for (int i = 0; i < v.n; i++) {
        harness_case c = {.predictions = p, .args = v.args[i]};
        check_allocation_failures(op->name, harness_run_once, &c);
    }
    harness_free_variants(&v);
    assay_predictions_free(p);
}
