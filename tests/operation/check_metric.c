/* Metrics: edge cases, metamorphic relations, thread counts, failing allocations. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "core/metric.h"
#include "operation/metric_data.h"

/* tolerance 0 = the same bits */
void harness_compare(const char *what, const assay_result *a, const assay_result *b,
                     double tolerance, bool intervals)
{
    assert_int_equal(a->n_measures, b->n_measures);
    assert_int_equal(a->n_curves, b->n_curves);
    for (int64_t m = 0; m < a->n_measures; m++) {
        const assay_measure *x = &a->measures[m];
        const assay_measure *y = &b->measures[m];
        bool equal =
            x->outcome == y->outcome && harness_close(x->value, y->value, tolerance) &&
            (!intervals || (harness_same(x->low, y->low) && harness_same(x->high, y->high) &&
                            x->n == y->n && x->n_replicates == y->n_replicates));
        if (!equal) {
            fail_msg("%s: %s: measure %" PRId64 ": %.17g [%.17g, %.17g] and %.17g [%.17g, %.17g]",
                     what, x->metric, m, x->value, x->low, x->high, y->value, y->low, y->high);
        }
        for (int64_t i = 0; intervals && i < x->n_replicates; i++) {
            assert_true(x->replicates[i] == y->replicates[i]);
        }
    }
    for (int64_t c = 0; c < a->n_curves; c++) {
        const assay_curve *x = &a->curves[c];
        const assay_curve *y = &b->curves[c];
        assert_int_equal(x->n_rows, y->n_rows);
        for (int64_t i = 0; i < x->n_rows * x->n_columns; i++) {
            if (!harness_close(x->values[i], y->values[i], tolerance)) {
                fail_msg("%s: %s: curve value %" PRId64 ": %.17g and %.17g", what, x->name, i,
                         x->values[i], y->values[i]);
            }
        }
    }
}

/* ---- variants: the defaults and one for each choice, bool and bound ---- */

static void add_variant(harness_variants *v, const assay_op *op, const char *name, const char *text)
{
    assay_error err = {0};
    assert_true(v->n < HARNESS_MOST_VARIANTS);
    assay_args *args = harness_args(op, "");
    if (name != NULL && assay_args_set(args, name, text, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    v->args[v->n++] = args;
}

harness_variants harness_make_variants(const assay_op *op)
{
    harness_variants v = {0};
    char text[64];
    add_variant(&v, op, NULL, NULL);
    for (size_t i = 0; i < op->n_params; i++) {
        const assay_param *param = &op->params[i];
        if (param->type == ASSAY_PARAM_CHOICE) {
            for (const char *const *choice = param->choices; *choice != NULL; choice++) {
                add_variant(&v, op, param->name, *choice);
            }
        } else if (param->type == ASSAY_PARAM_BOOL) {
            add_variant(&v, op, param->name, param->otherwise != 0.0 ? "false" : "true");
        } else if (param->type == ASSAY_PARAM_MATRIX) {
            add_variant(&v, op, param->name,
                        "0 1 2 3 4; 9 0 2 3 4; 1 7 0 8 4; 1 2 3 0 4; 5 4 3 2 0");
        } else {
            bool whole = param->type == ASSAY_PARAM_INT;
            (void)snprintf(text, sizeof text, whole ? "%.0f" : "%.17g", param->low);
            add_variant(&v, op, param->name, text);
            (void)snprintf(text, sizeof text, whole ? "%.0f" : "%.17g", param->high);
            add_variant(&v, op, param->name, text);
        }
    }
    return v;
}

void harness_free_variants(harness_variants *v)
{
    for (int i = 0; i < v->n; i++) {
        assay_args_free(v->args[i]);
    }
}

/* ---- threads ---- */

void check_metric_threads(const assay_op *op)
{
    if (op->task == ASSAY_TASK_MULTILABEL) {
        return; /* check_multilabel.c */
    }
    if (op->task == ASSAY_TASK_REGRESSION) {
        check_regression_threads(op);
        return;
    }
    static const int threads[] = {1, 2, 7, 16};
    /* several chunks, the last one short */
    assay_predictions *p = harness_random_predictions(75001, 5, 8, 3);
    uint8_t *mask = assay_alloc((size_t)p->n, 1);
    assert_non_null(mask);
    for (int64_t i = 0; i < p->n; i++) {
        mask[i] = i % 3 != 1;
    }
    harness_variants v = harness_make_variants(op);
    for (int i = 0; i < v.n; i++) {
        int64_t replicates = i == 0 ? 45 : -1;
        for (int masked = 0; masked < 2; masked++) {
            if (i > 0 && masked != i % 2) {
                continue; /* the defaults with and without a mask, further arguments by turns */
            }
            const uint8_t *m = masked ? mask : NULL;
            harness_evaluation first = harness_evaluate(p, m, v.args[i], replicates, threads[0]);
            for (size_t t = 1; t < ASSAY_COUNT(threads); t++) {
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

/* ---- edges ---- */

void harness_check_undefined(const assay_result *result)
{
    for (int64_t m = 0; m < result->n_measures; m++) {
        const assay_measure *measure = &result->measures[m];
        assert_int_equal(measure->outcome, ASSAY_OUTCOME_UNDEFINED);
        assert_non_null(measure->reason);
        assert_true(isnan(measure->low) && isnan(measure->high));
    }
    for (int64_t c = 0; c < result->n_curves; c++) {
        assert_int_equal(result->curves[c].n_rows, 0);
    }
}

/* A value lies in its interval's reach, is finite, and what is not a value has a reason. */
void harness_check_sane(const assay_result *result)
{
    for (int64_t m = 0; m < result->n_measures; m++) {
        const assay_measure *measure = &result->measures[m];
        assert_non_null(measure->metric);
        assert_non_null(measure->method);
        assert_non_null(measure->unit);
        if (measure->outcome == ASSAY_OUTCOME_VALUE) {
            assert_true(isfinite(measure->value));
            assert_true(isnan(measure->low) || measure->low <= measure->high);
            if (measure->successes >= 0) {
                assert_true(measure->successes <= measure->n);
                assert_true(measure->value == (double)measure->successes / (double)measure->n);
                assert_true(measure->low <= measure->value && measure->value <= measure->high);
            }
        } else {
            assert_non_null(measure->reason);
        }
    }
}

void harness_expect_refusal(const assay_predictions *p, const assay_args *args, const char *word)
{
    assay_error err = {0};
    assay_arena *arena = NULL;
    assay_result result;
    assay_evaluate_options options = {.replicates = -1, .threads = 2};
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assay_result_init(&result, arena);
    options.groups = harness_groups(arena, p, args->op);
    assay_status status = assay_evaluate(&result, p, NULL, &args, 1, &options, &err);
    if (status != ASSAY_EFORMAT || strstr(err.message, word) == NULL) {
        fail_msg("%s: status %d, message: %s", args->op->name, (int)status, err.message);
    }
    assert_int_equal(result.n_measures, 0);
    assay_arena_free(arena);
}

static void check_small(const assay_args *args)
{
    for (int scores = 4; scores <= 8; scores += 4) {
        assay_predictions *none = harness_random_predictions(0, 3, scores, 1);
        harness_evaluation e = harness_evaluate(none, NULL, args, 40, 2);
        harness_check_undefined(&e.result);
        assay_arena_free(e.arena);
        assay_predictions_free(none);

        assay_predictions *few = harness_random_predictions(3, 3, scores, 1);
        static const uint8_t nobody[3] = {0, 0, 0};
        static const uint8_t one[3] = {0, 1, 0};
        e = harness_evaluate(few, nobody, args, 40, 2);
        harness_check_undefined(&e.result);
        assay_arena_free(e.arena);
        e = harness_evaluate(few, one, args, 40, 2);
        harness_check_sane(&e.result);
        assay_arena_free(e.arena);
        assay_predictions_free(few);

        assay_predictions *single = harness_random_predictions(20, 1, scores, 1); /* one class */
        e = harness_evaluate(single, NULL, args, 40, 2);
        harness_check_sane(&e.result);
        assay_arena_free(e.arena);
        assay_predictions_free(single);

        assay_predictions *level = harness_predictions(30, 4, scores); /* all scores tie */
        for (int64_t i = 0; i < 120; i++) {
            harness_score(level, i / 4, (int32_t)(i % 4), 0.25);
            level->target[i / 4] = (int32_t)(i / 4 % 4);
        }
        assert_int_equal(assay_predictions_argmax(level, NULL), ASSAY_OK);
        assert_int_equal(level->label[7], 0);
        e = harness_evaluate(level, NULL, args, 40, 2);
        harness_check_sane(&e.result);
        assay_arena_free(e.arena);
        assay_predictions_free(level);
    }
}

void check_metric_edges(const assay_op *op)
{
    if (op->task == ASSAY_TASK_MULTILABEL) {
        return; /* check_multilabel.c */
    }
    if (op->task == ASSAY_TASK_REGRESSION) {
        check_regression_edges(op);
        return;
    }
    harness_variants v = harness_make_variants(op);
    for (int i = 0; i < v.n; i++) {
        check_small(v.args[i]);
    }
    const assay_args *args = v.args[0];
    assay_predictions *p = harness_random_predictions(50, 3, 8, 2);
    p->target[41] = -1;
    harness_expect_refusal(p, args, "row 42");
    p->target[41] = 3;
    harness_expect_refusal(p, args, "row 42");
    p->target[41] = 0;
    p->label[30] = -7;
    harness_expect_refusal(p, args, "row 31");
    p->label[30] = 1;

    p->scores_f64[12 * 3 + 1] = NAN;
    assay_error err = {0};
    assert_int_equal(assay_predictions_argmax(p, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "row 13"));
    p->label[12] = 1;
    p->target[12] = 1;
    p->scores_are_probabilities = 1; /* as declared by a careless source */
    bool looks =
        (op->needs & (ASSAY_NEEDS_CONFIDENCE | ASSAY_NEEDS_P_TARGET | ASSAY_NEEDS_RANK)) != 0;
    if (looks || op->metric->ranked != NULL) {
        harness_expect_refusal(p, args, "row 13");
    }
    assay_predictions_free(p);

    assay_predictions *labels = harness_random_predictions(50, 3, 8, 2);
    labels->scores_f64 = NULL;
    labels->scores_are_probabilities = 0;
    harness_evaluation e = harness_evaluate(labels, NULL, args, 40, 1);
    if (op->needs & ~(uint32_t)(ASSAY_NEEDS_LABEL | ASSAY_NEEDS_GROUPS)) {
        assert_int_equal(e.result.n_measures, 1);
        harness_check_undefined(&e.result);
    } else {
        harness_check_sane(&e.result);
    }
    assay_arena_free(e.arena);
    assay_predictions_free(labels);
    harness_free_variants(&v);
}

/* ---- metamorphic ---- */

static assay_predictions *rearranged(const assay_predictions *p, int64_t times, uint64_t step)
{
    assay_predictions *q = harness_predictions(p->n * times, p->classes, 8);
    for (int64_t i = 0; i < q->n; i++) {
        int64_t from = (int64_t)((uint64_t)i * step % (uint64_t)p->n);
        q->target[i] = p->target[from];
        q->label[i] = p->label[from];
        memcpy(q->scores_f64 + i * p->classes, p->scores_f64 + from * p->classes,
               (size_t)p->classes * sizeof(double));
    }
    assay_predictions_check_scores(q);
    return q;
}

/* Classes renamed by k -> k + 1. */
static assay_predictions *renamed(const assay_predictions *p)
{
    assay_predictions *q = harness_predictions(p->n, p->classes, 8);
    for (int64_t i = 0; i < q->n; i++) {
        q->target[i] = (p->target[i] + 1) % p->classes;
        q->label[i] = (p->label[i] + 1) % p->classes;
        for (int32_t k = 0; k < p->classes; k++) {
            q->scores_f64[i * p->classes + (k + 1) % p->classes] =
                p->scores_f64[i * p->classes + k];
        }
    }
    assay_predictions_check_scores(q);
    return q;
}

/* Metrics for which the order of the classes means something. */
static bool is_ordinal(const assay_args *args)
{
    double weights = 0;
    return strcmp(args->op->name, "top_k_accuracy") == 0 || /* ties go by class index */
           strcmp(args->op->name, "matrix_cost") == 0 ||
           (assay_args_get(&weights, args, "weights") && weights != 0.0);
}

static void check_duplicated(const assay_args *args, const assay_result *once,
                             const assay_result *thrice)
{
    /* its correction is larger for fewer rows */
    if (strcmp(args->op->name, "debiased_calibration_error") == 0 ||
        args->op->metric->no_interval) {
        return;
    }
    /* equal-mass edges interpolate between order statistics, whose places shift */
    double value = 0;
    if (assay_args_get(&value, args, "binning") && value != 0.0) {
        return;
    }
    assert_int_equal(once->n_measures, thrice->n_measures);
    for (int64_t m = 0; m < once->n_measures; m++) {
        assert_true(harness_close(thrice->measures[m].value, once->measures[m].value, 1e-12));
        assert_int_equal(thrice->measures[m].n, 3 * once->measures[m].n);
    }
}

/* A slice gives the bits that its rows give as a dataset of their own. */
static void check_slice(const assay_predictions *p, const assay_args *args)
{
    uint8_t *mask = assay_alloc((size_t)p->n, 1);
    assay_predictions *part = harness_predictions(p->n / 3, p->classes, 8);
    assert_non_null(mask);
    for (int64_t i = 0; i < part->n; i++) {
        int64_t from = 3 * i + 1;
        mask[from] = 1;
        part->target[i] = p->target[from];
        part->label[i] = p->label[from];
        memcpy(part->scores_f64 + i * p->classes, p->scores_f64 + from * p->classes,
               (size_t)p->classes * sizeof(double));
    }
    assay_predictions_check_scores(part);
    harness_evaluation a = harness_evaluate(p, mask, args, -1, 2);
    harness_evaluation b = harness_evaluate(part, NULL, args, -1, 1);
    harness_compare("slice", &a.result, &b.result, 0.0, true);
    assay_arena_free(a.arena);
    assay_arena_free(b.arena);
    assay_predictions_free(part);
    assay_free(mask);
}

void check_metric_metamorphic(const assay_op *op)
{
    if (op->task == ASSAY_TASK_MULTILABEL) {
        return; /* check_multilabel.c */
    }
    if (op->task == ASSAY_TASK_REGRESSION) {
        check_regression_metamorphic(op);
        return;
    }
    assay_predictions *p = harness_random_predictions(10007, 4, 8, 11);
    assay_predictions *shuffled = rearranged(p, 1, 3001);
    assay_predictions *thrice = rearranged(p, 3, 1);
    assay_predictions *other = renamed(p);
    harness_variants v = harness_make_variants(op);
    for (int i = 0; i < v.n; i++) {
        harness_evaluation a = harness_evaluate(p, NULL, v.args[i], -1, 2);
        harness_evaluation b = harness_evaluate(shuffled, NULL, v.args[i], -1, 2);
        harness_evaluation c = harness_evaluate(thrice, NULL, v.args[i], -1, 2);
        harness_check_sane(&a.result);
        harness_compare("order of rows", &a.result, &b.result, 1e-13, false);
        check_duplicated(v.args[i], &a.result, &c.result);
        if (!is_ordinal(v.args[i])) {
            harness_evaluation d = harness_evaluate(other, NULL, v.args[i], -1, 2);
            for (int64_t m = 0; m < a.result.n_measures; m++) {
                if (a.result.measures[m].class_name == NULL) {
                    assert_true(harness_close(d.result.measures[m].value,
                                              a.result.measures[m].value, 1e-13));
                }
            }
            assay_arena_free(d.arena);
        }
        check_slice(p, v.args[i]);
        assay_arena_free(a.arena);
        assay_arena_free(b.arena);
        assay_arena_free(c.arena);
    }
    harness_free_variants(&v);
    assay_predictions_free(p);
    assay_predictions_free(shuffled);
    assay_predictions_free(thrice);
    assay_predictions_free(other);
}

/* ---- failing allocations ---- */

assay_status harness_run_once(void *payload)
{
    const harness_case *c = payload;
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    assay_result result;
    assay_evaluate_options options = {.replicates = 40, .threads = 1, .groups = c->groups};
    ASSAY_GOTO(assay_arena_new(&arena, 0, NULL), done);
    assay_result_init(&result, arena);
    ASSAY_GOTO(assay_evaluate(&result, c->predictions, NULL, &c->args, 1, &options, NULL), done);
done:
    assay_arena_free(arena);
    return status;
}

void check_metric_allocation(const assay_op *op)
{
    if (op->task == ASSAY_TASK_MULTILABEL) {
        return; /* check_multilabel.c */
    }
    if (op->task == ASSAY_TASK_REGRESSION) {
        check_regression_allocation(op);
        return;
    }
    assay_predictions *p = harness_random_predictions(300, 3, 8, 5);
    assay_arena *arena = NULL;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    const assay_groups *groups = harness_groups(arena, p, op);
    harness_variants v = harness_make_variants(op);
    for (int i = 0; i < v.n; i++) {
        harness_case c = {.predictions = p, .args = v.args[i], .groups = groups};
        check_allocation_failures(op->name, harness_run_once, &c);
    }
    harness_free_variants(&v);
    assay_arena_free(arena);
    assay_predictions_free(p);
}
