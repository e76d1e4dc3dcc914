/**
 * @file csv_text.h
 * A plain walk over the records of a CSV file: reads the header, so that nothing about the file is
 * guessed from its values, and finds the line of a record or of the first fault for messages. The
 * values themselves are read by DuckDB.
 */
#ifndef ASSAY_ADAPTERS_DUCKDB_CSV_TEXT_H
#define ASSAY_ADAPTERS_DUCKDB_CSV_TEXT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

typedef struct assay_csv_header {
    char delimiter;
    int32_t n;
    const char **names; /* blanks at the ends removed; an empty name becomes "column<k>" */
} assay_csv_header;

/** Read the first record. The delimiter is the most frequent of , ; tab | in it (a tab for .tsv).
 *  Empty files, files that are not UTF-8 text, and names that stand twice are ASSAY_EFORMAT. */
ASSAY_NODISCARD assay_status assay_csv_read_header(assay_csv_header *out, int descriptor,
                                                   const char *path, assay_arena *arena,
                                                   assay_error *err);
/** File line (from 1) on which data row `row` (from 1) begins; 0 when there is no such row. */
int64_t assay_csv_line_of_row(int descriptor, const assay_csv_header *header, int64_t row);
/** Explain why the file could not be read: the first record with the wrong number of fields, bytes
 *  that are not UTF-8, or a quote without end. ASSAY_OK when nothing of the kind is found. */
ASSAY_NODISCARD assay_status assay_csv_diagnose(int descriptor, const char *path,
                                                const assay_csv_header *header, assay_error *err);
/** File line of the row-th line that is not blank, for JSON lines; 0 when there is none. */
int64_t assay_line_of_row(int descriptor, int64_t row);

#endif
