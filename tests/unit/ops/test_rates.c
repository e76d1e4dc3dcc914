/* Recall at a false positive rate through assay_evaluate against golden/rates.txt (scipy's distributions, by the
 * definition from the rows); specificity at recall as its mirror image; weights and clusters are told. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/evaluate.h"
#include "ops/op_table.h"

typedef struct setting {
    int n, rare;
    double limit, alpha, low, high;
} setting;

static assay_predictions *make(const setting *s, bool turned)
{
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new(&p, s->n, 2, 8, 0, NULL), ASSAY_OK);
    for (int i = 0; i < s->n; i++) {
        bool mine = i % s->rare == 0;
        double score = ((i * 7919) % 101 + (mine ? 23 : 0)) / 128.0;
        p->target[i] = mine != turned;
        p->scores_f64[2 * i + 1] = turned ? 1.0 - score : score;
        p->scores_f64[2 * i] = 1.0 - p->scores_f64[2 * i + 1];
    }
    assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
    return p;
}

static assay_measure evaluate(assay_arena *arena, const assay_predictions *p, const char *metric,
                              double limit, double alpha, const int64_t *units)
{
    char text[64];
    assay_args *args = NULL;
    assay_result out;
    const assay_evaluate_options options = {.level = 1.0 - 2.0 * alpha, .units = units};
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, metric);
    assert_int_equal(assay_args_new(&args, op, NULL), ASSAY_OK);
    (void)snprintf(text, sizeof text, "%.17g", limit);
    assert_int_equal(assay_args_set(args, op->params[0].name, text, NULL), ASSAY_OK);
    assay_result_init(&out, arena);
    assert_int_equal(
        assay_evaluate(&out, p, NULL, (const assay_args *const *)&args, 1, &options, NULL),
        ASSAY_OK);
    assert_int_equal(out.n_measures, 4);
    assay_args_free(args);
    return out.measures[3];
}

static void test_golden(void **state)
{
    (void)state;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/rates.txt", "r");
    assay_arena *arena = NULL;
    setting s = {0};
    int lines = 0;
    char line[256];
    assert_non_null(file);
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    while (fgets(line, sizeof line, file) != NULL) {
        double x[6];
        char *at = line;
        for (int i = 0; i < 6; i++) {
            x[i] = strtod(at, &at);
        }
        s = (setting){(int)x[0], (int)x[1], x[2], x[3], x[4], x[5]};
        for (int turned = 0; turned < 2; turned++) {
            assay_predictions *p = make(&s, turned != 0);
            assay_measure m =
                turned ? evaluate(arena, p, "specificity_at_recall", 1.0 - s.limit, s.alpha, NULL)
                       : evaluate(arena, p, "recall_at_fpr", s.limit, s.alpha, NULL);
            assert_true(fabs(m.low - s.low) <= 1e-12 && fabs(m.high - s.high) <= 1e-12);
            assert_true(m.low <= m.value && m.value <= m.high);
            assert_string_equal(m.method, "order statistics and clopper_pearson");
            assert_null(m.doubt);
            assay_predictions_free(p);
        }
        lines++;
    }
    (void)fclose(file);
    assert_int_equal(lines, 12);
    assay_arena_free(arena);
}

static void test_weights_and_clusters(void **state)
{
    (void)state;
    const setting s = {.n = 400, .rare = 7};
    int64_t units[400];
    assay_arena *arena = NULL;
    assay_predictions *p = make(&s, false);
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    for (int i = 0; i < 400; i++) {
        units[i] = i / 4;
    }
    assay_measure m = evaluate(arena, p, "recall_at_fpr", 0.01, 0.025, units);
    assert_non_null(strstr(assay_measure_caution(&m), "its limit of 0.01 leaves 1.0"));
    m = evaluate(arena, p, "recall_at_fpr", 0.5, 0.025, units);
    assert_true(m.doubt == NULL || strstr(m.doubt, "limit") == NULL);
    p->weights = assay_arena_alloc(p->arena, 400, sizeof *p->weights);
    for (int i = 0; i < 400; i++) {
        p->weights[i] = 1.0 + i % 3;
    }
    m = evaluate(arena, p, "recall_at_fpr", 0.01, 0.025, NULL);
    assert_non_null(strstr(assay_measure_caution(&m), "its limit of 0.01 leaves 3.4"));
    assay_predictions_free(p);
    assay_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_weights_and_clusters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
