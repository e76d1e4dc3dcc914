#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/predictions.h"

static void test_argmax(void **state)
{
    (void)state;
    for (int width = 4; width <= 8; width += 4) {
        for (int32_t classes = 1; classes <= 130; classes += classes < 20 ? 1 : 55) {
            assay_predictions *p = NULL;
            assert_int_equal(assay_predictions_new(&p, 200, classes, width, 0, NULL), ASSAY_OK);
            for (int64_t i = 0; i < 200 * classes; i++) {
                double value = (double)((i * 7919) % 23) - 11.0; /* many ties */
                if (i % 97 == 5) {
                    value = -INFINITY;
                }
                if (width == 4) {
                    p->scores_f32[i] = (float)value;
                } else {
                    p->scores_f64[i] = value;
                }
            }
            assert_int_equal(assay_predictions_argmax(p, NULL), ASSAY_OK);
            for (int64_t i = 0; i < 200; i++) {
                int32_t best = 0;
                for (int32_t k = 1; k < classes; k++) {
                    int64_t a = i * classes + k;
                    int64_t b = i * classes + best;
                    bool more = width == 4 ? p->scores_f32[a] > p->scores_f32[b]
                                           : p->scores_f64[a] > p->scores_f64[b];
                    best = more ? k : best;
                }
                assert_int_equal(p->label[i], best);
            }
            assert_int_equal(p->scores_are_probabilities, 0);
            assay_predictions_free(p);
        }
    }
}

static void test_infinities_are_not_nan(void **state)
{
    (void)state;
    assay_predictions *p = NULL;
    assay_error err = {0};
    assert_int_equal(assay_predictions_new(&p, 3, 3, 8, 0, NULL), ASSAY_OK);
    static const double rows[9] = {-INFINITY, INFINITY,  0,         1,        2,
                                   3,         -INFINITY, -INFINITY, -INFINITY};
    memcpy(p->scores_f64, rows, sizeof rows);
    assert_int_equal(assay_predictions_argmax(p, &err), ASSAY_OK);
    assert_int_equal(p->label[0], 1);
    assert_int_equal(p->label[1], 2);
    assert_int_equal(p->label[2], 0);
    static const char *ids[3] = {"a", "b.png", "c"};
    p->ids = ids;
    for (int k = 0; k < 3; k++) { /* a NaN in every place */
        memcpy(p->scores_f64, rows, sizeof rows);
        p->scores_f64[3 + k] = NAN;
        assert_int_equal(assay_predictions_argmax(p, &err), ASSAY_EFORMAT);
        assert_non_null(strstr(err.message, "row 2"));
        assert_non_null(strstr(err.message, "b.png"));
        assay_predictions_check_scores(p);
        assert_int_equal(p->scores_are_probabilities, 0);
    }
    assay_predictions_free(p);
}

static void test_probabilities(void **state)
{
    (void)state;
    static const struct {
        double row[3];
        int wanted;
    } cases[] = {
        {{0.2, 0.3, 0.5}, 1},      {{1, 0, 0}, 1},         {{0.2, 0.3, 0.5009}, 1},
        {{0.2, 0.3, 0.502}, 0},    {{-0.1, 0.6, 0.5}, 0},  {{0.6, 0.6, -0.2}, 0},
        {{0.2, 0.3, 0.49}, 0},     {{2.0, -0.5, -0.5}, 0}, {{-0.0, 0.5, 0.5}, 1},
        {{INFINITY, 0.0, 0.0}, 0},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        for (int width = 4; width <= 8; width += 4) {
            assay_predictions *p = NULL;
            assert_int_equal(assay_predictions_new(&p, 2, 3, width, 0, NULL), ASSAY_OK);
            for (int k = 0; k < 3; k++) {
                if (width == 4) {
                    p->scores_f32[k] = k == 0;
                    p->scores_f32[3 + k] = (float)cases[i].row[k];
                } else {
                    p->scores_f64[k] = k == 0;
                    p->scores_f64[3 + k] = cases[i].row[k];
                }
            }
            assay_predictions_check_scores(p);
            assert_int_equal(p->scores_are_probabilities, cases[i].wanted);
            assay_predictions_free(p);
        }
    }
}

static void digest_of(char out[ASSAY_DIGEST_HEX], assay_predictions *p)
{
    assert_int_equal(assay_predictions_digest(p, NULL), ASSAY_OK);
    memcpy(out, p->digest, ASSAY_DIGEST_HEX);
}

static void test_digest(void **state)
{
    (void)state;
    char first[ASSAY_DIGEST_HEX], other[ASSAY_DIGEST_HEX];
    assay_predictions *p = NULL;
    assert_int_equal(assay_predictions_new(&p, 2, 3, 4, 0, NULL), ASSAY_OK);
    assert_int_equal(p->target[1], -1);
    assert_string_equal(p->class_names[2], "2");
    digest_of(first, p);
    digest_of(other, p);
    assert_string_equal(first, other);
    p->label[1] = 2;
    digest_of(other, p);
    assert_string_not_equal(first, other);
    p->label[1] = 0;
    p->scores_f32[5] = 1.0F;
    digest_of(other, p);
    assert_string_not_equal(first, other);
    p->scores_f32[5] = 0.0F;
    p->class_names[0] = "zero";
    digest_of(other, p);
    assert_string_not_equal(first, other);
    p->class_names[0] = "0";
    static const char *ids[2] = {"a", "b"};
    p->ids = ids;
    digest_of(other, p);
    assert_string_not_equal(first, other);
    assay_predictions_free(p);
}

static void test_refusals(void **state)
{
    (void)state;
    assay_predictions *p = NULL;
    assay_error err = {0};
    assert_int_equal(assay_predictions_new(&p, -1, 3, 4, 0, &err), ASSAY_EINVAL);
    assert_int_equal(assay_predictions_new(&p, 1, 0, 4, 0, &err), ASSAY_EINVAL);
    assert_int_equal(assay_predictions_new(&p, 1, 1, 5, 0, &err), ASSAY_EINVAL);
    assert_int_equal(assay_predictions_new(&p, INT64_MAX, 1000, 8, 0, &err), ASSAY_ELIMIT);
    assert_null(p);
    assert_int_equal(assay_predictions_new(&p, 1000, 1000, 8, 1000000, &err), ASSAY_ENOMEM);
    assert_null(p);
    assert_int_equal(assay_predictions_new(&p, 5, 2, 0, 0, &err), ASSAY_OK);
    assert_int_equal(assay_predictions_argmax(p, &err), ASSAY_EINVAL);
    assay_predictions_check_scores(p);
    assert_int_equal(p->scores_are_probabilities, 0);
    assay_predictions_free(p);
    assay_predictions_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_argmax),        cmocka_unit_test(test_infinities_are_not_nan),
        cmocka_unit_test(test_probabilities), cmocka_unit_test(test_digest),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
