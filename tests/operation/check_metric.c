/* Metrics: golden values, edge cases, metamorphic relations, thread counts, failing allocations. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "codec/json_value.h"
#include "core/evaluate.h"
#include "core/metric.h"
#include "operation/harness.h"

/* ---- data ---- */

static assay_predictions *new_predictions(int64_t n, int32_t classes, int scores)
{
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new(&p, n, classes, scores, 0, NULL), ASSAY_OK);
    return p;
}

static void set_score(assay_predictions *p, int64_t i, int32_t k, double value)
{
    if (p->scores_f32 != NULL) {
        p->scores_f32[i * p->classes + k] = (float)value;
    } else {
        p->scores_f64[i * p->classes + k] = value;
    }
}

/* Probabilities that favour the target; every fifth row in tenths, so that there are ties. */
static assay_predictions *random_predictions(int64_t n, int32_t classes, int scores, uint64_t seed)
{
    assay_predictions *p = new_predictions(n, classes, scores);
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(seed, 1, (uint64_t)i);
        p->target[i] = (int32_t)assay_rng_below(&rng, (uint64_t)classes);
        double sum = 0.0;
        double row[64];
        assert_true(classes <= 64);
        for (int32_t k = 0; k < classes; k++) {
            double noise = i % 5 == 0 ? (double)assay_rng_below(&rng, 3) : assay_rng_normal(&rng);
            row[k] = exp(noise + (k == p->target[i] ? 1.0 : 0.0));
            sum += row[k];
        }
        for (int32_t k = 0; k < classes; k++) {
            set_score(p, i, k, row[k] / sum);
        }
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    assert_true(p->scores_are_probabilities);
    return p;
}

typedef struct evaluation {
    assay_arena *arena;
    assay_result result;
} evaluation;

static evaluation evaluate(const assay_predictions *p, const uint8_t *mask, const assay_args *args,
                           int64_t replicates, int threads)
{
    evaluation e = {0};
    assay_error err = {0};
    assay_evaluate_options options = {.replicates = replicates, .threads = threads, .seed = 7};
    assert_int_equal(assay_arena_new(&e.arena, 0, NULL), ASSAY_OK);
    assay_result_init(&e.result, e.arena);
    if (assay_evaluate(&e.result, p, mask, &args, 1, &options, &err) != ASSAY_OK) {
        fail_msg("%s: %s", args->op->name, err.message);
    }
    return e;
}

static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

static bool close(double a, double b, double tolerance)
{
    return same(a, b) || fabs(a - b) <= tolerance * fmax(1.0, fabs(b));
}

/* tolerance 0 = the same bits */
static void compare(const char *what, const assay_result *a, const assay_result *b,
                    double tolerance, bool intervals)
{
    assert_int_equal(a->n_measures, b->n_measures);
    assert_int_equal(a->n_curves, b->n_curves);
    for (int64_t m = 0; m < a->n_measures; m++) {
        const assay_measure *x = &a->measures[m];
        const assay_measure *y = &b->measures[m];
        bool equal = x->outcome == y->outcome && close(x->value, y->value, tolerance) &&
                     (!intervals || (same(x->low, y->low) && same(x->high, y->high) &&
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
            if (!close(x->values[i], y->values[i], tolerance)) {
                fail_msg("%s: %s: curve value %" PRId64 ": %.17g and %.17g", what, x->name, i,
                         x->values[i], y->values[i]);
            }
        }
    }
}

/* ---- variants: the defaults and one for each choice, bool and bound ---- */

enum { MOST_VARIANTS = 64 };

typedef struct variants {
    int n;
    assay_args *args[MOST_VARIANTS];
} variants;

static void add_variant(variants *v, const assay_op *op, const char *name, const char *text)
{
    assay_error err = {0};
    assert_true(v->n < MOST_VARIANTS);
    assay_args *args = harness_args(op, "");
    if (name != NULL && assay_args_set(args, name, text, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    v->args[v->n++] = args;
}

static variants make_variants(const assay_op *op)
{
    variants v = {0};
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

static void free_variants(variants *v)
{
    for (int i = 0; i < v->n; i++) {
        assay_args_free(v->args[i]);
    }
}

/* ---- threads ---- */

void check_metric_threads(const assay_op *op)
{
    static const int threads[] = {1, 2, 7, 16};
    /* several chunks, the last one short */
    assay_predictions *p = random_predictions(75001, 5, 8, 3);
    uint8_t *mask = assay_alloc((size_t)p->n, 1);
    assert_non_null(mask);
    for (int64_t i = 0; i < p->n; i++) {
        mask[i] = i % 3 != 1;
    }
    variants v = make_variants(op);
    for (int i = 0; i < v.n; i++) {
        int64_t replicates = i == 0 ? 45 : -1;
        for (int masked = 0; masked < 2; masked++) {
            const uint8_t *m = masked ? mask : NULL;
            evaluation first = evaluate(p, m, v.args[i], replicates, threads[0]);
            for (size_t t = 1; t < ASSAY_COUNT(threads); t++) {
                evaluation other = evaluate(p, m, v.args[i], replicates, threads[t]);
                compare("threads", &first.result, &other.result, 0.0, true);
                assay_arena_free(other.arena);
            }
            assay_arena_free(first.arena);
        }
    }
    free_variants(&v);
    assay_free(mask);
    assay_predictions_free(p);
}

/* ---- edges ---- */

static void check_undefined(const assay_result *result)
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
static void check_sane(const assay_result *result)
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

static void expect_refusal(const assay_predictions *p, const assay_args *args, const char *word)
{
    assay_error err = {0};
    assay_arena *arena = NULL;
    assay_result result;
    assay_evaluate_options options = {.replicates = -1, .threads = 2};
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assay_result_init(&result, arena);
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
        assay_predictions *none = random_predictions(0, 3, scores, 1);
        evaluation e = evaluate(none, NULL, args, 40, 2);
        check_undefined(&e.result);
        assay_arena_free(e.arena);
        assay_predictions_free(none);

        assay_predictions *few = random_predictions(3, 3, scores, 1);
        static const uint8_t nobody[3] = {0, 0, 0};
        static const uint8_t one[3] = {0, 1, 0};
        e = evaluate(few, nobody, args, 40, 2);
        check_undefined(&e.result);
        assay_arena_free(e.arena);
        e = evaluate(few, one, args, 40, 2);
        check_sane(&e.result);
        assay_arena_free(e.arena);
        assay_predictions_free(few);

        assay_predictions *single = random_predictions(20, 1, scores, 1); /* one class */
        e = evaluate(single, NULL, args, 40, 2);
        check_sane(&e.result);
        assay_arena_free(e.arena);
        assay_predictions_free(single);

        assay_predictions *level = new_predictions(30, 4, scores); /* all scores tie */
        for (int64_t i = 0; i < 120; i++) {
            set_score(level, i / 4, (int32_t)(i % 4), 0.25);
            level->target[i / 4] = (int32_t)(i / 4 % 4);
        }
        assert_int_equal(assay_predictions_argmax(level, NULL), ASSAY_OK);
        assert_int_equal(level->label[7], 0);
        e = evaluate(level, NULL, args, 40, 2);
        check_sane(&e.result);
        assay_arena_free(e.arena);
        assay_predictions_free(level);
    }
}

void check_metric_edges(const assay_op *op)
{
    variants v = make_variants(op);
    for (int i = 0; i < v.n; i++) {
        check_small(v.args[i]);
    }
    const assay_args *args = v.args[0];
    assay_predictions *p = random_predictions(50, 3, 8, 2);
    p->target[41] = -1;
    expect_refusal(p, args, "row 42");
    p->target[41] = 3;
    expect_refusal(p, args, "row 42");
    p->target[41] = 0;
    p->label[30] = -7;
    expect_refusal(p, args, "row 31");
    p->label[30] = 1;

    p->scores_f64[12 * 3 + 1] = NAN;
    assay_error err = {0};
    assert_int_equal(assay_predictions_argmax(p, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "row 13"));
    p->label[12] = 1;
    p->target[12] = 1;
    p->scores_are_probabilities = 1; /* as declared by a careless source */
    if (op->needs & (ASSAY_NEEDS_CONFIDENCE | ASSAY_NEEDS_P_TARGET | ASSAY_NEEDS_RANK)) {
        expect_refusal(p, args, "row 13");
    }
    assay_predictions_free(p);

    assay_predictions *labels = random_predictions(50, 3, 8, 2);
    labels->scores_f64 = NULL;
    labels->scores_are_probabilities = 0;
    evaluation e = evaluate(labels, NULL, args, 40, 1);
    if (op->needs & ~(uint32_t)ASSAY_NEEDS_LABEL) {
        assert_int_equal(e.result.n_measures, 1);
        check_undefined(&e.result);
    } else {
        check_sane(&e.result);
    }
    assay_arena_free(e.arena);
    assay_predictions_free(labels);
    free_variants(&v);
}

/* ---- metamorphic ---- */

static assay_predictions *rearranged(const assay_predictions *p, int64_t times, uint64_t step)
{
    assay_predictions *q = new_predictions(p->n * times, p->classes, 8);
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
    assay_predictions *q = new_predictions(p->n, p->classes, 8);
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

static void check_duplicated(const assay_args *args, const assay_result *once,
                             const assay_result *thrice)
{
    /* equal-mass edges interpolate between order statistics, whose places shift */
    double value = 0;
    if (assay_args_get(&value, args, "binning") && value != 0.0) {
        return;
    }
    assert_int_equal(once->n_measures, thrice->n_measures);
    for (int64_t m = 0; m < once->n_measures; m++) {
        assert_true(close(thrice->measures[m].value, once->measures[m].value, 1e-12));
        assert_int_equal(thrice->measures[m].n, 3 * once->measures[m].n);
    }
}

void check_metric_metamorphic(const assay_op *op)
{
    assay_predictions *p = random_predictions(10007, 4, 8, 11);
    assay_predictions *shuffled = rearranged(p, 1, 3001);
    assay_predictions *thrice = rearranged(p, 3, 1);
    assay_predictions *other = renamed(p);
    variants v = make_variants(op);
    for (int i = 0; i < v.n; i++) {
        evaluation a = evaluate(p, NULL, v.args[i], -1, 2);
        evaluation b = evaluate(shuffled, NULL, v.args[i], -1, 2);
        evaluation c = evaluate(thrice, NULL, v.args[i], -1, 2);
        check_sane(&a.result);
        compare("order of rows", &a.result, &b.result, 1e-13, false);
        check_duplicated(v.args[i], &a.result, &c.result);
        if (strcmp(op->name, "top_k_accuracy") != 0) { /* ties go by class index */
            evaluation d = evaluate(other, NULL, v.args[i], -1, 2);
            for (int64_t m = 0; m < a.result.n_measures; m++) {
                if (a.result.measures[m].class_name == NULL) {
                    assert_true(
                        close(d.result.measures[m].value, a.result.measures[m].value, 1e-13));
                }
            }
            assay_arena_free(d.arena);
        }
        /* all rows of a slice are the slice as a dataset of its own */
        assay_arena_free(a.arena);
        assay_arena_free(b.arena);
        assay_arena_free(c.arena);
    }
    free_variants(&v);
    assay_predictions_free(p);
    assay_predictions_free(shuffled);
    assay_predictions_free(thrice);
    assay_predictions_free(other);
}

/* ---- failing allocations ---- */

typedef struct allocation_case {
    const assay_predictions *predictions;
    const assay_args *args;
} allocation_case;

static assay_status run_once(void *payload)
{
    const allocation_case *c = payload;
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    assay_result result;
    assay_evaluate_options options = {.replicates = 40, .threads = 1};
    ASSAY_GOTO(assay_arena_new(&arena, 0, NULL), done);
    assay_result_init(&result, arena);
    ASSAY_GOTO(assay_evaluate(&result, c->predictions, NULL, &c->args, 1, &options, NULL), done);
done:
    assay_arena_free(arena);
    return status;
}

void check_metric_allocation(const assay_op *op)
{
    assay_predictions *p = random_predictions(300, 3, 8, 5);
    variants v = make_variants(op);
    for (int i = 0; i < v.n; i++) {
        allocation_case c = {.predictions = p, .args = v.args[i]};
        check_allocation_failures(op->name, run_once, &c);
    }
    free_variants(&v);
    assay_predictions_free(p);
}

/* ---- golden ---- */

static assay_json_doc *read_golden(const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/golden/%s", ASSAY_TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size > 0);
    rewind(file);
    char *text = assay_alloc((size_t)size + 1, 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    (void)fclose(file);
    assay_json_doc *doc = NULL;
    assay_error err = {0};
    if (assay_json_parse(&doc, text, (size_t)size, 0, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assay_free(text);
    return doc;
}

static assay_predictions *golden_predictions(const assay_json_value *data)
{
    const assay_json_value *target = assay_json_get(data, "target");
    const assay_json_value *label = assay_json_get(data, "label");
    const assay_json_value *scores = assay_json_get(data, "scores");
    int64_t rows = (int64_t)assay_json_size(target);
    int32_t classes = (int32_t)assay_json_get_int(data, "classes", 0);
    int64_t repeat = assay_json_get_int(data, "repeat", 0);
    int width = scores == NULL ? 0 : (assay_json_get_bool(data, "single", false) ? 4 : 8);
    assay_predictions *p = new_predictions(rows * repeat, classes, width);
    for (int64_t i = 0; i < p->n; i++) {
        size_t from = (size_t)(i % rows);
        p->target[i] = (int32_t)assay_json_as_int(assay_json_at(target, from), -1);
        p->label[i] = (int32_t)assay_json_as_int(assay_json_at(label, from), -1);
        for (int32_t k = 0; scores != NULL && k < classes; k++) {
            set_score(
                p, i, k,
                assay_json_as_real(assay_json_at(scores, from * (size_t)classes + (size_t)k), NAN));
        }
    }
    if (scores != NULL) {
        assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    }
    return p;
}

static bool text_is(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_golden_measures(const char *where, const assay_result *result,
                                  const assay_json_value *wanted)
{
    if ((size_t)result->n_measures != assay_json_size(wanted)) {
        fail_msg("%s: %" PRId64 " measures", where, result->n_measures);
    }
    for (int64_t m = 0; m < result->n_measures; m++) {
        const assay_measure *got = &result->measures[m];
        const assay_json_value *want = assay_json_at(wanted, (size_t)m);
        double value = assay_json_get_real(want, "value", NAN);
        bool equal = text_is(got->average, assay_json_get_text(want, "average", NULL)) &&
                     text_is(got->class_name, assay_json_get_text(want, "class", NULL)) &&
                     got->n == assay_json_get_int(want, "n", -1) &&
                     got->successes == assay_json_get_int(want, "successes", -1) &&
                     (got->outcome == ASSAY_OUTCOME_VALUE) == !isnan(value) &&
                     close(got->value, value, 1e-12);
        if (!equal) {
            fail_msg("%s: measure %" PRId64 " (%s %s): %.17g of n = %" PRId64 " (%" PRId64
                     "), wanted %.17g of %" PRId64,
                     where, m, got->average != NULL ? got->average : "",
                     got->class_name != NULL ? got->class_name : "", got->value, got->n,
                     got->successes, value, assay_json_get_int(want, "n", -1));
        }
    }
}

static void check_golden_curve(const char *where, const assay_result *result,
                               const assay_json_value *wanted)
{
    assert_int_equal(result->n_curves, 1);
    const assay_curve *curve = &result->curves[0];
    if ((size_t)curve->n_rows != assay_json_size(wanted)) {
        fail_msg("%s: %" PRId64 " rows", where, curve->n_rows);
    }
    for (int64_t r = 0; r < curve->n_rows; r++) {
        const assay_json_value *row = assay_json_at(wanted, (size_t)r);
        /* the golden may hold the first columns only */
        for (size_t c = 0; c < assay_json_size(row); c++) {
            double want = assay_json_as_real(assay_json_at(row, c), NAN);
            double got = curve->values[r * curve->n_columns + (int64_t)c];
            if (!close(got, want, 1e-12)) {
                fail_msg("%s: row %" PRId64 ", %s: %.17g, wanted %.17g", where, r,
                         curve->columns[c], got, want);
            }
        }
    }
}

static void check_golden_case(const char *name, const assay_predictions *p,
                              const assay_json_value *expected)
{
    char settings[512] = "";
    char where[1024];
    const assay_json_value *params = assay_json_get(expected, "params");
    for (size_t i = 0; i < assay_json_size(params); i++) {
        const assay_json_value *value = NULL;
        const char *key = assay_json_member(params, i, &value);
        size_t used = strlen(settings);
        (void)snprintf(settings + used, sizeof settings - used, "%s%s=%s", i > 0 ? "," : "", key,
                       assay_json_as_text(value, ""));
    }
    const char *metric = assay_json_get_text(expected, "metric", "");
    (void)snprintf(where, sizeof where, "%s: %s(%s)", name, metric, settings);
    assay_args *args = harness_metric_args(metric, settings);
    evaluation e = evaluate(p, NULL, args, -1, 2);
    if (assay_json_get(expected, "measures") != NULL) {
        check_golden_measures(where, &e.result, assay_json_get(expected, "measures"));
    }
    if (assay_json_get(expected, "curve") != NULL) {
        check_golden_curve(where, &e.result, assay_json_get(expected, "curve"));
    }
    assay_arena_free(e.arena);
    assay_args_free(args);
}

void check_metric_golden(void)
{
    assay_json_doc *doc = read_golden("metric_classification.json");
    const assay_json_value *datasets = assay_json_get(assay_json_root(doc), "datasets");
    bool covered[256] = {false};
    const assay_registry *registry = assay_ops();
    int cases = 0;
    assert_true(registry->n <= ASSAY_COUNT(covered));
    for (size_t d = 0; d < assay_json_size(datasets); d++) {
        const assay_json_value *data = assay_json_at(datasets, d);
        assay_predictions *p = golden_predictions(data);
        const assay_json_value *expected = assay_json_get(data, "expected");
        for (size_t i = 0; i < assay_json_size(expected); i++) {
            const assay_json_value *each = assay_json_at(expected, i);
            check_golden_case(assay_json_get_text(data, "name", ""), p, each);
            for (size_t k = 0; k < registry->n; k++) {
                covered[k] = covered[k] || strcmp(registry->ops[k]->name,
                                                  assay_json_get_text(each, "metric", "")) == 0;
            }
            cases++;
        }
        assay_predictions_free(p);
    }
    for (size_t k = 0; k < registry->n; k++) {
        if (registry->ops[k]->kind == ASSAY_OP_METRIC && !covered[k]) {
            fail_msg("%s has no golden value", registry->ops[k]->name);
        }
    }
    print_message("  %d golden cases\n", cases);
    assay_json_doc_free(doc);
}
