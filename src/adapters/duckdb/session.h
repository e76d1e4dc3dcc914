/**
 * @file session.h
 * One in-memory DuckDB database with one connection, for one task; and the little SQL text that
 * everybody needs. Internal to this folder, as is duckdb.h.
 */
#ifndef ASSAY_ADAPTERS_DUCKDB_SESSION_H
#define ASSAY_ADAPTERS_DUCKDB_SESSION_H

#include <duckdb.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

typedef struct assay_duck {
    duckdb_database database;
    duckdb_connection connection;
} assay_duck;

/** threads 0 = all cores. closed = no files, no network, settings locked: for texts of strangers. */
ASSAY_NODISCARD assay_status assay_duck_open(assay_duck *duck, int threads, int closed,
                                             assay_error *err);
/** Run a statement whose rows nobody needs. */
ASSAY_NODISCARD assay_status assay_duck_run(assay_duck *duck, const char *sql, assay_error *err);
/** First column of the first row as an integer. */
ASSAY_NODISCARD assay_status assay_duck_integer(int64_t *out, assay_duck *duck, const char *sql,
                                                assay_error *err);
/** Run a query to its end; the caller destroys *out also after a failure. */
ASSAY_NODISCARD assay_status assay_duck_query(duckdb_result *out, assay_duck *duck, const char *sql,
                                              assay_error *err);
/** Prepare and start a query whose chunks come as they are ready, in order. */
ASSAY_NODISCARD assay_status assay_duck_stream(duckdb_result *out, assay_duck *duck,
                                               const char *sql, assay_error *err);
void assay_duck_close(assay_duck *duck);

/** DuckDB's message as one line: its first line without the "Parser Error: " in front and without
 *  hints for SQL programmers. Out of memory and interruption get their own status. */
assay_status assay_duck_fail(assay_error *err, assay_status code, const char *message);

/** DuckDB is given files as /proc/self/fd/N: take that out of its message. */
void assay_duck_hide_file(assay_error *err);

/** "name" with quotes doubled, 'text' likewise. */
void assay_duck_put_name(assay_buffer *sql, const char *name);
void assay_duck_put_text(assay_buffer *sql, const char *text);

#endif
