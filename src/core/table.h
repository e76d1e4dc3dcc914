/**
 * @file table.h
 * The metadata table: named, typed columns with one row per datum. Immutable once built.
 */
#ifndef ASSAY_CORE_TABLE_H
#define ASSAY_CORE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

typedef enum assay_column_type {
    ASSAY_COLUMN_INT = 1, /* ints */
    ASSAY_COLUMN_REAL,    /* reals; NaN is a value, missing is `valid` */
    ASSAY_COLUMN_TEXT     /* texts */
} assay_column_type;

typedef struct assay_column {
    const char *name; /* unique in the table, ASCII case-insensitively (SQL) */
    assay_column_type type;
    int64_t *ints;
    double *reals;
    const char **texts;
    uint8_t *valid; /* 1 = present, 0 = missing; NULL = all present */
} assay_column;

typedef struct assay_table {
    assay_arena *arena; /* owned: holds everything below */
    int64_t rows;
    int32_t n_columns;
    int32_t capacity;
    assay_column *columns;
    int64_t *file_row; /* row of the file, from 1, where rows were left out; NULL = row i + 1 */
} assay_table;

/** `limit` bytes for the arena; 0 = 16 GiB. */
ASSAY_NODISCARD assay_status assay_table_new(assay_table **out, int64_t rows, size_t limit,
                                             assay_error *err);
/** Append a zeroed column (all missing until set: valid is allocated and 0) and return it in *out.
 *  A name that is taken is ASSAY_EINVAL. */
ASSAY_NODISCARD assay_status assay_table_add(assay_column **out, assay_table *table,
                                             const char *name, assay_column_type type,
                                             assay_error *err);
/** NULL when there is none (ASCII case-insensitive). */
const assay_column *assay_table_find(const assay_table *table, const char *name);
/** Names with ", " between, for messages; text in the table's arena. */
const char *assay_table_names(assay_table *table);
/** The number in a row: of texts the number that they say, true and false as 1 and 0; NaN where there
 *  is none. */
double assay_column_number(const assay_column *column, int64_t row);
/** What stands in a row, for messages: "x", 2, nothing. */
void assay_column_show(char *out, size_t size, const assay_column *column, int64_t row);
/** Overwrite row `to` of all columns with row `from`. */
void assay_table_move_row(assay_table *table, int64_t to, int64_t from);
/** Remember which rows of the file the table's rows are: a copy of `file_row`. */
ASSAY_NODISCARD assay_status assay_table_set_rows(assay_table *table, const int64_t *file_row,
                                                  assay_error *err);
void assay_table_free(assay_table *table);

#endif
