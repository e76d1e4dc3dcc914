#include "adapters/duckdb/session.h"

#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "base/text.h"

const char *assay_duckdb_version(void)
{
    return duckdb_library_version();
}

/* "IO Error: Could not write file ...": the kind stands in front, one to four capitalised words. */
static const char *after_kind(const char *message)
{
    const char *mark = strstr(message, " Error: ");
    if (mark == NULL || mark - message > 40 || memchr(message, '\n', (size_t)(mark - message))) {
        return message;
    }
    return mark + strlen(" Error: ");
}

/* "CSV Error on Line: 2", then the line itself, then what is wrong with it. */
static const char *csv_reason(const char *text)
{
    static const char *const reasons[] = {"\nMaximum line size", "\nExpected Number of Columns",
                                          "\nValue with unterminated quote", "\nInvalid unicode",
                                          "\nThe CSV Parser"};
    for (size_t i = 0; i < ASSAY_COUNT(reasons); i++) {
        const char *at = strstr(text, reasons[i]);
        if (at != NULL) {
            return at + 1;
        }
    }
    return NULL;
}

assay_status assay_duck_fail(assay_error *err, assay_status code, const char *message)
{
    if (message == NULL || message[0] == '\0') {
        return assay_fail(err, ASSAY_EBACKEND, "DuckDB failed without saying why");
    }
    if (assay_text_starts(message, "Out of Memory") || assay_text_starts(message, "OutOfMemory")) {
        return assay_fail_memory(err);
    }
    if (assay_text_starts(message, "INTERRUPT")) {
        return assay_fail(err, ASSAY_ECANCELLED, "interrupted");
    }
    if (assay_text_starts(message, "INTERNAL") || assay_text_starts(message, "FATAL")) {
        code = ASSAY_EBACKEND;
    } else if (assay_text_starts(message, "IO Error")) {
        code = ASSAY_EIO;
    }
    const char *text = after_kind(message);
    size_t length = strcspn(text, "\n");
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\r')) {
        length--;
    }
    const char *reason = assay_text_starts(text, "CSV Error on Line") ? csv_reason(text) : NULL;
    size_t more = reason != NULL ? strcspn(reason, "\n") : 0;
    return assay_fail(err, code, "%.*s%s%.*s", (int)(length < 800 ? length : 800), text,
                      more > 0 ? ": " : "", (int)(more < 150 ? more : 150),
                      reason != NULL ? reason : "");
}

/* DuckDB was given /proc/self/fd/N; the message must not name that. */
void assay_duck_hide_file(assay_error *err)
{
    static const char *const before[] = {" in file \"/proc/self/fd/", "file \"/proc/self/fd/",
                                         "'/proc/self/fd/", "\"/proc/self/fd/", "/proc/self/fd/"};
    for (size_t i = 0; err != NULL && i < ASSAY_COUNT(before); i++) {
        char *at = strstr(err->message, before[i]);
        if (at != NULL) {
            size_t length = strlen(before[i]);
            length += strspn(at + length, "0123456789");
            length += strspn(at + length, "\"'");
            memmove(at, at + length, strlen(at + length) + 1);
            return;
        }
    }
}

static assay_status set(duckdb_config config, const char *name, const char *value, assay_error *err)
{
    if (duckdb_set_config(config, name, value) != DuckDBSuccess) {
        return assay_fail(err, ASSAY_EBACKEND, "this build of DuckDB (%s) does not know %s=%s",
                          duckdb_library_version(), name, value);
    }
    return ASSAY_OK;
}

static assay_status configure(duckdb_config config, int threads, int closed, assay_error *err)
{
    /* Nothing is fetched or written behind the user's back. */
    ASSAY_TRY(set(config, "autoinstall_known_extensions", "false", err));
    ASSAY_TRY(set(config, "autoload_known_extensions", "false", err));
    ASSAY_TRY(set(config, "allow_community_extensions", "false", err));
    ASSAY_TRY(set(config, "temp_directory", "", err));
    ASSAY_TRY(set(config, "preserve_insertion_order", "true", err));
    if (closed) {
        ASSAY_TRY(set(config, "enable_external_access", "false", err));
        ASSAY_TRY(set(config, "memory_limit", "4GB", err));
    }
    if (threads > 0) {
        char number[16];
        (void)snprintf(number, sizeof number, "%d", threads);
        ASSAY_TRY(set(config, "threads", number, err));
    }
    return ASSAY_OK;
}

assay_status assay_duck_open(assay_duck *duck, int threads, int closed, assay_error *err)
{
    *duck = (assay_duck){0};
    duckdb_config config = NULL;
    char *message = NULL;
    if (duckdb_create_config(&config) != DuckDBSuccess) {
        return assay_fail_memory(err);
    }
    assay_status status = configure(config, threads, closed, err);
    if (status == ASSAY_OK &&
        duckdb_open_ext(":memory:", &duck->database, config, &message) != DuckDBSuccess) {
        status = assay_duck_fail(err, ASSAY_EBACKEND, message);
    }
    duckdb_free(message);
    duckdb_destroy_config(&config);
    if (status == ASSAY_OK && duckdb_connect(duck->database, &duck->connection) != DuckDBSuccess) {
        status = assay_fail(err, ASSAY_EBACKEND, "DuckDB gives no connection");
    }
    if (status == ASSAY_OK) {
        /* Times as text must not depend on the machine. A build of DuckDB without ICU refuses, and
         * has no time zones either. */
        assay_status zone = assay_duck_run(duck, "SET TimeZone='UTC'", NULL);
        (void)zone;
    }
    if (status == ASSAY_OK && closed) {
        status = assay_duck_run(duck, "SET lock_configuration=true", err);
    }
    if (status != ASSAY_OK) {
        assay_duck_close(duck);
    }
    return status;
}

void assay_duck_close(assay_duck *duck)
{
    if (duck->connection != NULL) {
        duckdb_disconnect(&duck->connection);
    }
    if (duck->database != NULL) {
        duckdb_close(&duck->database);
    }
}

assay_status assay_duck_query(duckdb_result *out, assay_duck *duck, const char *sql,
                              assay_error *err)
{
    memset(out, 0, sizeof *out);
    if (duckdb_query(duck->connection, sql, out) != DuckDBSuccess) {
        return assay_duck_fail(err, ASSAY_EFORMAT, duckdb_result_error(out));
    }
    return ASSAY_OK;
}

assay_status assay_duck_run(assay_duck *duck, const char *sql, assay_error *err)
{
    duckdb_result result;
    assay_status status = assay_duck_query(&result, duck, sql, err);
    duckdb_destroy_result(&result);
    return status;
}

assay_status assay_duck_integer(int64_t *out, assay_duck *duck, const char *sql, assay_error *err)
{
    *out = 0;
    duckdb_result result;
    assay_status status = assay_duck_query(&result, duck, sql, err);
    if (status == ASSAY_OK) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
        if (chunk == NULL || duckdb_data_chunk_get_size(chunk) == 0 ||
            duckdb_column_type(&result, 0) != DUCKDB_TYPE_BIGINT) {
            status = assay_fail(err, ASSAY_EBACKEND, "DuckDB gave no number");
        } else {
            const int64_t *values = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
            *out = values[0];
        }
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    return status;
}

assay_status assay_duck_stream(duckdb_result *out, assay_duck *duck, const char *sql,
                               assay_error *err)
{
    memset(out, 0, sizeof *out);
    duckdb_prepared_statement prepared = NULL;
    duckdb_pending_result pending = NULL;
    assay_status status = ASSAY_OK;
    if (duckdb_prepare(duck->connection, sql, &prepared) != DuckDBSuccess) {
        ASSAY_GOTO(assay_duck_fail(err, ASSAY_EFORMAT, duckdb_prepare_error(prepared)), done);
    }
    if (duckdb_pending_prepared_streaming(prepared, &pending) != DuckDBSuccess) {
        ASSAY_GOTO(assay_duck_fail(err, ASSAY_EFORMAT, duckdb_pending_error(pending)), done);
    }
    if (duckdb_execute_pending(pending, out) != DuckDBSuccess) {
        ASSAY_GOTO(assay_duck_fail(err, ASSAY_EFORMAT, duckdb_result_error(out)), done);
    }
done:
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&prepared);
    return status;
}

static void put_quoted(assay_buffer *sql, const char *text, char quote)
{
    assay_buffer_putc(sql, quote);
    for (; *text != '\0'; text++) {
        if (*text == quote) {
            assay_buffer_putc(sql, quote);
        }
        assay_buffer_putc(sql, *text);
    }
    assay_buffer_putc(sql, quote);
}

void assay_duck_put_name(assay_buffer *sql, const char *name)
{
    put_quoted(sql, name, '"');
}

void assay_duck_put_text(assay_buffer *sql, const char *text)
{
    put_quoted(sql, text, '\'');
}
