/* Metrics of sets of classes: the same promises as those of one class per row. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/metric.h"
#include "operation/metric_data.h"

enum { CLASSES = 4 };

static void check_threads(const harness_variants *v)
{
    static const int threads[] = {2, 7, 16};
    assay_predictions *p = harness_random_sets(35001, CLASSES, 8, 3);
    uint8_t *mask = assay_alloc((size_t)p->n, 1);
    assert_non_null(mask);
    for (int64_t i = 0; i < p->n; i++) {
        mask[i] = i % 3 != 1;
    }
    for (int i = 0; i < v->n; i++) {
        int64_t replicates = i == 0 ? 41 : -1;
        const uint8_t *m = i % 2 == 0 ? mask : NULL;
        harness_evaluation first = harness_evaluate(p, m, v->args[i], replicates, 1);
        for (size_t t = 0; t < (i == 0 ? ASSAY_COUNT(threads) : 1); t++) {
            harness_evaluation other = harness_evaluate(p, m, v->args[i], replicates, threads[t]);
            harness_compare("threads", &first.result, &other.result, 0.0, true);
            assay_arena_free(other.arena);
        }
        assay_arena_free(first.arena);
    }
    assay_free(mask);
    assay_predictions_free(p);
}

static void check_small(const assay_args *args)
{
    static const uint8_t nobody[3] = {0, 0, 0};
    static const uint8_t one[3] = {0, 1, 0};
    for (int scores = 4; scores <= 8; scores += 4) {
        assay_predictions *none = harness_random_sets(0, 3, scores, 1);
        assay_predictions *few = harness_random_sets(3, 3, scores, 1);
        assay_predictions *single = harness_random_sets(20, 1, scores, 1);
        assay_predictions *empty = harness_random_sets(30, 3, scores, 1);
        harness_evaluation e = harness_evaluate(none, NULL, args, 40, 2);
        harness_check_undefined(&e.result);
        assay_arena_free(e.arena);
        e = harness_evaluate(few, nobody, args, 40, 2);
        harness_check_undefined(&e.result);
        assay_arena_free(e.arena);
        e = harness_evaluate(few, one, args, 40, 2);
        harness_check_sane(&e.result);
        assay_arena_free(e.arena);
        e = harness_evaluate(single, NULL, args, 40, 2);
        harness_check_sane(&e.result);
        assay_arena_free(e.arena);
        for (int full = 0; full < 2; full++) { /* nothing is true, then everything */
            memset(empty->truth_set, full, 90);
            memset(empty->label_set, full, 90);
            e = harness_evaluate(empty, NULL, args, 40, 2);
            harness_check_sane(&e.result);
            assay_arena_free(e.arena);
        }
        assay_predictions_free(none);
        assay_predictions_free(few);
        assay_predictions_free(single);
        assay_predictions_free(empty);
    }
}

/* Row i of the result is row first + i * step (modulo n) of p. */
static assay_predictions *picked(const assay_predictions *p, int64_t n, int64_t first, int64_t step)
{
    assay_predictions *q = harness_random_sets(n, CLASSES, 8, 0);
    for (int64_t i = 0; i < n; i++) {
        int64_t from = (first + i * step) % p->n * CLASSES;
        memcpy(q->truth_set + i * CLASSES, p->truth_set + from, CLASSES);
        memcpy(q->label_set + i * CLASSES, p->label_set + from, CLASSES);
        memcpy(q->scores_f64 + i * CLASSES, p->scores_f64 + from, CLASSES * sizeof(double));
    }
    return q;
}

static void check_metamorphic(const assay_args *args)
{
    assay_predictions *p = harness_random_sets(5003, CLASSES, 8, 11);
    assay_predictions *shuffled = picked(p, p->n, 0, 3001);
    assay_predictions *part = picked(p, p->n / 3, 1, 3);
    assay_predictions *renamed = harness_random_sets(p->n, CLASSES, 8, 0);
    uint8_t *mask = assay_alloc((size_t)p->n, 1);
    assert_non_null(mask);
    for (int64_t i = 0; i < part->n; i++) {
        mask[3 * i + 1] = 1;
    }
    for (int64_t i = 0; i < p->n * CLASSES; i++) { /* class k becomes k + 1 */
        int64_t to = i / CLASSES * CLASSES + (i + 1) % CLASSES;
        renamed->truth_set[to] = p->truth_set[i];
        renamed->label_set[to] = p->label_set[i];
        renamed->scores_f64[to] = p->scores_f64[i];
    }
    harness_evaluation a = harness_evaluate(p, NULL, args, -1, 2);
    harness_evaluation b = harness_evaluate(shuffled, NULL, args, -1, 2);
    harness_evaluation c = harness_evaluate(p, mask, args, -1, 2);
    harness_evaluation d = harness_evaluate(part, NULL, args, -1, 1);
    harness_evaluation e = harness_evaluate(renamed, NULL, args, -1, 1);
    harness_check_sane(&a.result);
    harness_compare("order of rows", &a.result, &b.result, 1e-13, false);
    harness_compare("slice", &c.result, &d.result, 0.0, true);
    for (int64_t m = 0; m < a.result.n_measures; m++) {
        if (a.result.measures[m].class_name == NULL) {
            assert_true(
                harness_close(e.result.measures[m].value, a.result.measures[m].value, 1e-13));
        }
    }
    assay_arena_free(a.arena);
    assay_arena_free(b.arena);
    assay_arena_free(c.arena);
    assay_arena_free(d.arena);
    assay_arena_free(e.arena);
    assay_predictions_free(p);
    assay_predictions_free(shuffled);
    assay_predictions_free(part);
    assay_predictions_free(renamed);
    assay_free(mask);
}

/* A missing score, scores that are none, scores that are not there. */
static void check_scores(const assay_args *args)
{
    bool scores = (args->op->needs & ~(uint32_t)ASSAY_NEEDS_LABEL) != 0;
    bool probabilities = (args->op->needs & (ASSAY_NEEDS_P_TARGET | ASSAY_NEEDS_CONFIDENCE)) != 0;
    assay_predictions *p = harness_random_sets(50, 3, 8, 2);
    if (args->op->metric->ranked != NULL) {
        p->scores_f64[12 * 3 + 1] = NAN;
        harness_expect_refusal(p, args, "row 13");
    }
    p->scores_f64[12 * 3 + 1] = 1.5;
    assay_predictions_check_scores(p);
    harness_evaluation e = harness_evaluate(p, NULL, args, -1, 1);
    if (probabilities) {
        harness_check_undefined(&e.result);
        assert_non_null(strstr(e.result.measures[0].reason, "between 0 and 1"));
    } else {
        harness_check_sane(&e.result);
    }
    assay_arena_free(e.arena);
    p->scores_f64 = NULL;
    assay_predictions_check_scores(p);
    e = harness_evaluate(p, NULL, args, 40, 1);
    if (scores) {
        harness_check_undefined(&e.result);
    } else {
        harness_check_sane(&e.result);
    }
    assay_arena_free(e.arena);
    assay_predictions_free(p);
}

void check_multilabel(const assay_op *op)
{
    if (op->task != ASSAY_TASK_MULTILABEL && !op->multilabel) {
        return;
    }
    harness_variants v = harness_make_variants(op);
    for (int i = 0; i < v.n; i++) {
        check_small(v.args[i]);
        check_metamorphic(v.args[i]);
    }
    check_threads(&v);
    check_scores(v.args[0]);
    assay_predictions *p = harness_random_sets(60, 3, 8, 5);
    harness_case c = {.predictions = p, .args = v.args[0]};
    check_allocation_failures(op->name, harness_run_once, &c);
    assay_predictions_free(p);
    harness_free_variants(&v);
}
