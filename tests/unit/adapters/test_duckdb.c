#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "support/temp_folder.h"

static int set_up(void **state)
{
    static temp_folder folder;
    *state = &folder;
    return temp_folder_make(&folder);
}

static int tear_down(void **state)
{
    temp_folder_remove(*state);
    return 0;
}

static void expect_words(const assay_error *err, const char *word, const char *second)
{
    if (strstr(err->message, word) == NULL || strstr(err->message, second) == NULL ||
        strchr(err->message, '\n') != NULL || strstr(err->message, "/proc/self") != NULL) {
        fail_msg("expected \"%s\" and \"%s\" in: %s", word, second, err->message);
    }
}

static assay_predictions *read_text(temp_folder *folder, const char *name, const char *text,
                                    assay_predictions_columns columns)
{
    assay_error err = {0};
    assay_predictions *p = NULL;
    assert_int_equal(temp_text(folder, name, text), 0);
    if (assay_duckdb_read_predictions(&p, temp_path(folder, name), &columns, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    return p;
}

static void expect_bad(temp_folder *folder, const char *name, const char *text,
                       assay_predictions_columns columns, const char *word, const char *second)
{
    assay_error err = {0};
    assay_predictions *p = NULL;
    assert_int_equal(temp_text(folder, name, text), 0);
    assert_int_not_equal(assay_duckdb_read_predictions(&p, temp_path(folder, name), &columns, &err),
                         ASSAY_OK);
    assert_null(p);
    expect_words(&err, word, second);
}

static const assay_predictions_columns automatic = {0};

static void test_read_table(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_table *table = NULL;
    assert_int_equal(temp_text(folder, "t.csv",
                               "\xEF\xBB\xBFid;n; x ;flag;mixed;code;big;none\r\n"
                               "007; 1;0.5;true;1;007;9223372036854775808;\r\n"
                               "\"a;\"\"b\"\"\nc\";-2;nan;FALSE;x;12;1;\r\n"
                               ";;;;;;;\r\n"),
                     0);
    assert_int_equal(assay_duckdb_read_table(&table, temp_path(folder, "t.csv"), &err), ASSAY_OK);
    assert_int_equal(table->rows, 3);
    assert_int_equal(table->n_columns, 8);
    const assay_column *id = assay_table_find(table, "ID");
    assert_int_equal(id->type, ASSAY_COLUMN_TEXT);
    assert_string_equal(id->texts[0], "007");
    assert_string_equal(id->texts[1], "a;\"b\"\nc");
    assert_int_equal(id->valid[2], 0);
    const assay_column *n = assay_table_find(table, "n");
    assert_int_equal(n->type, ASSAY_COLUMN_INT);
    assert_int_equal(n->ints[1], -2);
    assert_int_equal(n->valid[2], 0);
    const assay_column *x = assay_table_find(table, "x");
    assert_int_equal(x->type, ASSAY_COLUMN_REAL);
    assert_true(x->reals[0] == 0.5 && isnan(x->reals[1]) && x->valid[1] && !x->valid[2]);
    assert_int_equal(assay_table_find(table, "flag")->type, ASSAY_COLUMN_INT);
    assert_int_equal(assay_table_find(table, "flag")->ints[0], 1);
    assert_int_equal(assay_table_find(table, "mixed")->type, ASSAY_COLUMN_TEXT);
    assert_int_equal(assay_table_find(table, "code")->type, ASSAY_COLUMN_TEXT);
    assert_int_equal(assay_table_find(table, "big")->type, ASSAY_COLUMN_REAL);
    assert_int_equal(assay_table_find(table, "none")->type, ASSAY_COLUMN_TEXT);
    assay_table_free(table);

    static const char *const keep[] = {"n", "absent", NULL};
    assert_int_equal(assay_duckdb_read_table_as(&table, temp_path(folder, "t.csv"), keep, &err),
                     ASSAY_OK);
    assert_string_equal(assay_table_find(table, "n")->texts[0], " 1");
    assay_table_free(table);

    assert_int_equal(temp_text(folder, "t.jsonl",
                               "{\"a\":\"007\",\"b\":1,\"c\":true,\"d\":0.5,\"e\":[1,2]}\n\n"
                               "{\"a\":\"2024-01-02\",\"b\":null,\"d\":2}\n"),
                     0);
    assert_int_equal(assay_duckdb_read_table(&table, temp_path(folder, "t.jsonl"), &err), ASSAY_OK);
    assert_int_equal(table->rows, 2);
    assert_string_equal(assay_table_find(table, "a")->texts[0], "007");
    assert_string_equal(assay_table_find(table, "a")->texts[1], "2024-01-02");
    assert_int_equal(assay_table_find(table, "b")->type, ASSAY_COLUMN_INT);
    assert_int_equal(assay_table_find(table, "b")->valid[1], 0);
    assert_int_equal(assay_table_find(table, "c")->ints[0], 1);
    assert_true(assay_table_find(table, "d")->reals[1] == 2.0);
    assert_string_equal(assay_table_find(table, "e")->texts[0], "[1,2]");
    assay_table_free(table);
}

static void test_bad_tables(void **state)
{
    temp_folder *folder = *state;
    static const char *const cases[][4] = {
        {"a.csv", "", "is empty", ""},
        {"b.csv", "\n1,2\n", "names of the columns", "blank"},
        {"c.csv", "a,b\n1,2\n\n3\n", "line 4 has 1 fields; expected 2", ""},
        {"d.csv", "a,b\n1,2,3\n", "line 2 has 3 fields", ""},
        {"e.csv", "a,b\n1,\"x\n2,3\n", "line 2 is never closed", ""},
        {"f.csv", "a,b\nx,y\nz,caf\xe9\n", "line 3 is not UTF-8", ""},
        {"g.csv", "\x1f\x8b\x08", "gzip", "unpack"},
        {"h.csv", "PAR1abc", "Parquet", ""},
        {"i.csv", "PK\x03\x04", "spreadsheet", ""},
        {"j.csv", "a,b,A\n", "columns 1 and 3", "rename"},
        {"k.parquet", "PAR1 and then nothing of use", "k.parquet", ""},
        {"l.jsonl", "{\"a\":1}\nnot json\n", "l.jsonl", "line 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assay_error err = {0};
        assay_table *table = NULL;
        assert_int_equal(temp_text(folder, cases[i][0], cases[i][1]), 0);
        assert_int_not_equal(assay_duckdb_read_table(&table, temp_path(folder, cases[i][0]), &err),
                             ASSAY_OK);
        assert_null(table);
        expect_words(&err, cases[i][2], cases[i][3]);
    }
    assay_error err = {0};
    assay_table *table = NULL;
    assert_int_equal(assay_duckdb_read_table(&table, temp_path(folder, "none.csv"), &err),
                     ASSAY_ENOTFOUND);
    assert_int_equal(temp_mkdir(folder, "dir.csv"), 0);
    assert_int_equal(assay_duckdb_read_table(&table, temp_path(folder, "dir.csv"), &err),
                     ASSAY_EFORMAT);
    expect_words(&err, "folder", "dir.csv");
    assert_int_equal(assay_duckdb_read_table(&table, "/dev/zero", &err), ASSAY_EFORMAT);
    /* Names with wildcards and with bytes that are not UTF-8 are names. */
    assert_int_equal(temp_text(folder, "[a]*?\xff.csv", "x\n1\n"), 0);
    assert_int_equal(assay_duckdb_read_table(&table, temp_path(folder, "[a]*?\xff.csv"), &err),
                     ASSAY_OK);
    assay_table_free(table);
}

static void test_labels_only(void **state)
{
    temp_folder *folder = *state;
    assay_predictions *p = read_text(folder, "p.csv",
                                     "ID,Target,Label,source\n"
                                     "007,10,2,lab\n"
                                     "7,2,1,field\n"
                                     "1e1, 10 ,10,lab\n",
                                     automatic);
    assert_int_equal(p->n, 3);
    assert_int_equal(p->classes, 3);
    assert_string_equal(p->class_names[0], "1");
    assert_string_equal(p->class_names[1], "2");
    assert_string_equal(p->class_names[2], "10");
    assert_string_equal(p->ids[0], "007");
    assert_string_equal(p->ids[2], "1e1");
    static const int32_t targets[] = {2, 1, 2};
    static const int32_t labels[] = {1, 0, 2};
    assert_memory_equal(p->target, targets, sizeof targets);
    assert_memory_equal(p->label, labels, sizeof labels);
    assert_null(p->scores_f64);
    assert_string_equal(assay_table_find(p->columns, "source")->texts[1], "field");
    assay_predictions_free(p);

    static const char *const names[] = {"10", "2", "1", "0", NULL};
    assay_predictions_columns given = {.classes = names};
    p = read_text(folder, "q.csv", "target,label\n10,2\n2,1\n", given);
    assert_int_equal(p->classes, 4);
    assert_int_equal(p->target[0], 0);
    assert_null(p->ids);
    assay_predictions_free(p);
    assay_predictions_columns other = {.target = "label", .label = "guess"};
    p = read_text(folder, "r.csv", "label,guess\nb,a\na,a\n", other);
    assert_int_equal(p->target[0], 1);
    assert_int_equal(p->label[0], 0);
    assay_predictions_free(p);
}

static void test_scores(void **state)
{
    temp_folder *folder = *state;
    static const char *const files[] = {
        "id,target,cat,dog\n1,cat,0.25,0.75\n2,dog,0.5,0.5\n3,cat,1,0\n",
        "id,target,score_cat,score_dog\n1,cat,0.25,0.75\n2,dog,0.5,0.5\n3,cat,1,0\n",
        "id,target,extra,prob_cat,prob_dog\n1,cat,9,0.25,0.75\n2,dog,8,0.5,0.5\n3,cat,7,1,0\n",
        "id\ttarget\tp_cat\tp_dog\n1\tcat\t0.25\t0.75\n2\tdog\t0.5\t0.5\n3\tcat\t1\t0\n",
    };
    for (size_t i = 0; i < 4; i++) {
        assay_predictions *p = read_text(folder, "s.csv", files[i], automatic);
        assert_int_equal(p->classes, 2);
        assert_string_equal(p->class_names[0], "cat");
        assert_true(p->scores_f64[1] == 0.75 && p->scores_f64[4] == 1);
        assert_int_equal(p->label[0], 1);
        assert_int_equal(p->label[1], 0); /* the first of equal scores */
        assert_int_equal(p->scores_are_probabilities, 1);
        assert_int_equal(strlen(p->digest), 64);
        assay_predictions_free(p);
    }
    /* A class that never occurs is told by the sum of the rows. */
    assay_predictions *p = read_text(
        folder, "t.csv", "target,cat,dog,eel\ncat,0.25,0.5,0.25\ndog,0.5,0.25,0.25\n", automatic);
    assert_int_equal(p->classes, 3);
    assay_predictions_free(p);
    p = read_text(folder, "u.csv", "target,cat,dog,age\ncat,0.25,0.75,7\ndog,0.5,0.5,9\n",
                  automatic);
    assert_int_equal(p->classes, 2);
    assert_int_equal(assay_table_find(p->columns, "age")->ints[1], 9);
    assay_predictions_free(p);
    expect_bad(folder, "v.csv", "target,cat,dog,eel\ncat,2,-1,7\ndog,3,4,9\n", automatic,
               "\"eel\" may be the score of a class that never occurs", "name the score columns");
    static const char *const scores[] = {"A", "B", NULL};
    static const char *const classes[] = {"cat", "dog", NULL};
    assay_predictions_columns named = {.scores = scores, .classes = classes};
    p = read_text(folder, "w.csv", "target,B,A,C\ncat,-1,2,7\ndog,4,3,9\n", named);
    assert_string_equal(p->class_names[1], "dog");
    assert_true(p->scores_f64[0] == 2 && p->scores_f64[1] == -1);
    assert_int_equal(p->scores_are_probabilities, 0);
    assay_predictions_free(p);
    assay_predictions_columns by_class = {.classes = classes};
    p = read_text(folder, "x.jsonl",
                  "{\"id\":1,\"target\":\"dog\",\"score_dog\":0.5,\"score_cat\":0.25}\n", by_class);
    assert_true(p->scores_f64[0] == 0.25);
    assert_int_equal(p->target[0], 1);
    assert_string_equal(p->ids[0], "1");
    assay_predictions_free(p);
}

static void test_bad_predictions(void **state)
{
    temp_folder *folder = *state;
    static const char *const ab[] = {"a", "b", NULL};
    static const char *const missing[] = {"a", "c", NULL};
    static const char *const one[] = {"a", NULL};
    assay_predictions_columns classes = {.classes = ab};
    assay_predictions_columns scores = {.scores = missing};
    assay_predictions_columns uneven = {.scores = ab, .classes = one};
    assay_predictions_columns target = {.target = "truth"};
    expect_bad(folder, "a.csv", "id,targt,label\n1,a,b\n", automatic, "did you mean \"targt\"",
               "the columns are: id, targt, label");
    expect_bad(folder, "a.csv", "id,target,label\n1,a,b\n", target, "no column \"truth\"", "label");
    expect_bad(folder, "a.csv", "id,target\n1,a\n", automatic, "no column \"label\"",
               "score_<class>");
    expect_bad(folder, "a.csv", "target,a,b\na,1,0\n", scores, "no column \"c\"", "target, a, b");
    expect_bad(folder, "a.csv", "target,a,b\na,1,0\n", uneven, "2 score columns but 1 class", "");
    expect_bad(folder, "a.csv", "target,score_a,x\na,1,0\n", classes, "no column \"score_b\"", "");
    expect_bad(folder, "a.csv", "target,a,b\na,1,0\nb,x,1\n", automatic, "row 2 (line 3)",
               "\"a\" is \"x\", not a number");
    expect_bad(folder, "a.csv", "target,a,b\na,1,0\n\nb,1,nan\n", automatic, "row 2 (line 4)",
               "\"b\" is NaN");
    expect_bad(folder, "a.csv", "target,score_a,score_b\na,1,0\nB,1,0\n", automatic,
               "unknown class \"B\"", "the classes are: a, b");
    expect_bad(folder, "a.csv", "target,label\na,a\n,b\n", automatic, "row 2", "target");
    expect_bad(folder, "a.csv", "target,label\na,\n", automatic, "the label", "missing");
    expect_bad(folder, "a.csv", "id,target,label\n1,a,b\n2,a,b\n\"1\",b,b\n", automatic,
               "row 3 (line 4): the id \"1\" stands twice", "first in row 1");
    expect_bad(folder, "a.csv", "id,target,label\n1,a,b\n,a,b\n", automatic, "the id", "row 2");
    expect_bad(folder, "a.csv", "target,label\n", automatic, "holds no rows", "");
    expect_bad(folder, "a.jsonl", "{\"target\":\"a\",\"label\":\"a\"}\n\n{\"label\":\"a\"}\n",
               automatic, "row 2 (line 3)", "target");
}

static void test_skip(void **state)
{
    temp_folder *folder = *state;
    assay_predictions_columns skip_bad = {.skip_bad = 1};
    assay_predictions *p = read_text(folder, "s.csv",
                                     "id,target,score_a,score_b,k\n"
                                     "1,a,1,0,10\n"
                                     "2,,1,0,11\n"
                                     "3,c,1,0,12\n"
                                     "4,b,nan,0,13\n"
                                     "5,b,0,1,14\n"
                                     "1,b,0,1,15\n"
                                     "6,a,0.5,0.5,16\n",
                                     skip_bad);
    assert_int_equal(p->n, 3);
    assert_int_equal(p->skipped, 4);
    assert_string_equal(p->ids[1], "5");
    assert_true(p->scores_f64[3] == 1 && p->scores_f64[5] == 0.5);
    assert_int_equal(p->columns->rows, 3);
    assert_int_equal(assay_table_find(p->columns, "k")->ints[2], 16);
    assay_predictions_free(p);
    expect_bad(folder, "t.csv", "target,label\n,\n", skip_bad, "no row is left", "");
}

static assay_table *some_table(void)
{
    assay_table *table = NULL;
    assay_column *column = NULL;
    assert_int_equal(assay_table_new(&table, 5000, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_table_add(&column, table, "contrast", ASSAY_COLUMN_REAL, NULL),
                     ASSAY_OK);
    for (int i = 0; i < 5000; i++) {
        column->reals[i] = i / 5000.0;
        column->valid[i] = i % 7 != 0;
    }
    assert_int_equal(assay_table_add(&column, table, "source", ASSAY_COLUMN_TEXT, NULL), ASSAY_OK);
    for (int i = 0; i < 5000; i++) {
        column->texts[i] = i % 2 ? "field" : i % 3 ? "lab" : "\xff\xfe";
        column->valid[i] = 1;
    }
    assert_int_equal(assay_table_add(&column, table, "odd \"name\"", ASSAY_COLUMN_INT, NULL),
                     ASSAY_OK);
    for (int i = 0; i < 5000; i++) {
        column->ints[i] = i;
    }
    column->valid = NULL;
    return table;
}

static int64_t count(const assay_table *table, const char *predicate)
{
    static uint8_t mask[5000];
    assay_error err = {0};
    if (assay_duckdb_select(mask, table, predicate, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    int64_t n = 0;
    for (int64_t i = 0; i < table->rows; i++) {
        n += mask[i];
    }
    return n;
}

static void test_select(void **state)
{
    (void)state;
    assay_table *table = some_table();
    int64_t expected = 0;
    int64_t missing = 0;
    for (int i = 0; i < 5000; i++) {
        expected += i % 7 != 0 && i < 1000 && i % 2;
        missing += i % 7 == 0;
    }
    assert_int_equal(count(table, "contrast < 0.2 AND source = 'field'"), expected);
    assert_int_equal(count(table, "CONTRAST < 0.2 and data.Source = 'field' -- comment"), expected);
    assert_int_equal(count(table, "contrast IS NULL"), missing);
    assert_int_equal(count(table, "contrast < 5"), 5000 - missing); /* NULL is not true */
    assert_int_equal(count(table, "\"odd \"\"name\"\"\" BETWEEN 10 AND 19"), 10);
    assert_int_equal(count(table, "source LIKE 'f%' OR length(source) = 3"), 5000 - 833 - 1);
    assert_int_equal(count(table, "1 = 1"), 5000);
    assert_int_equal(count(table, "contrast = NULL"), 0);
    assert_int_equal(count(table, "CASE WHEN contrast > 0.5 THEN true ELSE false END"), 2500 - 358);
    table->rows = 0;
    assert_int_equal(count(table, "contrast > 0"), 0);
    assay_table_free(table);
}

static void test_refused_predicates(void **state)
{
    (void)state;
    assay_table *table = some_table();
    static uint8_t mask[5000];
    static const char *const cases[][3] = {
        {"", "empty", "expected"},
        {"  \n", "empty", ""},
        {"contrst < 1", "did you mean \"contrast\"", "character 1"},
        {"contrast < 1 AND sorce = 'x'", "no column \"sorce\" (character 18)",
         "contrast, source, odd"},
        {"source = \"field\"", "single quotes: 'field'", "no column"},
        {"\"assay row index\" = 1 AND x", "no column \"x\"", ""},
        {"contrast <", "syntax error", ""},
        {"1=1; DROP TABLE x", "several statements", ""},
        {"1=1) OR (1=1", "syntax error", ""},
        {"1=1) UNION SELECT 1 FROM read_text('/etc/passwd') WHERE (1=1", "syntax error", ""},
        {"1=1) --", "syntax error", ""},
        {"1=1 /*", "where", ""},
        {"1=1 ORDER BY 1", "syntax error", ""},
        {"1=1 LIMIT 1", "syntax error", ""},
        {"contrast IN (SELECT 1)", "queries inside", ""},
        {"EXISTS (FROM read_csv('/etc/passwd'))", "queries inside", ""},
        {"SELECT 1", "syntax error", ""},
        {"(SELECT true)", "queries inside", ""},
        {"random() < 0.5", "random() changes", "character 1"},
        {"now() > TIMESTAMP '2020-01-01'", "now() changes", ""},
        {"count(*) > 1", "where", ""},
        {"sum(contrast) > 1", "aggregate", ""},
        {"row_number() OVER () > 1", "window", ""},
        {"contrast > ?", "parameters", ""},
        {"COLUMNS(*) > 1", "instead of *", ""},
        {"contrast", "not true or false", "flag = 1"},
        {"contrast + 1", "not true or false", ""},
        {"contrast < 'abc'", "where", "abc"},
        {"nosuchfunction(contrast)", "nosuchfunction", ""},
        {"source = '\xff'", "not UTF-8", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assay_error err = {0};
        assay_status status = assay_duckdb_select(mask, table, cases[i][0], &err);
        if (status != ASSAY_EINVAL) {
            fail_msg("%s: status %d %s", cases[i][0], (int)status, err.message);
        }
        expect_words(&err, cases[i][1], cases[i][2]);
    }
    static char deep[60001];
    memset(deep, '(', 30000);
    memset(deep + 30000, ')', 30000);
    assay_error err = {0};
    assert_int_not_equal(assay_duckdb_select(mask, table, deep, &err), ASSAY_OK);
    assay_table_free(table);
}

static void test_write_table(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_table *table = some_table();
    assay_table *back = NULL;
    const char *path = temp_path(folder, "it's \xff.parquet");
    assert_int_equal(assay_duckdb_write_table(path, table, &err), ASSAY_OK);
    assert_int_equal(assay_duckdb_read_table(&back, path, &err), ASSAY_OK);
    assert_int_equal(back->rows, 5000);
    assert_int_equal(back->n_columns, 3);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(back->columns[0].valid[i], table->columns[0].valid[i]);
        assert_true(!back->columns[0].valid[i] ||
                    back->columns[0].reals[i] == table->columns[0].reals[i]);
        assert_int_equal(back->columns[2].ints[i], i);
        assert_int_equal(back->columns[1].texts[i][0] == 'f', i % 2);
    }
    assay_table_free(back);
    assert_int_equal(assay_duckdb_write_table("/proc/no.parquet", table, &err), ASSAY_EIO);
    assert_int_equal(assay_duckdb_write_table(temp_path(folder, "no/x.parquet"), table, &err),
                     ASSAY_EIO);
    if (assay_file_kind("/dev/full") == 3) {
        assert_int_equal(assay_duckdb_write_table("/dev/full", table, &err), ASSAY_EIO);
    }
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 1 << 12, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assay_status status = assay_duckdb_write_table(temp_path(folder, "big.parquet"), table, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(status, ASSAY_EIO);
    expect_words(&err, "cannot write", "big.parquet");
    /* Nothing stays behind under any name. */
    assay_arena *arena = NULL;
    const char **names = NULL;
    int64_t n = 0;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_folder_list(&names, &n, folder->path, arena, NULL), ASSAY_OK);
    assert_int_equal(n, 1);
    assay_arena_free(arena);
    assay_table_free(table);
}

static void fill_predictions(assay_predictions *p, int kind)
{
    static const char *const names[] = {"a", "A", "it's, \"x\""};
    p->ids = assay_arena_alloc(p->arena, (size_t)p->n, sizeof *p->ids);
    for (int64_t i = 0; i < p->n; i++) {
        p->ids[i] = assay_arena_printf(p->arena, "0%d", (int)(p->n - i));
        p->target[i] = kind == 0 ? -1 : (int32_t)(i % 3);
        p->label[i] = (int32_t)((i + 1) % 3);
        for (int k = 0; k < 3; k++) {
            if (p->scores_f32 != NULL) {
                p->scores_f32[3 * i + k] = (float)((i + k) % 11) / 3.0F;
            } else {
                p->scores_f64[3 * i + k] = (double)((i + k) % 11) / 3.0;
            }
        }
    }
    p->class_names[0] = names[0];
    p->class_names[1] = names[1];
    p->class_names[2] = names[2];
    assay_column *column = NULL;
    assert_int_equal(assay_table_new(&p->columns, p->n, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_table_add(&column, p->columns, "label", ASSAY_COLUMN_INT, NULL),
                     ASSAY_OK);
    assert_int_equal(assay_table_add(&column, p->columns, "id", ASSAY_COLUMN_TEXT, NULL), ASSAY_OK);
    assert_int_equal(assay_predictions_digest(p, NULL), ASSAY_OK);
}

static void test_round_trip(void **state)
{
    temp_folder *folder = *state;
    static const char *const metadata[] = {"assay.key", "it's \"this\"", NULL};
    for (int kind = 0; kind < 2; kind++) {
        assay_error err = {0};
        assay_predictions *p = NULL;
        assay_predictions *back = NULL;
        assert_int_equal(assay_predictions_new(&p, 3000, 3, kind == 0 ? 4 : 8, 0, &err), ASSAY_OK);
        fill_predictions(p, kind);
        const char *path = temp_path(folder, kind == 0 ? "a.parquet" : "b.parquet");
        assert_int_equal(assay_duckdb_write_predictions(path, p, metadata, &err), ASSAY_OK);
        if (assay_duckdb_read_predictions(&back, path, &automatic, &err) != ASSAY_OK) {
            fail_msg("%s", err.message);
        }
        assert_string_equal(back->class_names[1], "A");
        assert_string_equal(back->digest, p->digest);
        assert_non_null(assay_table_find(back->columns, "data_label"));
        static uint8_t mask[3000];
        assert_int_equal(assay_duckdb_select_predictions(
                             mask, back, "label = 'A' AND score_a >= 0 AND id < '05'", &err),
                         ASSAY_OK);
        for (int i = 0; i < 3000; i++) {
            assert_int_equal(mask[i], back->label[i] == 1 && strcmp(back->ids[i], "05") < 0);
        }
        assay_predictions_free(back);
        assay_predictions_free(p);
    }
    char first[ASSAY_DIGEST_HEX];
    char second[ASSAY_DIGEST_HEX];
    assay_predictions *p = NULL;
    assert_int_equal(assay_file_digest(first, temp_path(folder, "b.parquet"), NULL), ASSAY_OK);
    assert_int_equal(assay_predictions_new(&p, 3000, 3, 8, 0, NULL), ASSAY_OK);
    fill_predictions(p, 1);
    assert_int_equal(
        assay_duckdb_write_predictions(temp_path(folder, "c.parquet"), p, metadata, NULL),
        ASSAY_OK);
    assert_int_equal(assay_file_digest(second, temp_path(folder, "c.parquet"), NULL), ASSAY_OK);
    assert_string_equal(first, second);
    assay_predictions_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_tables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_labels_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scores, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_predictions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_skip, set_up, tear_down),
        cmocka_unit_test(test_select),
        cmocka_unit_test(test_refused_predicates),
        cmocka_unit_test_setup_teardown(test_write_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
