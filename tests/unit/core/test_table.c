#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/text_index.h"
#include "core/classes.h"
#include "core/table.h"

static void test_columns(void **state)
{
    (void)state;
    assay_error err = {0};
    assay_table *table = NULL;
    assay_column *column = NULL;
    assert_int_equal(assay_table_new(&table, 3, 0, &err), ASSAY_OK);
    assert_string_equal(assay_table_names(table), "(none)");
    char name[16];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "Col%d", i);
        assay_column_type type = i % 3 == 0   ? ASSAY_COLUMN_INT
                                 : i % 3 == 1 ? ASSAY_COLUMN_REAL
                                              : ASSAY_COLUMN_TEXT;
        assert_int_equal(assay_table_add(&column, table, name, type, &err), ASSAY_OK);
        assert_int_equal(column->valid[2], 0);
        assert_int_equal(column->ints != NULL, i % 3 == 0);
        assert_int_equal(column->reals != NULL, i % 3 == 1);
        assert_int_equal(column->texts != NULL, i % 3 == 2);
    }
    assert_int_equal(table->n_columns, 100);
    assert_ptr_equal(assay_table_find(table, "cOL7"), &table->columns[7]);
    assert_null(assay_table_find(table, "Col"));
    assert_null(assay_table_find(table, "Col70x"));
    assert_null(assay_table_find(table, NULL));
    assert_null(assay_table_find(NULL, "x"));
    assert_int_equal(assay_table_add(&column, table, "COL99", ASSAY_COLUMN_INT, &err),
                     ASSAY_EINVAL);
    assert_null(column);
    assert_non_null(strstr(err.message, "COL99"));
    assert_int_equal(assay_table_add(&column, table, "", ASSAY_COLUMN_INT, &err), ASSAY_EINVAL);
    assert_int_equal(assay_table_add(&column, table, "x", (assay_column_type)9, &err),
                     ASSAY_EINVAL);
    assert_non_null(strstr(assay_table_names(table), "Col0, Col1"));
    assert_non_null(strstr(assay_table_names(table), "(40 more)"));
    assay_table_free(table);
    assay_table_free(NULL);
}

static void test_limits(void **state)
{
    (void)state;
    assay_error err = {0};
    assay_table *table = NULL;
    assay_column *column = NULL;
    assert_int_equal(assay_table_new(&table, -1, 0, &err), ASSAY_EINVAL);
    assert_null(table);
    assert_int_equal(assay_table_new(&table, INT64_MAX, 0, &err), ASSAY_OK);
    assert_int_equal(assay_table_add(&column, table, "x", ASSAY_COLUMN_REAL, &err), ASSAY_ENOMEM);
    assay_table_free(table);
    assert_int_equal(assay_table_new(&table, 1000, 20000, &err), ASSAY_OK);
    assert_int_equal(assay_table_add(&column, table, "x", ASSAY_COLUMN_REAL, &err), ASSAY_OK);
    assert_int_equal(assay_table_add(&column, table, "y", ASSAY_COLUMN_REAL, &err), ASSAY_OK);
    assert_int_equal(assay_table_add(&column, table, "z", ASSAY_COLUMN_REAL, &err), ASSAY_ENOMEM);
    assert_int_equal(table->n_columns, 2);
    assay_table_free(table);
    assert_int_equal(assay_table_new(&table, 0, 0, &err), ASSAY_OK);
    assert_int_equal(assay_table_add(&column, table, "x", ASSAY_COLUMN_TEXT, &err), ASSAY_OK);
    assay_table_free(table);
}

static int32_t class_of(assay_classes *classes, const char *name)
{
    int32_t code = -2;
    assert_int_equal(assay_classes_index(&code, classes, name, strlen(name), NULL), ASSAY_OK);
    return code;
}

static void test_class_order(void **state)
{
    (void)state;
    static const char *const cases[2][6] = {{"10", "9", "-1", "2.5", "1e1", NULL},
                                            {"10", "9", "a", "B", "\xc3\xa9", NULL}};
    /* 10 and 1e1 are equal numbers: then by bytes */
    static const char *const sorted[2][5] = {{"-1", "2.5", "9", "10", "1e1"},
                                             {"10", "9", "B", "a", "\xc3\xa9"}};
    for (size_t c = 0; c < 2; c++) {
        assay_arena *arena = NULL;
        assay_classes classes;
        int32_t moved[5];
        assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
        assert_int_equal(assay_classes_init(&classes, arena, NULL, NULL), ASSAY_OK);
        for (int32_t i = 0; i < 5; i++) {
            assert_int_equal(class_of(&classes, cases[c][i]), i);
            assert_int_equal(class_of(&classes, cases[c][i]), i);
        }
        assert_int_equal(class_of(&classes, "  9\t"), 1);
        assert_int_equal(class_of(&classes, " "), -1);
        assert_int_equal(assay_classes_sort(moved, &classes, NULL), ASSAY_OK);
        for (int32_t i = 0; i < 5; i++) {
            assert_string_equal(classes.names[i], sorted[c][i]);
            assert_string_equal(classes.names[moved[i]], cases[c][i]);
            assert_int_equal(class_of(&classes, sorted[c][i]), i);
        }
        assay_classes_dispose(&classes);
        assay_arena_free(arena);
    }
}

static void test_given_classes(void **state)
{
    (void)state;
    assay_error err = {0};
    assay_arena *arena = NULL;
    assay_classes classes;
    int32_t moved[3];
    static const char *const names[] = {"b", "a", "10", NULL};
    static const char *const twice[] = {"b", "a", "b", NULL};
    static const char *const empty[] = {"b", "", NULL};
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_classes_init(&classes, arena, names, &err), ASSAY_OK);
    assert_int_equal(class_of(&classes, "a"), 1);
    assert_int_equal(class_of(&classes, "c"), -1);
    assert_int_equal(assay_classes_sort(moved, &classes, &err), ASSAY_OK);
    assert_int_equal(moved[2], 2);
    assert_string_equal(classes.names[0], "b");
    assert_string_equal(assay_classes_text(&classes), "b, a, 10");
    assay_classes_dispose(&classes);
    assert_int_equal(assay_classes_init(&classes, arena, twice, &err), ASSAY_EINVAL);
    assert_int_equal(assay_classes_init(&classes, arena, empty, &err), ASSAY_EINVAL);
    assay_arena_free(arena);
}

static void test_too_many_classes(void **state)
{
    (void)state;
    assay_error err = {0};
    assay_arena *arena = NULL;
    assay_classes classes;
    assay_status status = ASSAY_OK;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_classes_init(&classes, arena, NULL, NULL), ASSAY_OK);
    int i = 0;
    for (; status == ASSAY_OK && i < 2 * ASSAY_CLASSES_MOST; i++) {
        char name[32];
        int32_t code = 0;
        int size = snprintf(name, sizeof name, "%d.5", i);
        status = assay_classes_index(&code, &classes, name, (size_t)size, &err);
    }
    assert_int_equal(status, ASSAY_EFORMAT);
    assert_int_equal(i, ASSAY_CLASSES_MOST + 1);
    assert_non_null(strstr(assay_classes_text(&classes), "more)"));
    assay_classes_dispose(&classes);
    assay_arena_free(arena);
}

static void test_text_index(void **state)
{
    (void)state;
    enum { N = 20000 };
    static char texts[N][12];
    static const char *keys[N];
    assay_text_index *index = NULL;
    int64_t found = 0;
    assert_int_equal(assay_text_index_new(&index, 0, NULL), ASSAY_OK);
    for (int i = 0; i < N; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "%d", i % (N / 2));
        keys[i] = texts[i];
        assert_int_equal(assay_text_index_put(&found, index, keys, i, NULL), ASSAY_OK);
        assert_int_equal(found, i < N / 2 ? -1 : i - N / 2);
    }
    assert_int_equal(assay_text_index_find(index, keys, "77x", 2), 77);
    assert_int_equal(assay_text_index_find(index, keys, "77x", 3), -1);
    assert_int_equal(assay_text_index_find(index, keys, "", 0), -1);
    assert_int_equal(assay_text_index_find(index, keys, "7\0x", 3), -1);
    assert_int_equal(assay_text_index_put(&found, index, keys, (int64_t)1 << 40, NULL),
                     ASSAY_ELIMIT);
    assay_text_index_free(index);
    assay_text_index_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),          cmocka_unit_test(test_limits),
        cmocka_unit_test(test_class_order),      cmocka_unit_test(test_given_classes),
        cmocka_unit_test(test_too_many_classes), cmocka_unit_test(test_text_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
