/** @file table_rows.h  Which rows of a table become predictions: ids, bad rows. Internal to this folder. */
#ifndef ASSAY_ADAPTERS_DUCKDB_TABLE_ROWS_H
#define ASSAY_ADAPTERS_DUCKDB_TABLE_ROWS_H

#include "base/text_index.h"
#include "core/bad_rows.h"
#include "core/predictions.h"
#include "core/table.h"

/** Rows of a table on their way into predictions. Start with zeros, path, table and predictions. */
typedef struct assay_row_screen {
    const char *path;
    assay_table *table;
    assay_predictions *predictions;
    const assay_column *ids; /* texts; NULL = none */
    assay_text_index *index;
    assay_bad_rows bad;
    int64_t rows, kept; /* of the file; of them good so far */
} assay_row_screen;

/** Take ids from the column `name`, which must be there when it was asked for (`given`). */
ASSAY_NODISCARD assay_status assay_row_screen_ids(assay_row_screen *screen, const char *name,
                                                  bool given, assay_error *err);
/** Row `row` is bad; `fault` says why. */
void assay_row_screen_refuse(assay_row_screen *screen, int64_t row, const char *fault);
/** Row `row` is good so far: false when its id is missing or stands twice. A good row has been moved to
 *  place *to. */
ASSAY_NODISCARD assay_status assay_row_screen_take(bool *good, int64_t *to,
                                                   assay_row_screen *screen, int64_t row,
                                                   assay_error *err);
/** Number of rows, ids and bad rows to the predictions and their table; fails naming the bad rows when
 *  they may not be skipped or nothing else is left. */
ASSAY_NODISCARD assay_status assay_row_screen_finish(assay_row_screen *screen, int skip_bad,
                                                     assay_error *err);
void assay_row_screen_dispose(assay_row_screen *screen);

#endif
