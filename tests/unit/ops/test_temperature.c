/* Temperature scaling against golden/temperature.txt (oracle/temperature.py); what it refuses; that it
 * leaves the order of classes alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/temperature.h"
#include "ops/op_table.h"

typedef struct fixture {
    assay_arena *arena;
    assay_args *metrics[2];
} fixture;

static fixture make(void)
{
    static const char *const names[2] = {"log_loss", "expected_calibration_error"};
    fixture f = {0};
    assert_int_equal(assay_arena_new(&f.arena, 0, NULL), ASSAY_OK);
    for (int i = 0; i < 2; i++) {
        const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, names[i]);
        assert_int_equal(assay_args_new(&f.metrics[i], op, NULL), ASSAY_OK);
    }
    return f;
}

static void dispose(fixture *f)
{
    assay_args_free(f->metrics[0]);
    assay_args_free(f->metrics[1]);
    assay_arena_free(f->arena);
}

static assay_temperature fit(const fixture *f, const assay_predictions *p, const uint8_t *mask)
{
    const assay_evaluate_options options = {.level = 0.95, .replicates = 100, .seed = 1};
    assay_temperature t;
    assay_error err = {0};
    if (assay_temperature_fit(&t, f->arena, p, mask, (const assay_args *const *)f->metrics, 2,
                              &options, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    return t;
}

static void near(const char *what, double got, double want)
{
    if (!(fabs(got - want) <= 1e-11 * fabs(want))) {
        fail_msg("%s: %.17g, wanted %.17g", what, got, want);
    }
}

static assay_predictions *read_case(FILE *file, int64_t n, int32_t classes)
{
    assay_predictions *p = NULL;
    char line[512];
    assert_int_equal(assay_predictions_new(&p, n, classes, 8, 0, NULL), ASSAY_OK);
    for (int64_t i = 0; i < n; i++) {
        assert_non_null(fgets(line, sizeof line, file));
        char *at = line;
        p->target[i] = (int32_t)strtol(at, &at, 10);
        for (int32_t k = 0; k < classes; k++) {
            p->scores_f64[i * classes + k] = strtod(at, &at);
        }
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    assert_true(p->scores_are_probabilities);
    return p;
}

static void test_golden(void **state)
{
    (void)state;
    fixture f = make();
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/temperature.txt", "r");
    assert_non_null(file);
    char line[512];
    int cases = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        assert_true(strncmp(line, "case ", 5) == 0);
        char *at = line + 5;
        int64_t n = strtol(at, &at, 10);
        int32_t classes = (int32_t)strtol(at, &at, 10);
        double value = strtod(at, &at), low = strtod(at, &at), high = strtod(at, &at);
        assay_predictions *p = read_case(file, n, classes);
        assay_temperature t = fit(&f, p, NULL);
        assert_null(t.reason);
        near("temperature", t.value, value);
        near("low", t.low, low);
        near("high", t.high, high);
        assert_int_equal(t.n, n);
        assert_int_equal(t.before.n_measures, 2);
        assert_int_equal(t.after.n_measures, 2);
        assert_true(t.fold_value[0] > 0.0 && t.fold_value[1] > 0.0);
        assay_predictions_free(p);
        cases++;
    }
    (void)fclose(file);
    assert_int_equal(cases, 3);
    dispose(&f);
}

/* Doubled logits double the temperature; what is after is the same. */
static void test_scale(void **state)
{
    (void)state;
    fixture f = make();
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new(&p, 200, 3, 8, 0, NULL), ASSAY_OK);
    for (int64_t i = 0; i < 200; i++) {
        p->target[i] = (int32_t)(i % 3);
        for (int32_t k = 0; k < 3; k++) {
            p->scores_f64[i * 3 + k] = sin((double)(i * 7 + k * 13)) + (k == i % 3 ? 0.5 : 0.0);
        }
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    assert_false(p->scores_are_probabilities);
    assay_temperature once = fit(&f, p, NULL);
    for (int64_t i = 0; i < 600; i++) {
        p->scores_f64[i] *= 2.0;
    }
    assay_temperature twice = fit(&f, p, NULL);
    near("doubled", twice.value, 2.0 * once.value);
    near("after", twice.after.measures[0].value, once.after.measures[0].value);
    assert_true(once.after.measures[0].value <= once.before.measures[0].value + 0.02);
    assay_predictions_free(p);
    dispose(&f);
}

static void test_refusals(void **state)
{
    (void)state;
    fixture f = make();
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new(&p, 30, 2, 8, 0, NULL), ASSAY_OK);
    uint8_t mask[30] = {1, 1, 1};
    for (int64_t i = 0; i < 30; i++) {
        p->target[i] = 1; /* always right: ever sharper is ever better */
        p->scores_f64[2 * i] = 0.25;
        p->scores_f64[2 * i + 1] = 0.75;
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    assert_non_null(strstr(fit(&f, p, NULL).reason, "no temperature"));
    assert_non_null(strstr(fit(&f, p, mask).reason, "fewer than 20"));
    p->scores_f64 = NULL;
    assert_non_null(strstr(fit(&f, p, NULL).reason, "only labels"));
    assay_predictions_free(p);
    dispose(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_scale),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
