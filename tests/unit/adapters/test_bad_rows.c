/* Bad rows of predictions files: named with row, id, field, what stands there and what should, up to
 * ten of them, and counted; the same from CSV, Parquet and JSON lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "base/buffer.h"
#include "support/temp_folder.h"

typedef enum format { CSV, PARQUET, JSONL, FORMATS } format;

typedef struct bad_case {
    const char *csv;
    assay_task task;
    assay_score_kind kind;
    const char *says[5]; /* in every format */
    int64_t left;        /* rows with skip; 0 = none */
    int64_t row_of_last; /* of the file, with skip */
    int csv_only;        /* Parquet has no such values */
} bad_case;

static const char *const text_columns[] = {"id", "target", "label", NULL};

static void put_json(assay_buffer *out, const assay_table *table)
{
    for (int64_t i = 0; i < table->rows; i++) {
        assay_buffer_putc(out, '{');
        const char *comma = "";
        for (int32_t c = 0; c < table->n_columns; c++) {
            const assay_column *column = &table->columns[c];
            double number = assay_column_number(column, i);
            bool text = column->type == ASSAY_COLUMN_TEXT;
            if (!column->valid[i] || (!text && number != number)) {
                continue; /* JSON has no NaN */
            }
            assay_buffer_printf(out, "%s\"%s\":", comma, column->name);
            if (text) {
                assay_buffer_printf(out, "\"%s\"", column->texts[i]);
            } else {
                assay_buffer_printf(out, "%.17g", number);
            }
            comma = ",";
        }
        assay_buffer_puts(out, "}\n");
    }
}

/* The case's rows in a file of the format; its path is in the folder. */
static const char *write_as(temp_folder *folder, const bad_case *c, format as)
{
    assay_error err = {0};
    assay_table *table = NULL;
    assert_int_equal(temp_text(folder, "p.csv", c->csv), 0);
    if (as == CSV) {
        return temp_path(folder, "p.csv");
    }
    bool texts = c->task == ASSAY_TASK_CLASSIFICATION;
    if (assay_duckdb_read_table_as(&table, temp_path(folder, "p.csv"),
                                   texts ? text_columns : (const char *const[]){"id", NULL},
                                   &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    const char *name = as == PARQUET ? "p.parquet" : "p.jsonl";
    if (as == PARQUET) {
        assert_int_equal(assay_duckdb_write_table(temp_path(folder, name), table, &err), ASSAY_OK);
    } else {
        assay_buffer text;
        assay_buffer_init(&text, 0);
        put_json(&text, table);
        assert_int_equal(temp_text(folder, name, text.data), 0);
        assay_buffer_dispose(&text);
    }
    assay_table_free(table);
    return temp_path(folder, name);
}

static assay_status read_case(assay_predictions **out, const char *path, const bad_case *c,
                              int skip, assay_error *err)
{
    const assay_predictions_columns classes = {.skip_bad = skip, .score_kind = c->kind};
    const assay_label_sets_columns sets = {.skip_bad = skip, .score_kind = c->kind};
    const assay_values_columns values = {.skip_bad = skip};
    switch (c->task) {
    case ASSAY_TASK_MULTILABEL:
        return assay_duckdb_read_label_sets(out, path, &sets, err);
    case ASSAY_TASK_REGRESSION:
        return assay_duckdb_read_values(out, path, &values, err);
    default:
        return assay_duckdb_read_predictions(out, path, &classes, err);
    }
}

static const bad_case cases[] = {
    {"id,target,score_a,score_b\nr1,a,1,0\nr2,c,1,0\nr3,,1,0\nr4,b,nan,0\nr1,b,0,1\n,b,0,1\n"
     "r7,b,0,1\n",
     ASSAY_TASK_CLASSIFICATION,
     ASSAY_SCORE_KIND_AUTO,
     {"5 of 7 rows are bad", ", id r2: column \"target\": unknown class \"c\"",
      ", id r3: the target (column \"target\") is missing",
      ", id r4: the score in column \"score_a\"",
      "the id \"r1\" stands twice, first in row 1; row 6"},
     2,
     7,
     0},
    {"id,target,score_a,score_b\nr1,a,x,0\nr2,b,0,1\nr3,b,?,1\n",
     ASSAY_TASK_CLASSIFICATION,
     ASSAY_SCORE_KIND_AUTO,
     {"2 of 3 rows are bad",
      "row 1 (line 2), id r1: the score in column \"score_a\" is \"x\", not a",
      "row 3 (line 4), id r3: the score in column \"score_a\" is \"?\", not a number", "", ""},
     1,
     2,
     1},
    {"id,target,score_a,score_b\nr1,a,0.7,0.3\nr2,b,0.2,0.9\nr3,b,0.1,0.9\nr4,a,1.5,-0.5\n"
     "r5,a,0.5,0.5\n",
     ASSAY_TASK_CLASSIFICATION,
     ASSAY_SCORE_KIND_AUTO,
     {"2 of 5 rows are bad", "row 2, id r2: the scores sum to 1.1",
      "row 4, id r4: the score of \"a\" is 1.5", "probabilities are 0 or more and sum to one", ""},
     3,
     5,
     0},
    {"id,target,p_a,p_b\nr1,a,0.7,0.4\nr2,b,0.2,0.9\nr3,b,0.1,0.9\n",
     ASSAY_TASK_CLASSIFICATION,
     ASSAY_SCORE_KIND_AUTO,
     {"2 of 3 rows are bad", "row 1, id r1: the scores sum to 1.1", "", "", ""},
     1,
     3,
     0},
    {"id,target,score_a,score_b\nr1,a,7,4\nr2,b,0,1\n",
     ASSAY_TASK_CLASSIFICATION,
     ASSAY_SCORE_KIND_PROBABILITIES,
     {"row 1, id r1: the score of \"a\" is 7", "--score-kind any", "", "", ""},
     1,
     2,
     0},
    {"id,target,label\n1,a,a\n1,a,b\n2,b,\n1,b,b\n3,b,b\n",
     ASSAY_TASK_CLASSIFICATION,
     ASSAY_SCORE_KIND_AUTO,
     {"3 of 5 rows are bad", "the id \"1\" stands twice, first in row 1; row 3",
      ", id 2: the label (column \"label\") is missing", "", ""},
     2,
     5,
     0},
    {"id,target_x,target_y,score_x,score_y\nr1,1,0,0.5,0.5\nr2,2,0,0.5,0.5\nr3,1,0,0.5,\n"
     "r1,1,0,0.5,1\n,0,1,1,1\nr6,0,1,1,1\n",
     ASSAY_TASK_MULTILABEL,
     ASSAY_SCORE_KIND_AUTO,
     {"4 of 6 rows are bad", ", id r2: column \"target_x\" holds 2, expected 0 or 1",
      ", id r3: the score in column \"score_y\" is nothing, expected a number",
      "the id \"r1\" stands twice, first in row 1", ": the id is missing"},
     2,
     6,
     0},
    {"id,target_x,target_y,prob_x,prob_y\nr1,1,0,0.5,0.5\nr2,1,0,1.5,0.5\n",
     ASSAY_TASK_MULTILABEL,
     ASSAY_SCORE_KIND_AUTO,
     {"row 2, id r2: the score of \"x\" is 1.5", "from 0 to 1", "", "", ""},
     1,
     1,
     0},
    {"id,target,prediction\nr1,1,2\nr2,,2\nr3,2,inf\nr1,1,1\nr5,1,1\n",
     ASSAY_TASK_REGRESSION,
     ASSAY_SCORE_KIND_AUTO,
     {"3 of 5 rows are bad", ", id r2: column \"target\" holds nothing, expected a finite number",
      ", id r3: column \"prediction\" holds inf, expected",
      "the id \"r1\" stands twice, first in row 1", ""},
     2,
     5,
     0},
    {"id,target,prediction\nr1,1,2\nr2,oops,2\nr3,3,3\n",
     ASSAY_TASK_REGRESSION,
     ASSAY_SCORE_KIND_AUTO,
     {", id r2: column \"target\" holds \"oops\", expected a finite number", "", "", "", ""},
     2,
     3,
     0},
};

static void check_case(temp_folder *folder, const bad_case *c, format as)
{
    assay_error err = {0};
    assay_predictions *p = NULL;
    const char *path = write_as(folder, c, as);
    assert_int_equal(read_case(&p, path, c, 0, &err), ASSAY_EFORMAT);
    assert_null(p);
    for (size_t i = 0; i < 5 && c->says[i] != NULL; i++) {
        /* JSON has neither NaN nor infinity: they are missing there */
        if (strstr(err.message, c->says[i]) == NULL &&
            !(as == JSONL && strstr(c->says[i], "holds inf") != NULL)) {
            fail_msg("expected \"%s\" in: %s", c->says[i], err.message);
        }
    }
    assert_null(strchr(err.message, '\n'));
    if (read_case(&p, path, c, 1, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(p->n, c->left);
    assert_int_equal(assay_predictions_row(p, p->n - 1), c->row_of_last);
    assert_true(p->columns == NULL || p->columns->rows == c->left);
    assay_predictions_free(p);
}

static void test_every_kind(void **state)
{
    temp_folder folder;
    (void)state;
    assert_int_equal(temp_folder_make(&folder), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (format as = CSV; as < FORMATS; as++) {
            if (as == CSV || !cases[i].csv_only) {
                check_case(&folder, &cases[i], as);
            }
        }
    }
    temp_folder_remove(&folder);
}

/* Ten are told, the rest is counted; they may come from different chunks. */
static void test_many(void **state)
{
    temp_folder folder;
    assay_buffer text;
    assay_error err = {0};
    assay_predictions *p = NULL;
    const assay_predictions_columns stop = {0}, skip = {.skip_bad = 1};
    (void)state;
    assert_int_equal(temp_folder_make(&folder), 0);
    assay_buffer_init(&text, 0);
    assay_buffer_puts(&text, "target,label\n");
    for (int i = 0; i < 9000; i++) {
        assay_buffer_puts(&text, i % 1000 < 3 ? ",a\n" : "a,a\n");
    }
    assert_int_equal(temp_text(&folder, "m.csv", text.data), 0);
    const char *path = temp_path(&folder, "m.csv");
    assert_int_equal(assay_duckdb_read_predictions(&p, path, &stop, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "27 of 9000 rows are bad: row 1 (line 2): the target"));
    assert_non_null(strstr(err.message, "row 3001 (line 3002): the target (column \"target\") is "
                                        "missing; and 17 more"));
    assert_int_equal(assay_duckdb_read_predictions(&p, path, &skip, &err), ASSAY_OK);
    assert_int_equal(p->n, 8973);
    assert_int_equal(p->skipped, 27);
    for (int64_t i = 0, row = 1; i < p->n; i++, row++) {
        row += row % 1000 == 1 ? 3 : 0;
        assert_int_equal(assay_predictions_row(p, i), row);
    }
    assay_predictions_free(p);
    assay_buffer_dispose(&text);
    temp_folder_remove(&folder);
}

/* Scores that are no probabilities stay scores: logits, or when that is said. */
static void test_scores_of_another_kind(void **state)
{
    temp_folder folder;
    assay_error err = {0};
    assay_predictions *p = NULL;
    (void)state;
    assert_int_equal(temp_folder_make(&folder), 0);
    assert_int_equal(
        temp_text(&folder, "l.csv", "target,score_a,score_b\na,3,-1\nb,0.5,0.5\nb,0,0.2\na,2,1\n"),
        0);
    assay_predictions_columns columns = {0};
    const char *path = temp_path(&folder, "l.csv");
    assert_int_equal(assay_duckdb_read_predictions(&p, path, &columns, &err), ASSAY_OK);
    assert_int_equal(p->scores_are_probabilities, 0);
    assay_predictions_free(p);
    assert_int_equal(
        temp_text(&folder, "l.csv", "target,p_a,p_b\na,1,0\nb,0.5,0.5\nb,0,0.2\na,1,0\n"), 0);
    columns.score_kind = ASSAY_SCORE_KIND_ANY;
    assert_int_equal(assay_duckdb_read_predictions(&p, path, &columns, &err), ASSAY_OK);
    assert_int_equal(p->n, 4);
    assert_int_equal(p->scores_are_probabilities, 0);
    assay_predictions_free(p);
    temp_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_scores_of_another_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
