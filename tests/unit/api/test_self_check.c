/* The evaluation's look at itself sees a wrong number: a value that was tampered with, and a metric that
 * depends on the order of rows or on the place of a class. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/run_again.h"
#include "base/rng.h"
#include "core/metric.h"
#include "ops/op_table.h"
#include "ops/shared/confusion.h"

enum { ROWS = 80, CLASSES = 3, MOST = 8 };

typedef struct fixture {
    assay_context context;
    assay_plan plan;
    assay_plan_context place;
    assay_args *metrics[MOST];
    assay_run run;
    assay_run_cell cell;
    assay_predictions *p;
} fixture;

static void start(fixture *f, const assay_op *const *ops, int32_t n)
{
    memset(f, 0, sizeof *f);
    assert_int_equal(assay_arena_new(&f->run.arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_predictions_new(&f->p, ROWS, CLASSES, 8, 0, NULL), ASSAY_OK);
    static const char *const names[CLASSES] = {"low", "middle", "high"};
    for (int32_t c = 0; c < CLASSES; c++) {
        f->p->class_names[c] = names[c];
    }
    for (int64_t i = 0; i < ROWS; i++) {
        assay_rng rng = assay_rng_stream(3, 1, (uint64_t)i);
        double share[CLASSES], sum = 0.0;
        f->p->target[i] = (int32_t)assay_rng_below(&rng, CLASSES);
        for (int32_t c = 0; c < CLASSES; c++) {
            share[c] = 1.0 + (double)assay_rng_below(&rng, 8) + 4.0 * (c == f->p->target[i]);
            sum += share[c];
        }
        for (int32_t c = 0; c < CLASSES; c++) {
            f->p->scores_f64[i * CLASSES + c] = share[c] / sum;
        }
    }
    assert_int_equal(assay_predictions_argmax(f->p, NULL), ASSAY_OK);
    assay_predictions_check_scores(f->p);
    for (int32_t k = 0; k < n; k++) {
        assert_int_equal(assay_args_new(&f->metrics[k], ops[k], NULL), ASSAY_OK);
    }
    f->context.threads = 1;
    f->place.sweep = -1;
    f->plan = (assay_plan){.level = 0.95,
                           .replicates = -1,
                           .seed = 1,
                           .contexts = &f->place,
                           .n_contexts = 1,
                           .metrics = f->metrics,
                           .n_metrics = n};
    f->run.context = &f->context;
    f->run.plan = &f->plan;
    const assay_evaluate_options options = {.replicates = -1};
    assay_result_init(&f->cell.result, f->run.arena);
    assert_int_equal(assay_evaluate(&f->cell.result, f->p, NULL,
                                    (const assay_args *const *)f->metrics, (size_t)n, &options,
                                    NULL),
                     ASSAY_OK);
}

static void stop(fixture *f)
{
    for (int32_t k = 0; k < f->plan.n_metrics; k++) {
        assay_args_free(f->metrics[k]);
    }
    assay_predictions_free(f->p);
    assay_arena_free(f->run.arena);
}

static void check(fixture *f)
{
    f->run.recomputed = f->run.differences = f->run.relations = f->run.relations_off = 0;
    f->run.n_findings = 0;
    assert_int_equal(assay_run_self_check(&f->run, &f->cell, f->p, NULL, NULL), ASSAY_OK);
}

static void test_tampered_value(void **state)
{
    (void)state;
    static const char *const names[] = {"accuracy", "recall",  "f1",         "matthews_correlation",
                                        "log_loss", "roc_auc", "brier_score"};
    const assay_op *ops[MOST];
    fixture f;
    int32_t n = (int32_t)ASSAY_COUNT(names);
    for (int32_t k = 0; k < n; k++) {
        ops[k] = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, names[k]);
        assert_non_null(ops[k]);
    }
    start(&f, ops, n);
    check(&f);
    /* accuracy, MCC, log loss, Brier; recall and F1 of three classes and macro; AUC with two averages */
    assert_int_equal(f.run.recomputed, 4 + 2 * (CLASSES + 1) + CLASSES + 2);
    assert_int_equal(f.run.differences, 0);
    assert_int_equal(f.run.relations_off, 0);
    assert_int_equal(f.run.n_findings, 0);
    int64_t seen = 0;
    for (int64_t i = 0; i < f.cell.result.n_measures; i++) {
        assay_measure *m = &f.cell.result.measures[i];
        double right = m->value;
        m->value = right + 1e-6;
        check(&f);
        m->value = right;
        seen += f.run.differences;
        assert_true(f.run.differences <= 1);
        if (f.run.differences == 1) {
            assert_int_equal(f.run.n_findings, 1);
            assert_string_equal(f.run.findings[0].kind, "self_check");
            assert_int_equal(f.run.findings[0].severity, 3);
            assert_non_null(strstr(f.run.findings[0].text, m->metric));
        }
    }
    assert_int_equal(seen, f.run.recomputed);
    stop(&f);
}

/* ---- metrics with a fault ---- */

static void first_row(int32_t *bin, double *const *values, const void *given,
                      const assay_rows *rows)
{
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = i == 0 ? 1.0 + (double)rows->target[i] + (double)rows->label[i] : 1.0;
    }
}

static void class_number(int32_t *bin, double *const *values, const void *given,
                         const assay_rows *rows)
{
    (void)bin;
    (void)given;
    for (int64_t i = 0; i < rows->n; i++) {
        values[0][i] = (double)rows->label[i];
    }
}

static assay_status finish(assay_result *out, const void *bins, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)given;
    (void)shape;
    const assay_metric_bin *all = bins;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = all->weight;
    measure->value = assay_sum_value(&all->sum[0]) / all->weight;
    return ASSAY_OK;
}

static void find_fault(void (*rows)(int32_t *, double *const *, const void *, const assay_rows *),
                       const char *what)
{
    fixture f;
    const assay_metric_terms terms = {.values = 1, .rows = rows};
    const assay_metric metric = {.finish = finish, .terms = &terms};
    const assay_op op = {.kind = ASSAY_OP_METRIC,
                         .revision = 1,
                         .name = "faulty",
                         .needs = ASSAY_NEEDS_LABEL,
                         .direction = ASSAY_HIGHER_IS_BETTER,
                         .metric = &metric};
    const assay_op *const ops[] = {&op};
    start(&f, ops, 1);
    f.p->target[0] = f.p->label[0] = 2; /* unlike the last row */
    f.p->target[ROWS - 1] = f.p->label[ROWS - 1] = 0;
    check(&f);
    assert_int_equal(f.run.relations, 2);
    assert_true(f.run.relations_off >= 1);
    bool told = false;
    for (int32_t i = 0; i < f.run.n_findings; i++) {
        told = told || (strstr(f.run.findings[i].text, "faulty") != NULL &&
                        strstr(f.run.findings[i].text, what) != NULL);
    }
    assert_true(told);
    stop(&f);
}

static void test_broken_relations(void **state)
{
    (void)state;
    find_fault(first_row, "with the rows in the opposite order");
    find_fault(class_number, "with the classes in the opposite order");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tampered_value),
        cmocka_unit_test(test_broken_relations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
