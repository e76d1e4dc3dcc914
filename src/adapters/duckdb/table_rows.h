/** @file table_rows.h  Rows of a metadata table as numbers, and what is wrong with them. Internal to this
 *  folder. */
#ifndef ASSAY_ADAPTERS_DUCKDB_TABLE_ROWS_H
#define ASSAY_ADAPTERS_DUCKDB_TABLE_ROWS_H

#include "base/buffer.h"
#include "core/predictions.h"
#include "core/table.h"

/** NaN where the number is missing or the column holds texts. */
double assay_column_number(const assay_column *column, int64_t row);

/** Overwrite row `to` of all columns with row `from`. */
void assay_table_move_row(assay_table *table, int64_t to, int64_t from);

/** Take the ids from a column of texts, if it is there; none may be missing or stand twice. */
ASSAY_NODISCARD assay_status assay_duckdb_take_ids(assay_predictions *p, const assay_table *table,
                                                   const char *name, const char *path,
                                                   assay_error *err);

/** Bad rows of a file: the first few are told, all are counted. Start with zeros. */
typedef struct assay_bad_rows {
    int64_t n;
    assay_buffer text;
} assay_bad_rows;

/** Note one more bad row; `what` says place and fault. */
void assay_bad_rows_add(assay_bad_rows *bad, const char *what);
/** ASSAY_EFORMAT with the first few faults and the number of bad rows; n > 0. */
assay_status assay_bad_rows_fail(const assay_bad_rows *bad, assay_error *err);
void assay_bad_rows_dispose(assay_bad_rows *bad);

#endif
