#include "adapters/duckdb/predicate.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "codec/json_value.h"

enum { PREDICATE_MOST = 1 << 16, NAMES_MOST = 500, DEEPEST = 1500 };

/* An expression stands alone after WHERE, and in parentheses. Whatever closes the parenthesis, adds
 * a clause or starts another statement fails one of the two; the line break ends a comment. */
static const char bare[] = "SELECT 1 WHERE ";
static const char *const frames[][2] = {{bare, "\n"}, {"SELECT 1 WHERE (\n", "\n)"}};

static assay_status refuse(assay_error *err, const char *predicate, const char *reason)
{
    return assay_fail(err, ASSAY_EINVAL, "where \"%.200s\": %s", predicate, reason);
}

static assay_status parse_frame(assay_duck *duck, const char *predicate, const char *const frame[2],
                                assay_error *err)
{
    assay_buffer sql;
    assay_buffer_init(&sql, 2 * (size_t)PREDICATE_MOST);
    assay_buffer_puts(&sql, frame[0]);
    assay_buffer_puts(&sql, predicate);
    assay_buffer_puts(&sql, frame[1]);
    duckdb_extracted_statements statements = NULL;
    assay_status status = assay_buffer_status(&sql, err);
    if (status == ASSAY_OK) {
        idx_t n = duckdb_extract_statements(duck->connection, sql.data, &statements);
        if (n == 0) {
            const char *message = duckdb_extract_statements_error(statements);
            status = assay_duck_fail(err, ASSAY_EINVAL,
                                     message != NULL ? message : "this is not an expression");
            assay_error_prefix(err, "where \"%.200s\"", predicate);
        } else if (n > 1) {
            status = refuse(err, predicate, "one expression is expected, not several statements");
        }
    }
    duckdb_destroy_extracted(&statements);
    assay_buffer_dispose(&sql);
    return status;
}

/* The syntax tree as DuckDB writes it. */
static assay_status parse_tree(assay_json_doc **out, assay_duck *duck, const char *predicate,
                               assay_error *err)
{
    duckdb_prepared_statement prepared = NULL;
    duckdb_result result;
    duckdb_data_chunk chunk = NULL;
    memset(&result, 0, sizeof result);
    assay_status status = ASSAY_OK;
    assay_buffer sql;
    assay_buffer_init(&sql, 2 * (size_t)PREDICATE_MOST);
    assay_buffer_puts(&sql, bare);
    assay_buffer_puts(&sql, predicate);
    ASSAY_GOTO(assay_buffer_status(&sql, err), done);
    /* An unknown place is written as 2^64 - 1, which is no JSON integer of 64 bits. */
    if (duckdb_prepare(duck->connection,
                       "SELECT replace(CAST(json_serialize_sql(CAST($1 AS VARCHAR)) AS VARCHAR),"
                       "':18446744073709551615',':-1')",
                       &prepared) != DuckDBSuccess) {
        ASSAY_GOTO(assay_duck_fail(err, ASSAY_EBACKEND, duckdb_prepare_error(prepared)), done);
    }
    if (duckdb_bind_varchar(prepared, 1, sql.data) != DuckDBSuccess ||
        duckdb_execute_prepared(prepared, &result) != DuckDBSuccess) {
        ASSAY_GOTO(assay_duck_fail(err, ASSAY_EBACKEND, duckdb_result_error(&result)), done);
    }
    chunk = duckdb_fetch_chunk(result);
    if (chunk == NULL || duckdb_data_chunk_get_size(chunk) != 1) {
        ASSAY_GOTO(assay_fail(err, ASSAY_EBACKEND, "DuckDB gives no syntax tree"), done);
    }
    duckdb_string_t *text = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    status =
        assay_json_parse(out, duckdb_string_t_data(text), duckdb_string_t_length(*text), 0, err);
    if (status == ASSAY_EFORMAT || status == ASSAY_ELIMIT) {
        status = refuse(err, predicate, "the expression is nested too deeply");
    }
done:
    duckdb_destroy_data_chunk(&chunk);
    duckdb_destroy_result(&result);
    duckdb_destroy_prepare(&prepared);
    assay_buffer_dispose(&sql);
    return status;
}

typedef struct walk {
    assay_duck *duck;
    const assay_scan *scan;
    const char *predicate;
} walk;

/* Place in the predicate, from 1; 0 when the tree does not tell. */
static int64_t place_of(const walk *w, const assay_json_value *node)
{
    int64_t at = assay_json_get_int(node, "query_location", -1) - (int64_t)strlen(bare);
    return at >= 0 && at < (int64_t)strlen(w->predicate) ? at + 1 : 0;
}

static assay_status unknown_column(const walk *w, const assay_json_value *node, const char *name,
                                   assay_error *err)
{
    const assay_scan *scan = w->scan;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    const char *nearest = NULL;
    int best = (int)strlen(name) / 3 > 1 ? (int)strlen(name) / 3 : 1;
    for (int32_t i = 0; i < scan->n; i++) {
        const char *column = scan->columns[i].name;
        if (scan->columns[i].kind == ASSAY_SCAN_ROW && i + 1 == scan->n) {
            continue; /* our own */
        }
        int distance = assay_text_distance(name, column);
        if (distance <= best) {
            nearest = distance < best || nearest == NULL ? column : nearest;
            best = distance;
        }
        if (text.size < NAMES_MOST) {
            assay_buffer_puts(&text, text.size > 0 ? ", " : "");
            assay_buffer_puts(&text, column);
        } else if (i + 1 == scan->n - 1) {
            assay_buffer_puts(&text, ", ...");
        }
    }
    int64_t place = place_of(w, node);
    /* "field" is a column in SQL, 'field' a text: the commonest slip. */
    int quoted = place > 0 && w->predicate[place - 1] == '"';
    assay_status status =
        assay_fail(err, ASSAY_EINVAL,
                   "where \"%.200s\": there is no column \"%s\" (character %" PRId64
                   ")%s%s%s%s%s%s; the columns are: %s",
                   w->predicate, name, place, nearest != NULL ? "; did you mean \"" : "",
                   nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "",
                   quoted ? "; texts take single quotes: '" : "", quoted ? name : "",
                   quoted ? "'" : "", text.data != NULL ? text.data : "(none)");
    assay_buffer_dispose(&text);
    return status;
}

static assay_status check_column(const walk *w, const assay_json_value *node, assay_error *err)
{
    const assay_json_value *names = assay_json_get(node, "column_names");
    size_t n = assay_json_size(names);
    const char *first = assay_json_as_text(assay_json_at(names, 0), "");
    const char *last = assay_json_as_text(assay_json_at(names, n > 0 ? n - 1 : 0), "");
    if (n == 2 && strcmp(first, "data") == 0 && assay_scan_find(w->scan, last) >= 0) {
        return ASSAY_OK;
    }
    return n == 1 && assay_scan_find(w->scan, first) >= 0 ? ASSAY_OK
                                                          : unknown_column(w, node, first, err);
}

/* A slice must be the same whenever it is made: no chance, no clock, no state of the session. */
static assay_status check_function(const walk *w, const assay_json_value *node, assay_error *err)
{
    const char *name = assay_json_get_text(node, "function_name", "");
    if (assay_json_get_bool(node, "is_operator", false)) {
        return ASSAY_OK;
    }
    assay_buffer sql;
    assay_buffer_init(&sql, 0);
    assay_buffer_puts(&sql, "SELECT count(*) FROM duckdb_functions() WHERE stability<>'CONSISTENT' "
                            "AND function_name=lower(");
    assay_duck_put_text(&sql, name);
    assay_buffer_puts(&sql, ")");
    int64_t changing = 0;
    assay_status status = assay_buffer_status(&sql, err);
    if (status == ASSAY_OK) {
        status = assay_duck_integer(&changing, w->duck, sql.data, err);
    }
    assay_buffer_dispose(&sql);
    if (status == ASSAY_OK && changing > 0) {
        status = assay_fail(err, ASSAY_EINVAL,
                            "where \"%.200s\": %s() changes from run to run (character %" PRId64
                            "); a slice must be repeatable",
                            w->predicate, name, place_of(w, node));
    }
    return status;
}

static assay_status check_node(const walk *w, const assay_json_value *node, assay_error *err)
{
    const char *class_name = assay_json_get_text(node, "class", "");
    static const char *const refused[][2] = {
        {"SUBQUERY", "a predicate looks at one row at a time; queries inside it are not possible"},
        {"WINDOW", "a predicate looks at one row at a time; window functions are not possible"},
        {"STAR", "name the columns instead of *"},
        {"PARAMETER", "there are no parameters such as ? or $1 here"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(refused); i++) {
        if (strcmp(class_name, refused[i][0]) == 0) {
            return refuse(err, w->predicate, refused[i][1]);
        }
    }
    if (strcmp(class_name, "COLUMN_REF") == 0) {
        return check_column(w, node, err);
    }
    return strcmp(class_name, "FUNCTION") == 0 ? check_function(w, node, err) : ASSAY_OK;
}

static assay_status walk_tree(const walk *w, const assay_json_value *value, int depth,
                              assay_error *err)
{
    if (depth > DEEPEST) {
        return refuse(err, w->predicate, "the expression is nested too deeply");
    }
    if (assay_json_is_array(value)) {
        for (size_t i = 0; i < assay_json_size(value); i++) {
            ASSAY_TRY(walk_tree(w, assay_json_at(value, i), depth + 1, err));
        }
        return ASSAY_OK;
    }
    if (!assay_json_is_object(value)) {
        return ASSAY_OK;
    }
    ASSAY_TRY(check_node(w, value, err));
    for (size_t i = 0; i < assay_json_size(value); i++) {
        const assay_json_value *member = NULL;
        (void)assay_json_member(value, i, &member);
        ASSAY_TRY(walk_tree(w, member, depth + 1, err));
    }
    return ASSAY_OK;
}

/* DuckDB would take a number for true when it is not 0, and so hide a forgotten comparison. */
static assay_status check_type(assay_duck *duck, const char *predicate, assay_error *err)
{
    assay_buffer sql;
    assay_buffer_init(&sql, 2 * (size_t)PREDICATE_MOST);
    assay_buffer_puts(&sql, "SELECT (\n");
    assay_buffer_puts(&sql, predicate);
    assay_buffer_puts(&sql, "\n) FROM assay_rows() AS data");
    duckdb_prepared_statement prepared = NULL;
    assay_status status = assay_buffer_status(&sql, err);
    if (status == ASSAY_OK &&
        duckdb_prepare(duck->connection, sql.data, &prepared) != DuckDBSuccess) {
        status = assay_duck_fail(err, ASSAY_EINVAL, duckdb_prepare_error(prepared));
        assay_error_prefix(err, "where \"%.200s\"", predicate);
    }
    if (status == ASSAY_OK) {
        duckdb_type type = duckdb_prepared_statement_column_type(prepared, 0);
        if (type != DUCKDB_TYPE_BOOLEAN && type != DUCKDB_TYPE_SQLNULL) {
            status = refuse(err, predicate,
                            "the expression is not true or false; compare it with something, such "
                            "as flag = 1 or source = 'field'");
        }
    }
    duckdb_destroy_prepare(&prepared);
    assay_buffer_dispose(&sql);
    return status;
}

assay_status assay_predicate_check(assay_duck *duck, const assay_scan *scan, const char *predicate,
                                   assay_error *err)
{
    size_t size = predicate != NULL ? strlen(predicate) : 0;
    if (size == 0 || strspn(predicate, " \t\r\n") == size) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the predicate is empty; expected an expression such "
                          "as contrast < 0.2 AND source = 'field'");
    }
    if (size > PREDICATE_MOST) {
        return assay_fail(err, ASSAY_EINVAL, "the predicate is longer than %d bytes",
                          (int)PREDICATE_MOST);
    }
    if (!assay_utf8_valid(predicate, size)) {
        return refuse(err, predicate, "this is not UTF-8 text");
    }
    for (size_t i = 0; i < ASSAY_COUNT(frames); i++) {
        ASSAY_TRY(parse_frame(duck, predicate, frames[i], err));
    }
    assay_json_doc *tree = NULL;
    walk w = {.duck = duck, .scan = scan, .predicate = predicate};
    ASSAY_TRY(parse_tree(&tree, duck, predicate, err));
    assay_status status = walk_tree(&w, assay_json_root(tree), 0, err);
    assay_json_doc_free(tree);
    return status == ASSAY_OK ? check_type(duck, predicate, err) : status;
}
