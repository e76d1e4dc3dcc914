/** @file read_columns.h  Columns of a source into a metadata table. Internal to this folder. */
#ifndef ASSAY_ADAPTERS_DUCKDB_READ_COLUMNS_H
#define ASSAY_ADAPTERS_DUCKDB_READ_COLUMNS_H

#include "adapters/duckdb/source.h"
#include "core/table.h"

typedef struct assay_metadata_reader {
    assay_source *source;
    assay_fetch_column *columns; /* room for all columns of the source */
    int32_t n;
    assay_table *table; /* owned by whoever holds the reader */
    int64_t rows_read;
    assay_text_pool pool;
} assay_metadata_reader;

/** Decide how a column is read and append it to reader->columns. */
void assay_metadata_plan(assay_metadata_reader *reader, assay_source *source, int32_t column,
                         const char *const *text_columns);
ASSAY_NODISCARD assay_status assay_metadata_begin(assay_metadata_reader *reader, int64_t rows,
                                                  assay_error *err);
/** Vectors first_vector.. of the chunk; rows with keep[r] == 0 are left out (NULL = keep all). */
ASSAY_NODISCARD assay_status assay_metadata_take(assay_metadata_reader *reader,
                                                 duckdb_data_chunk chunk, idx_t first_vector,
                                                 int64_t first, int64_t rows, const uint8_t *keep,
                                                 assay_error *err);
/** Set the number of rows that were kept and turn CSV columns of numbers into numbers. */
ASSAY_NODISCARD assay_status assay_metadata_finish(assay_metadata_reader *reader,
                                                   const char *const *text_columns,
                                                   assay_error *err);

#endif
