#include "adapters/duckdb/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/duckdb/jsonl_text.h"
#include "base/text.h"

enum { POOL_BLOCK = 1 << 16, NAMES_MOST = 600 };

static assay_status open_file(assay_source *source, assay_error *err)
{
    struct stat info;
    const char *path = source->path;
    source->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->descriptor < 0) {
        assay_status status = errno == ENOENT || errno == ENOTDIR ? ASSAY_ENOTFOUND : ASSAY_EIO;
        return assay_fail_errno(err, status, "cannot open %s", path);
    }
    if (fstat(source->descriptor, &info) != 0) {
        return assay_fail_errno(err, ASSAY_EIO, "cannot look at %s", path);
    }
    if (!S_ISREG(info.st_mode)) {
        return assay_fail(err, ASSAY_EFORMAT, "%s is a %s; expected a table file", path,
                          S_ISDIR(info.st_mode) ? "folder" : "device or a pipe");
    }
    if (info.st_size == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "%s is empty", path);
    }
    return ASSAY_OK;
}

static assay_source_kind kind_of(const char *path)
{
    if (assay_text_ends_nocase(path, ".parquet")) {
        return ASSAY_SOURCE_PARQUET;
    }
    if (assay_text_ends_nocase(path, ".jsonl") || assay_text_ends_nocase(path, ".ndjson")) {
        return ASSAY_SOURCE_JSON;
    }
    return ASSAY_SOURCE_CSV;
}

/* Any file name works, whatever its bytes: DuckDB gets the open file, not the name, in which it
 * would look for wildcards. */
static void put_file(assay_buffer *sql, const assay_source *source)
{
    assay_buffer_printf(sql, "'/proc/self/fd/%d'", source->descriptor);
}

static void put_from(assay_buffer *sql, const assay_source *source)
{
    switch (source->kind) {
    case ASSAY_SOURCE_PARQUET:
        assay_buffer_puts(sql, "read_parquet(");
        put_file(sql, source);
        assay_buffer_puts(sql, ")");
        return;
    case ASSAY_SOURCE_JSON:
        assay_buffer_puts(sql, "read_json(");
        put_file(sql, source);
        assay_buffer_puts(sql, ",format='newline_delimited',records=true,ignore_errors=false,");
        assay_buffer_puts(sql, source->n > 0 ? "columns={" : "sample_size=-1,maximum_depth=2");
        break;
    case ASSAY_SOURCE_CSV:
        assay_buffer_puts(sql, "read_csv(");
        put_file(sql, source);
        assay_buffer_printf(sql,
                            ",auto_detect=false,header=true,skip=0,delim='%c',quote='\"',"
                            "escape='\"',strict_mode=true,null_padding=false,columns={",
                            source->csv.delimiter);
        break;
    }
    for (int32_t i = 0; i < source->n; i++) {
        assay_buffer_puts(sql, i > 0 ? "," : "");
        assay_duck_put_text(sql, source->names[i]);
        assay_buffer_puts(sql, ":");
        assay_duck_put_text(sql, source->types[i] == ASSAY_SOURCE_TEXT ? "VARCHAR"
                                                                       : source->sql_types[i]);
    }
    assay_buffer_puts(sql, source->n > 0 ? "})" : ")");
}

static assay_source_type type_of(duckdb_type type)
{
    switch (type) {
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
        return ASSAY_SOURCE_INT;
    case DUCKDB_TYPE_BOOLEAN:
        return ASSAY_SOURCE_BOOL;
    case DUCKDB_TYPE_FLOAT:
        return ASSAY_SOURCE_FLOAT;
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
    case DUCKDB_TYPE_UBIGINT: /* too large for int64; a real keeps 53 bits */
    case DUCKDB_TYPE_HUGEINT:
        return ASSAY_SOURCE_REAL;
    default:
        return ASSAY_SOURCE_TEXT;
    }
}

static const char *sql_name(duckdb_type type)
{
    switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
        return "BOOLEAN";
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
        return "DOUBLE";
    default:
        return "BIGINT";
    }
}

/* The text of a failure while rows are read: our own search for the fault first, which knows lines. */
static assay_status explain(assay_source *source, assay_status status, assay_error *err)
{
    if (status == ASSAY_ENOMEM || status == ASSAY_ECANCELLED) {
        return status;
    }
    if (source->kind == ASSAY_SOURCE_CSV) {
        ASSAY_TRY(assay_csv_diagnose(source->descriptor, source->path, &source->csv, err));
    }
    if (source->kind == ASSAY_SOURCE_JSON) {
        ASSAY_TRY(assay_jsonl_diagnose(source->descriptor, source->path, err));
    }
    assay_duck_hide_file(err);
    if (source->kind == ASSAY_SOURCE_PARQUET) {
        assay_error_prefix(err, "%s cannot be read as Parquet (is it cut off?)", source->path);
    } else {
        assay_error_prefix(err, "%s", source->path);
    }
    return status;
}

/* Columns of a Parquet or JSON file, by preparing a query over it. */
static assay_status describe(assay_source *source, assay_error *err)
{
    assay_buffer sql;
    assay_buffer_init(&sql, 0);
    assay_buffer_puts(&sql, "SELECT * FROM ");
    put_from(&sql, source);
    duckdb_prepared_statement prepared = NULL;
    assay_status status = assay_buffer_status(&sql, err);
    if (status == ASSAY_OK &&
        duckdb_prepare(source->duck.connection, sql.data, &prepared) != DuckDBSuccess) {
        status = assay_duck_fail(err, ASSAY_EFORMAT, duckdb_prepare_error(prepared));
        status = explain(source, status, err);
    }
    idx_t n = status == ASSAY_OK ? duckdb_prepared_statement_column_count(prepared) : 0;
    source->names = assay_arena_alloc(source->arena, n, sizeof *source->names);
    source->types = assay_arena_alloc(source->arena, n, sizeof *source->types);
    source->sql_types = assay_arena_alloc(source->arena, n, sizeof *source->sql_types);
    if (status == ASSAY_OK &&
        (source->names == NULL || source->types == NULL || source->sql_types == NULL)) {
        status = assay_fail_memory(err);
    }
    for (idx_t i = 0; status == ASSAY_OK && i < n; i++) {
        const char *name = duckdb_prepared_statement_column_name(prepared, i);
        duckdb_type type = duckdb_prepared_statement_column_type(prepared, i);
        source->names[i] = assay_arena_strdup(source->arena, name);
        source->types[i] = type_of(type);
        source->sql_types[i] = sql_name(type);
        duckdb_free((void *)(uintptr_t)name);
        status = source->names[i] != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    source->n = status == ASSAY_OK ? (int32_t)n : 0;
    duckdb_destroy_prepare(&prepared);
    assay_buffer_dispose(&sql);
    return status;
}

static assay_status describe_csv(assay_source *source, assay_error *err)
{
    ASSAY_TRY(
        assay_csv_read_header(&source->csv, source->descriptor, source->path, source->arena, err));
    size_t n = (size_t)source->csv.n;
    source->types = assay_arena_alloc(source->arena, n, sizeof *source->types);
    source->sql_types = assay_arena_alloc(source->arena, n, sizeof *source->sql_types);
    if (source->types == NULL || source->sql_types == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        source->types[i] = ASSAY_SOURCE_TEXT;
        source->sql_types[i] = "VARCHAR";
    }
    source->names = source->csv.names;
    source->n = source->csv.n;
    return ASSAY_OK;
}

static assay_status check_parquet(const assay_source *source, assay_error *err)
{
    char magic[4] = {0};
    if (pread(source->descriptor, magic, sizeof magic, 0) != 4 || memcmp(magic, "PAR1", 4) != 0) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s is not a Parquet file (it does not begin with PAR1)", source->path);
    }
    return ASSAY_OK;
}

assay_status assay_source_open(assay_source *source, const char *path, int threads,
                               assay_error *err)
{
    *source = (assay_source){.path = path, .descriptor = -1};
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(assay_arena_new(&source->arena, (size_t)4 << 30, err), done);
    ASSAY_GOTO(open_file(source, err), done);
    source->kind = kind_of(path);
    if (source->kind == ASSAY_SOURCE_PARQUET) {
        ASSAY_GOTO(check_parquet(source, err), done);
    }
    ASSAY_GOTO(assay_duck_open(&source->duck, threads, 0, err), done);
    if (source->kind == ASSAY_SOURCE_CSV) {
        ASSAY_GOTO(describe_csv(source, err), done);
    } else {
        ASSAY_GOTO(describe(source, err), done);
    }
done:
    if (status != ASSAY_OK) {
        assay_source_close(source);
    }
    return status;
}

void assay_source_close(assay_source *source)
{
    assay_duck_close(&source->duck);
    if (source->descriptor >= 0) {
        (void)close(source->descriptor);
        source->descriptor = -1;
    }
    assay_arena_free(source->arena);
    source->arena = NULL;
}

int32_t assay_source_find(const assay_source *source, const char *name)
{
    for (int32_t i = 0; i < source->n; i++) {
        if (strlen(source->names[i]) == strlen(name) &&
            assay_text_ends_nocase(source->names[i], name)) {
            return i;
        }
    }
    return -1;
}

assay_status assay_source_missing(const assay_source *source, const char *what, const char *name,
                                  assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    for (int32_t i = 0; i < source->n; i++) {
        if (text.size > NAMES_MOST) {
            assay_buffer_printf(&text, ", ... (%d more)", (int)(source->n - i));
            break;
        }
        assay_buffer_puts(&text, i > 0 ? ", " : "");
        assay_buffer_puts(&text, source->names[i]);
    }
    const char *nearest = assay_text_nearest(name, source->names, (size_t)source->n);
    assay_status status = assay_fail(
        err, ASSAY_EFORMAT, "%s: there is no column \"%s\" (%s)%s%s%s; the columns are: %s",
        source->path, name, what, nearest != NULL ? "; did you mean \"" : "",
        nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "",
        text.data != NULL ? text.data : "");
    assay_buffer_dispose(&text);
    return status;
}

const char *assay_source_row(assay_source *source, int64_t row)
{
    int64_t line = 0;
    if (source->kind == ASSAY_SOURCE_CSV) {
        line = assay_csv_line_of_row(source->descriptor, &source->csv, row);
    } else if (source->kind == ASSAY_SOURCE_JSON) {
        line = assay_line_of_row(source->descriptor, row);
    }
    const char *text =
        line > 0 ? assay_arena_printf(source->arena, "%s: row %" PRId64 " (line %" PRId64 ")",
                                      source->path, row, line)
                 : assay_arena_printf(source->arena, "%s: row %" PRId64, source->path, row);
    return text != NULL ? text : source->path;
}

/* 3.0 is class "3"; NaN is how some writers say missing. */
static void put_class(assay_buffer *sql, const char *name)
{
    static const char *const parts[] = {
        "CASE WHEN isnan(", ") THEN NULL WHEN ",      "=trunc(",
        ") AND abs(",       ")<1e15 THEN CAST(CAST(", " AS BIGINT) AS VARCHAR) ELSE CAST("};
    for (size_t i = 0; i < ASSAY_COUNT(parts); i++) {
        assay_buffer_puts(sql, parts[i]);
        assay_duck_put_name(sql, name);
    }
    assay_buffer_puts(sql, " AS VARCHAR) END");
}

static void put_value(assay_buffer *sql, const assay_source *source, assay_fetch_column wanted)
{
    assay_source_type type = source->types[wanted.column];
    const char *name = source->names[wanted.column];
    const char *before = "CAST(";
    const char *after = " AS VARCHAR)";
    switch (wanted.as) {
    case ASSAY_FETCH_TEXT:
        break;
    case ASSAY_FETCH_CLASS:
        if (type == ASSAY_SOURCE_REAL || type == ASSAY_SOURCE_FLOAT) {
            put_class(sql, name);
            return;
        }
        break;
    case ASSAY_FETCH_INT:
        after = " AS BIGINT)";
        break;
    case ASSAY_FETCH_FLOAT:
        after = " AS FLOAT)";
        break;
    case ASSAY_FETCH_REAL:
        before = "TRY_CAST(";
        after = " AS DOUBLE)";
        break;
    }
    assay_buffer_puts(sql, before);
    assay_duck_put_name(sql, name);
    assay_buffer_puts(sql, after);
}

static assay_status wrong_promise(const assay_source *source, int64_t promised, const char *what,
                                  int64_t seen, assay_error *err)
{
    return assay_fail(err, ASSAY_EFORMAT, "%s promises %" PRId64 " rows but holds %s%" PRId64,
                      source->path, promised, what, seen);
}

/* The payload has room for so many rows as were promised: what the file says of itself may be wrong. */
static assay_status fetch_chunks(assay_source *source, duckdb_result *result, int64_t promised,
                                 int64_t *rows, assay_source_chunk_fn chunk_fn, void *payload,
                                 assay_error *err)
{
    assay_status status = ASSAY_OK;
    *rows = 0;
    while (status == ASSAY_OK) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
        if (chunk == NULL) {
            const char *message = duckdb_result_error(result);
            if (message != NULL && message[0] != '\0') {
                status = explain(source, assay_duck_fail(err, ASSAY_EFORMAT, message), err);
            }
            break;
        }
        int64_t size = (int64_t)duckdb_data_chunk_get_size(chunk);
        if (size == 0) {
            duckdb_destroy_data_chunk(&chunk);
            break;
        }
        status = size <= promised - *rows
                     ? chunk_fn(payload, chunk, *rows, size, err)
                     : wrong_promise(source, promised, "at least ", *rows + size, err);
        *rows += size;
        duckdb_destroy_data_chunk(&chunk);
    }
    return status;
}

static assay_status count_rows(int64_t *rows, assay_source *source, int32_t column,
                               assay_error *err)
{
    assay_buffer sql;
    assay_buffer_init(&sql, 0);
    assay_buffer_puts(&sql, "SELECT count(");
    if (column < 0) {
        assay_buffer_putc(&sql, '*');
    } else {
        assay_duck_put_name(&sql, source->names[column]);
    }
    assay_buffer_puts(&sql, ") FROM ");
    put_from(&sql, source);
    assay_status status = assay_buffer_status(&sql, err);
    if (status == ASSAY_OK) {
        status = assay_duck_integer(rows, &source->duck, sql.data, err);
        if (status != ASSAY_OK) {
            assay_duck_hide_file(err);
            assay_error_prefix(err, "%s", source->path);
        }
    }
    assay_buffer_dispose(&sql);
    return status;
}

assay_status assay_source_count(int64_t *out, assay_source *source, int32_t column,
                                assay_error *err)
{
    return count_rows(out, source, column, err);
}

assay_status assay_source_fetch(assay_source *source, const assay_fetch_column *columns, int32_t n,
                                int64_t most_rows,
                                assay_status (*begin)(void *payload, int64_t rows,
                                                      assay_error *err),
                                assay_source_chunk_fn chunk, void *payload, assay_error *err)
{
    duckdb_result result;
    memset(&result, 0, sizeof result);
    int64_t rows = 0;
    int64_t seen = 0;
    int stream = source->kind == ASSAY_SOURCE_PARQUET;
    assay_status status = ASSAY_OK;
    assay_buffer sql;
    assay_buffer_init(&sql, 0);
    assay_buffer_puts(&sql, "SELECT ");
    for (int32_t i = 0; i < n; i++) {
        assay_buffer_puts(&sql, i > 0 ? "," : "");
        put_value(&sql, source, columns[i]);
    }
    assay_buffer_puts(&sql, " FROM ");
    put_from(&sql, source);
    if (most_rows > 0) {
        assay_buffer_printf(&sql, " LIMIT %" PRId64, most_rows);
    }
    ASSAY_GOTO(assay_buffer_status(&sql, err), done);
    if (stream) {
        ASSAY_GOTO(count_rows(&rows, source, -1, err), done);
        rows = most_rows > 0 && rows > most_rows ? most_rows : rows;
        status = assay_duck_stream(&result, &source->duck, sql.data, err);
    } else {
        status = assay_duck_query(&result, &source->duck, sql.data, err);
        rows = status == ASSAY_OK ? (int64_t)duckdb_row_count(&result) : 0;
    }
    if (status != ASSAY_OK) {
        ASSAY_GOTO(explain(source, status, err), done);
    }
    if (begin != NULL) {
        ASSAY_GOTO(begin(payload, rows, err), done);
    }
    ASSAY_GOTO(fetch_chunks(source, &result, rows, &seen, chunk, payload, err), done);
    if (seen != rows) {
        status = wrong_promise(source, rows, "", seen, err);
    }
done:
    duckdb_destroy_result(&result);
    assay_buffer_dispose(&sql);
    return status;
}

/* First column of the first row, as text in the arena; NULL when there is none. */
static const char *query_text(assay_source *source, const assay_buffer *sql)
{
    const char *value = NULL;
    duckdb_result result;
    memset(&result, 0, sizeof result);
    if (assay_buffer_status(sql, NULL) == ASSAY_OK &&
        assay_duck_query(&result, &source->duck, sql->data, NULL) == ASSAY_OK) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
        if (chunk != NULL && duckdb_data_chunk_get_size(chunk) > 0) {
            duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, 0);
            duckdb_string_t *texts = duckdb_vector_get_data(vector);
            if (duckdb_validity_row_is_valid(duckdb_vector_get_validity(vector), 0)) {
                size_t size = 0;
                const char *text = assay_duck_text(&texts[0], &size);
                assay_text_pool pool = {.arena = source->arena};
                value = assay_text_pool_put(&pool, text, size);
            }
        }
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    return value;
}

const char *assay_source_text(assay_source *source, int32_t column, int64_t row)
{
    assay_buffer sql;
    assay_buffer_init(&sql, 0);
    assay_buffer_puts(&sql, "SELECT ");
    put_value(&sql, source, (assay_fetch_column){.column = column, .as = ASSAY_FETCH_TEXT});
    assay_buffer_puts(&sql, " FROM ");
    put_from(&sql, source);
    assay_buffer_printf(&sql, " LIMIT 1 OFFSET %" PRId64, row - 1);
    const char *value = query_text(source, &sql);
    assay_buffer_dispose(&sql);
    return value;
}

const char *assay_source_metadata(assay_source *source, const char *key)
{
    if (source->kind != ASSAY_SOURCE_PARQUET) {
        return NULL;
    }
    assay_buffer sql;
    assay_buffer_init(&sql, 0);
    assay_buffer_puts(&sql, "SELECT decode(value) FROM parquet_kv_metadata(");
    put_file(&sql, source);
    assay_buffer_puts(&sql, ") WHERE key=encode(");
    assay_duck_put_text(&sql, key);
    assay_buffer_puts(&sql, ")");
    const char *value = query_text(source, &sql);
    assay_buffer_dispose(&sql);
    return value;
}

const char *assay_text_pool_put(assay_text_pool *pool, const char *text, size_t size)
{
    if (size >= POOL_BLOCK / 4) {
        char *own = assay_arena_alloc(pool->arena, size + 1, 1);
        if (own != NULL) {
            memcpy(own, text, size);
        }
        return own;
    }
    if (pool->left < size + 1) {
        pool->at = assay_arena_alloc(pool->arena, POOL_BLOCK, 1);
        if (pool->at == NULL) {
            pool->left = 0;
            return NULL;
        }
        pool->left = POOL_BLOCK;
    }
    char *copy = pool->at;
    memcpy(copy, text, size);
    copy[size] = '\0';
    pool->at += size + 1;
    pool->left -= size + 1;
    return copy;
}
