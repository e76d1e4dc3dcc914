/* Groups from metadata columns: order, ranges, combinations, missing values, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "core/groups.h"

enum { ROWS = 6 };

typedef struct fixture {
    assay_arena *arena;
    assay_table *table;
} fixture;

static assay_column *add(assay_table *table, const char *name, assay_column_type type)
{
    assay_column *column = NULL;
    assert_int_equal(assay_table_add(&column, table, name, type, NULL), ASSAY_OK);
    memset(column->valid, 1, (size_t)table->rows);
    return column;
}

static fixture make(int64_t rows)
{
    static const char *const sex[ROWS] = {"male", "female", "male", "female", "male", "male"};
    static const int64_t age[ROWS] = {25, 24, 60, 59, 0, 61};
    fixture f = {0};
    assert_int_equal(assay_arena_new(&f.arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_table_new(&f.table, rows, 0, NULL), ASSAY_OK);
    assay_column *s = add(f.table, "sex", ASSAY_COLUMN_TEXT);
    assay_column *a = add(f.table, "age", ASSAY_COLUMN_INT);
    assay_column *h = add(f.table, "height", ASSAY_COLUMN_REAL);
    assay_column *c = add(f.table, "country", ASSAY_COLUMN_TEXT);
    for (int64_t i = 0; i < rows; i++) {
        s->texts[i] = sex[i % ROWS];
        a->ints[i] = age[i % ROWS];
        h->reals[i] = (double)i / 4.0;
        c->texts[i] = "de";
    }
    a->valid[4] = 0;
    return f;
}

static void dispose(fixture *f)
{
    assay_table_free(f->table);
    assay_arena_free(f->arena);
}

static void test_values(void **state)
{
    (void)state;
    fixture f = make(ROWS);
    assay_groups *g = NULL;
    const assay_group_column sex = {.name = "sex"};
    assert_int_equal(assay_groups_make(&g, f.arena, f.table, &sex, 1, NULL), ASSAY_OK);
    assert_int_equal(g->n, 2);
    assert_int_equal(g->positive, -1);
    assert_string_equal(g->names[0], "sex=female");
    assert_string_equal(g->names[1], "sex=male");
    static const int32_t of[ROWS] = {1, 0, 1, 0, 1, 1};
    assert_memory_equal(g->of, of, sizeof of);
    static const int64_t rows[] = {5, 1};
    int32_t space[2];
    assert_ptr_equal(assay_groups_rows(g, NULL, 3, 2, space), g->of + 3);
    assert_ptr_equal(assay_groups_rows(g, rows, 0, 2, space), space);
    assert_int_equal(space[0], 1);
    assert_int_equal(space[1], 0);
    dispose(&f);
}

static void test_ranges_and_combinations(void **state)
{
    (void)state;
    static const double cuts[] = {25, 60};
    fixture f = make(ROWS);
    assay_groups *g = NULL;
    const assay_group_column both[] = {{.name = "age", .cuts = cuts, .n_cuts = 2}, {.name = "SEX"}};
    assert_int_equal(assay_groups_make(&g, f.arena, f.table, both, 1, NULL), ASSAY_OK);
    assert_int_equal(g->n, 4);
    assert_string_equal(g->names[0], "age below 25");
    assert_string_equal(g->names[1], "age 25 to below 60");
    assert_string_equal(g->names[2], "age from 60");
    assert_string_equal(g->names[3], "age missing");
    static const int32_t ages[ROWS] = {1, 0, 2, 1, 3, 2};
    assert_memory_equal(g->of, ages, sizeof ages);
    assert_int_equal(assay_groups_make(&g, f.arena, f.table, both, 2, NULL), ASSAY_OK);
    assert_int_equal(g->n, 5); /* the combinations that occur */
    assert_string_equal(g->names[0], "age below 25, SEX=female");
    assert_string_equal(g->names[2], "age 25 to below 60, SEX=male");
    static const int32_t of[ROWS] = {2, 0, 3, 1, 4, 3};
    assert_memory_equal(g->of, of, sizeof of);
    dispose(&f);
}

static void refused(fixture *f, const assay_group_column *column, const char *word)
{
    assay_groups *g = NULL;
    assay_error err = {0};
    assert_int_equal(assay_groups_make(&g, f->arena, f->table, column, 1, &err), ASSAY_EINVAL);
    assert_null(g);
    if (strstr(err.message, word) == NULL) {
        fail_msg("%s", err.message);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const double down[] = {60, 25};
    static const double cut[] = {1};
    fixture f = make(1000);
    refused(&f, &(assay_group_column){.name = "gender"}, "known: sex, age, height, country");
    refused(&f, &(assay_group_column){.name = "height"}, "cut it into ranges");
    refused(&f, &(assay_group_column){.name = "country"}, "nothing to compare");
    refused(&f, &(assay_group_column){.name = "age", .cuts = down, .n_cuts = 2}, "ascend");
    refused(&f, &(assay_group_column){.name = "sex", .cuts = cut, .n_cuts = 1}, "texts");
    assay_column *id = add(f.table, "id", ASSAY_COLUMN_TEXT);
    char names[1000][8];
    for (int i = 0; i < 1000; i++) {
        names[i][0] = (char)('a' + i / 100);
        names[i][1] = (char)('a' + i / 10 % 10);
        names[i][2] = (char)('a' + i % 10);
        names[i][3] = '\0';
        id->texts[i] = names[i];
    }
    refused(&f, &(assay_group_column){.name = "id"}, "is it a category?");
    dispose(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_ranges_and_combinations),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
