/**
 * @file source.h
 * A table file seen through DuckDB: which columns there are, how each is read as text, integer or
 * real without loss, and its rows in file order. Internal to this folder.
 */
#ifndef ASSAY_ADAPTERS_DUCKDB_SOURCE_H
#define ASSAY_ADAPTERS_DUCKDB_SOURCE_H

#include <stdint.h>

#include "adapters/duckdb/csv_text.h"
#include "adapters/duckdb/session.h"
#include "base/arena.h"

typedef enum assay_source_kind {
    ASSAY_SOURCE_CSV = 1,
    ASSAY_SOURCE_PARQUET,
    ASSAY_SOURCE_JSON
} assay_source_kind;

typedef enum assay_source_type {
    ASSAY_SOURCE_TEXT = 1, /* also everything that is none of the others, as text */
    ASSAY_SOURCE_INT,      /* fits int64 */
    ASSAY_SOURCE_BOOL,
    ASSAY_SOURCE_FLOAT,
    ASSAY_SOURCE_REAL
} assay_source_type;

typedef struct assay_source {
    assay_duck duck;
    assay_arena *arena;
    const char *path;
    int descriptor;
    assay_source_kind kind;
    assay_csv_header csv;
    int32_t n;
    const char **names;
    assay_source_type *types; /* CSV: always TEXT, nothing is guessed */
    const char **sql_types;
} assay_source;

/** What a value is read as; decides the SQL expression and the vector that arrives. */
typedef enum assay_fetch {
    ASSAY_FETCH_TEXT = 1, /* duckdb_string_t: the text as it stands in the file */
    ASSAY_FETCH_CLASS,    /* as TEXT; whole numbers stored as floats lose their ".0" */
    ASSAY_FETCH_INT,      /* int64_t */
    ASSAY_FETCH_FLOAT,    /* float */
    ASSAY_FETCH_REAL      /* double; text that is no number arrives as missing */
} assay_fetch;

typedef struct assay_fetch_column {
    int32_t column;
    assay_fetch as;
} assay_fetch_column;

/** Called for every chunk in file order; `first` is the index of its first row. */
typedef assay_status (*assay_source_chunk_fn)(void *payload, duckdb_data_chunk chunk, int64_t first,
                                              int64_t rows, assay_error *err);

ASSAY_NODISCARD assay_status assay_source_open(assay_source *source, const char *path, int threads,
                                               assay_error *err);
void assay_source_close(assay_source *source);

/** Index of a column by name (ASCII case-insensitive), -1 when there is none. */
int32_t assay_source_find(const assay_source *source, const char *name);
/** ASSAY_EFORMAT: there is no such column; lists what is there and the nearest name. */
assay_status assay_source_missing(const assay_source *source, const char *what, const char *name,
                                  assay_error *err);
/** "p.csv: row 17 (line 18)" in the source's arena. */
const char *assay_source_row(assay_source *source, int64_t row);

/**
 * Read columns of all rows. `begin` (may be NULL) is called first with the number of rows. Parquet
 * is streamed; text files are parsed as a whole first, because their length shows only then.
 */
ASSAY_NODISCARD assay_status assay_source_fetch(
    assay_source *source, const assay_fetch_column *columns, int32_t n, int64_t most_rows,
    assay_status (*begin)(void *payload, int64_t rows, assay_error *err),
    assay_source_chunk_fn chunk, void *payload, assay_error *err);

/** What stands in a row (from 1) of a column, as text in the arena; NULL when it is missing. */
const char *assay_source_text(assay_source *source, int32_t column, int64_t row);

/** Number of rows in which the column has a value. */
ASSAY_NODISCARD assay_status assay_source_count(int64_t *out, assay_source *source, int32_t column,
                                                assay_error *err);

/** Value of the Parquet file's key-value metadata, in the arena; NULL when there is none. */
const char *assay_source_metadata(assay_source *source, const char *key);

/** A text of a DuckDB vector; not NUL-terminated. */
static inline const char *assay_duck_text(duckdb_string_t *text, size_t *size)
{
    *size = duckdb_string_t_length(*text);
    return duckdb_string_t_data(text);
}

/** Texts copied out of vectors, many small ones to one piece of the arena. */
typedef struct assay_text_pool {
    assay_arena *arena;
    char *at;
    size_t left;
} assay_text_pool;

/** NULL when memory is out. */
const char *assay_text_pool_put(assay_text_pool *pool, const char *text, size_t size);

#endif
