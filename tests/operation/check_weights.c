/* Metrics on weighted rows: relations that hold whatever the metric is, for both tasks. Their values
 * are in golden/metric_weighted.json. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "core/metric.h"
#include "operation/metric_data.h"

enum { ROWS = 901, CLASSES = 4 };

static assay_predictions *rows_of(assay_task task, int64_t n)
{
    return task == ASSAY_TASK_MULTILABEL   ? harness_random_sets(n, CLASSES, 8, 11)
           : task == ASSAY_TASK_REGRESSION ? harness_random_values(n, 11)
                                           : harness_random_predictions(n, CLASSES, 8, 11);
}

static void weigh(assay_predictions *p, double (*of)(int64_t row))
{
    p->weights = assay_arena_alloc(p->arena, (size_t)p->n, sizeof *p->weights);
    assert_non_null(p->weights);
    for (int64_t i = 0; i < p->n; i++) {
        p->weights[i] = of(i);
    }
}

static double one(int64_t row)
{
    (void)row;
    return 1.0;
}

static double whole(int64_t row)
{
    return (double)(row * 7 % 4); /* every fourth does not count */
}

static double real(int64_t row)
{
    assay_rng rng = assay_rng_stream(5, 6, (uint64_t)row);
    return row % 11 == 0 ? 0.0 : exp(assay_rng_normal(&rng));
}

static double quarter(int64_t row)
{
    return 0.25 * real(row);
}

/* Every row as often as its weight says. */
static assay_predictions *copies_of(const assay_predictions *p, assay_task task)
{
    int64_t n = 0;
    for (int64_t i = 0; i < p->n; i++) {
        n += (int64_t)p->weights[i];
    }
    assay_predictions *q = rows_of(task, n);
    int64_t at = 0;
    for (int64_t i = 0; i < p->n; i++) {
        for (int64_t k = 0; k < (int64_t)p->weights[i]; k++, at++) {
            q->target[at] = p->target[i];
            q->label[at] = p->label[i];
            if (p->truth != NULL) {
                q->truth[at] = p->truth[i];
                q->value[at] = p->value[i];
            } else {
                if (p->truth_set != NULL) {
                    memcpy(q->truth_set + at * CLASSES, p->truth_set + i * CLASSES, CLASSES);
                    memcpy(q->label_set + at * CLASSES, p->label_set + i * CLASSES, CLASSES);
                }
                memcpy(q->scores_f64 + at * CLASSES, p->scores_f64 + i * CLASSES,
                       CLASSES * sizeof(double));
            }
        }
    }
    return q;
}

/* What is a function of the weights and not of copies: a correction by the number of rows, and
 * quantiles, which interpolate between copies but not between weighted rows. */
static bool tells_copies(const assay_args *args)
{
    double binning = 0;
    return strcmp(args->op->name, "debiased_calibration_error") == 0 ||
           args->op->metric->no_interval ||
           (assay_args_get(&binning, args, "binning") && binning != 0.0);
}

static void check_ones(assay_task task, const assay_args *args)
{
    assay_predictions *plain = rows_of(task, ROWS);
    assay_predictions *weighted = rows_of(task, ROWS);
    weigh(weighted, one);
    harness_evaluation a = harness_evaluate(plain, NULL, args, -1, 2);
    harness_evaluation b = harness_evaluate(weighted, NULL, args, -1, 2);
    double binning = 0;
    if (!assay_args_get(&binning, args, "binning") || binning == 0.0) {
        harness_compare("weights of one", &a.result, &b.result, 1e-11, false);
    }
    for (int64_t m = 0; m < a.result.n_measures; m++) {
        const assay_measure *x = &a.result.measures[m];
        const assay_measure *y = &b.result.measures[m];
        assert_int_equal(x->n, y->n);
        assert_true(!x->weighted && y->weighted);
        assert_true(x->weight == (double)x->n && harness_close(y->weight, x->weight, 1e-12));
        assert_true(harness_close(y->effective, x->weight, 1e-12));
        assert_int_equal(y->successes, -1);
        if (x->successes >= 0) {
            assert_true(harness_close(y->hits, (double)x->successes, 1e-12));
            /* rows / (rows - 1) in the variance is all that is between the two intervals */
            assert_true(y->low <= x->low + 1e-9 && y->high >= x->high - 1e-9);
            assert_true(y->low > x->low - 0.01 && y->high < x->high + 0.01);
        }
    }
    assay_arena_free(a.arena);
    assay_arena_free(b.arena);
    assay_predictions_free(plain);
    assay_predictions_free(weighted);
}

static void check_copies(assay_task task, const assay_args *args)
{
    assay_predictions *weighted = rows_of(task, ROWS);
    weigh(weighted, whole);
    assay_predictions *copies = copies_of(weighted, task);
    harness_evaluation a = harness_evaluate(copies, NULL, args, -1, 2);
    harness_evaluation b = harness_evaluate(weighted, NULL, args, -1, 2);
    for (int64_t m = 0; m < a.result.n_measures; m++) {
        const assay_measure *x = &a.result.measures[m];
        const assay_measure *y = &b.result.measures[m];
        if (x->outcome != y->outcome || !harness_close(y->value, x->value, 1e-12) ||
            !harness_close(y->weight, x->weight, 1e-12) || y->n > x->n ||
            y->effective > x->weight) {
            fail_msg("%s: measure %d: copies %.17g of %g, weighted %.17g of %g", args->op->name,
                     (int)m, x->value, x->weight, y->value, y->weight);
        }
    }
    assay_arena_free(a.arena);
    assay_arena_free(b.arena);
    assay_predictions_free(weighted);
    assay_predictions_free(copies);
}

/* A quarter of every weight leaves every bit but the total alone. */
static void check_scale(assay_task task, const assay_args *args)
{
    assay_predictions *p = rows_of(task, ROWS);
    assay_predictions *q = rows_of(task, ROWS);
    weigh(p, real);
    weigh(q, quarter);
    harness_evaluation a = harness_evaluate(p, NULL, args, 40, 2);
    harness_evaluation b = harness_evaluate(q, NULL, args, 40, 2);
    harness_check_sane(&a.result);
    for (int64_t m = 0; m < a.result.n_measures; m++) {
        const assay_measure *x = &a.result.measures[m];
        const assay_measure *y = &b.result.measures[m];
        assert_true(harness_close(x->value, y->value, 1e-13));
        assert_true(harness_close(x->low, y->low, 1e-9) && harness_close(x->high, y->high, 1e-9));
        assert_true(y->weight == 0.25 * x->weight && y->effective == x->effective);
        assert_int_equal(x->n, y->n);
        assert_true(x->n < ROWS && x->effective <= (double)x->n * (1.0 + 1e-12));
    }
    assay_arena_free(a.arena);
    assay_arena_free(b.arena);
    assay_predictions_free(p);
    assay_predictions_free(q);
}

static void check_refusals(assay_task task, const assay_args *args)
{
    static const double bad[] = {-1e-300, NAN, INFINITY};
    assay_predictions *p = rows_of(task, 50);
    weigh(p, one);
    for (size_t i = 0; i < ASSAY_COUNT(bad); i++) {
        p->weights[41] = bad[i];
        harness_expect_refusal(p, args, "row 42");
    }
    memset(p->weights, 0, 50 * sizeof *p->weights);
    harness_expect_refusal(p, args, "zero");
    assay_predictions_free(p);
}

static void check_threads(assay_task task, const assay_args *args)
{
    assay_predictions *p = rows_of(task, 35001);
    weigh(p, real);
    uint8_t *mask = assay_alloc((size_t)p->n, 1);
    assert_non_null(mask);
    for (int64_t i = 0; i < p->n; i++) {
        mask[i] = i % 3 != 1;
    }
    harness_evaluation a = harness_evaluate(p, mask, args, 45, 1);
    harness_evaluation b = harness_evaluate(p, mask, args, 45, 7);
    harness_compare("threads", &a.result, &b.result, 0.0, true);
    assay_arena_free(a.arena);
    assay_arena_free(b.arena);
    assay_predictions_free(p);
    assay_free(mask);
}

static void check_task(assay_task task, const assay_op *op)
{
    harness_variants v = harness_make_variants(op);
    for (int i = 0; i < v.n; i++) {
        check_ones(task, v.args[i]);
        if (!tells_copies(v.args[i])) {
            check_copies(task, v.args[i]);
        }
        check_scale(task, v.args[i]);
    }
    check_refusals(task, v.args[0]);
    check_threads(task, v.args[0]);
    assay_predictions *p = rows_of(task, 60);
    weigh(p, real);
    harness_case c = {.predictions = p, .args = v.args[0]};
    check_allocation_failures(op->name, harness_run_once, &c);
    assay_predictions_free(p);
    harness_free_variants(&v);
}

void check_metric_weights(const assay_op *op)
{
    check_task(op->task, op);
    if (op->multilabel) {
        check_task(ASSAY_TASK_MULTILABEL, op);
    }
}
