/**
 * @file scan.h
 * Our arrays as a table that DuckDB reads in place, in order, only the columns that a query uses.
 * Internal to this folder.
 */
#ifndef ASSAY_ADAPTERS_DUCKDB_SCAN_H
#define ASSAY_ADAPTERS_DUCKDB_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "adapters/duckdb/session.h"
#include "base/arena.h"
#include "core/predictions.h"
#include "core/table.h"

typedef enum assay_scan_kind {
    ASSAY_SCAN_ROW = 1, /* the row's index; no data */
    ASSAY_SCAN_INT,     /* int64_t */
    ASSAY_SCAN_REAL,    /* double, every `stride` elements */
    ASSAY_SCAN_FLOAT,   /* float, every `stride` elements */
    ASSAY_SCAN_TEXT,    /* const char *; NULL is missing */
    ASSAY_SCAN_CLASS    /* int32_t index into `names`; negative is missing */
} assay_scan_kind;

typedef struct assay_scan_column {
    const char *name;
    assay_scan_kind kind;
    const void *data;
    size_t stride;
    const uint8_t *valid; /* NULL = all present */
    const char *const *names;
} assay_scan_column;

/** Everything is borrowed and must outlive the session's queries. */
typedef struct assay_scan {
    int64_t rows;
    int32_t n;
    assay_scan_column *columns;
} assay_scan;

/** The table function assay_rows(), one thread, rows in order. */
ASSAY_NODISCARD assay_status assay_scan_register(assay_duck *duck, const assay_scan *scan,
                                                 assay_error *err);

/** A scan over a metadata table; one more column with the row's index, called `row_name`, when that
 *  is not NULL. */
ASSAY_NODISCARD assay_status assay_scan_table(assay_scan *out, const assay_table *table,
                                              const char *row_name, assay_arena *arena,
                                              assay_error *err);
/** A scan over predictions: id, target, label, one score column per class, then the metadata columns
 *  other than id and target; those whose name is taken are called data_<name>. */
ASSAY_NODISCARD assay_status assay_scan_predictions(assay_scan *out,
                                                    const assay_predictions *predictions,
                                                    const char *row_name, assay_arena *arena,
                                                    assay_error *err);
/** Index of a column by name (ASCII case-insensitive), -1 when there is none. */
int32_t assay_scan_find(const assay_scan *scan, const char *name);

#endif
