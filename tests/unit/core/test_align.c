/* Predictions of several models in one order of rows and classes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/align.h"

static const char *const names[] = {"a.csv", "b.csv", "c.csv"};

/* Rows as "id:target>label", classes by name; scores are 0.9 for the label. */
static assay_predictions *make(const char *const *classes, int scores, const char *const *rows)
{
    assay_predictions *p = NULL;
    int32_t k = 0;
    int64_t n = 0;
    while (classes[k] != NULL) {
        k++;
    }
    while (rows[n] != NULL) {
        n++;
    }
    assert_int_equal(assay_predictions_new(&p, n, k, scores, 0, NULL), ASSAY_OK);
    for (int32_t c = 0; c < k; c++) {
        p->class_names[c] = classes[c];
    }
    p->ids = rows[0][0] == ':' ? NULL : assay_arena_alloc(p->arena, (size_t)n, sizeof *p->ids);
    for (int64_t i = 0; i < n; i++) {
        char id[16], target[16], label[16];
        if (p->ids == NULL) {
            assert_int_equal(sscanf(rows[i], ":%15[^>]>%15s", target, label), 2);
        } else {
            assert_int_equal(sscanf(rows[i], "%15[^:]:%15[^>]>%15s", id, target, label), 3);
            p->ids[i] = assay_arena_strdup(p->arena, id);
        }
        for (int32_t c = 0; c < k; c++) {
            p->target[i] = strcmp(classes[c], target) == 0 ? c : p->target[i];
            p->label[i] = strcmp(classes[c], label) == 0 ? c : p->label[i];
        }
        for (int32_t c = 0; scores == 4 && c < k; c++) {
            p->scores_f32[i * k + c] = c == p->label[i] ? 0.9f : 0.1f / (float)(k > 1 ? k - 1 : 1);
        }
    }
    if (scores != 0) {
        assay_predictions_check_scores(p);
    }
    return p;
}

static assay_status align(assay_alignment *out, assay_predictions **models, int32_t n, bool skip,
                          assay_arena *arena, assay_error *err)
{
    memset(err, 0, sizeof *err);
    return assay_align(out, models, n, names, skip, arena, err);
}

static const char *const cat_dog[] = {"cat", "dog", NULL};
static const char *const dog_cat[] = {"dog", "cat", NULL};
static const char *const cat_fox[] = {"cat", "fox", NULL};

static void test_order_and_classes(void **state)
{
    (void)state;
    static const char *const first[] = {"1:cat>cat", "2:dog>cat", "3:cat>dog", NULL};
    static const char *const second[] = {"3:cat>cat", "1:cat>dog", "2:dog>dog", NULL};
    assay_arena *arena = NULL;
    assay_alignment alignment;
    assay_error err;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assay_predictions *models[] = {make(cat_dog, 4, first), make(dog_cat, 4, second)};
    assert_int_equal(align(&alignment, models, 2, false, arena, &err), ASSAY_OK);
    assert_true(alignment.by_id && alignment.usable == NULL && alignment.left_out == 0);
    static const int32_t target[] = {0, 1, 0}, label[] = {1, 1, 0};
    assert_memory_equal(models[1]->target, target, sizeof target);
    assert_memory_equal(models[1]->label, label, sizeof label);
    assert_memory_equal(models[0]->target, target, sizeof target);
    for (int64_t i = 0; i < 3; i++) {
        assert_true(models[1]->scores_f32[2 * i + label[i]] == 0.9f);
    }
    assert_string_equal(models[0]->ids[2], "3");
    assay_predictions_free(models[0]);
    assay_predictions_free(models[1]);
    assay_arena_free(arena);
}

/* Labels that only one model gives become classes of all; probabilities get a zero. */
static void test_union_of_classes(void **state)
{
    (void)state;
    static const char *const first[] = {":cat>cat", ":cat>cat", NULL};
    static const char *const second[] = {":cat>fox", ":cat>cat", NULL};
    assay_arena *arena = NULL;
    assay_alignment alignment;
    assay_error err;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assay_predictions *models[] = {make(cat_dog, 4, first), make(cat_fox, 0, second)};
    assert_int_equal(align(&alignment, models, 2, false, arena, &err), ASSAY_OK);
    assert_false(alignment.by_id);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(models[k]->classes, 3);
        assert_string_equal(models[k]->class_names[1], "dog");
        assert_string_equal(models[k]->class_names[2], "fox");
    }
    assert_int_equal(models[1]->label[0], 2);
    assert_true(models[0]->scores_f32[2] == 0.0f && models[0]->scores_are_probabilities);
    assay_predictions_free(models[0]);
    models[0] = make(cat_dog, 4, first);
    models[0]->scores_are_probabilities = 0; /* then nobody can know the score of a fox */
    assert_int_equal(align(&alignment, models, 2, false, arena, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "a.csv has scores but none for the class 'fox'"));
    assay_predictions_free(models[0]);
    assay_predictions_free(models[1]);
    assay_arena_free(arena);
}

/* What must be refused, and what is left with `skip`. */
static void test_refusals(void **state)
{
    (void)state;
    static const char *const first[] = {"1:cat>cat", "2:dog>cat", "3:cat>dog", NULL};
    static const struct {
        const char *rows[6];
        const char *says;
        int64_t left_out, extra; /* with skip; -1 = refused then too */
    } cases[] = {
        {{"1:cat>cat", "2:dog>cat", NULL},
         "1 ids of the first are missing in the second: 3 (row 3)",
         1,
         0},
        {{"1:cat>cat", "2:dog>cat", "4:cat>cat", "3:cat>cat", NULL},
         "1 are only in the second: 4 (row 3)",
         0,
         1},
        {{"7:cat>cat", "8:cat>cat", "9:cat>cat", "5:cat>cat", "6:cat>cat", NULL},
         "7 (row 1), 8 (row 2), 9 (row 3), 5 (row 4), 6 (row 5);",
         3,
         5},
        {{"1:cat>cat", "2:cat>cat", "3:cat>cat", NULL},
         "a.csv and b.csv: row 2, id 2: the true class is 'dog' in the first, 'cat' in the other",
         1,
         0},
        {{"1:cat>cat", "2:dog>cat", "1:cat>cat", NULL},
         "the id '1' stands twice (rows 1 and 3)",
         -1,
         0},
        {{":cat>cat", ":dog>cat", ":cat>cat", NULL}, "a.csv has ids and b.csv has none", -1, 0},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        for (int skip = 0; skip < 2; skip++) {
            assay_arena *arena = NULL;
            assay_alignment alignment;
            assay_error err;
            assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
            assay_predictions *models[] = {make(cat_dog, 0, first),
                                           make(cat_dog, 0, cases[i].rows)};
            assay_status status = align(&alignment, models, 2, skip != 0, arena, &err);
            if (skip && cases[i].left_out >= 0) {
                assert_int_equal(status, ASSAY_OK);
                assert_int_equal(alignment.left_out, cases[i].left_out);
                assert_int_equal(alignment.extra, cases[i].extra);
                assert_int_equal(models[1]->n, 3);
            } else {
                assert_int_equal(status, ASSAY_EFORMAT);
                if (strstr(err.message, cases[i].says) == NULL) {
                    fail_msg("%s", err.message);
                }
            }
            assay_predictions_free(models[0]);
            assay_predictions_free(models[1]);
            assay_arena_free(arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_classes),
        cmocka_unit_test(test_union_of_classes),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
