#include "adapters/duckdb/table_rows.h"

#include <inttypes.h>
#include <math.h>

enum { TOLD = 3 };

double assay_column_number(const assay_column *column, int64_t row)
{
    if (column->valid != NULL && !column->valid[row]) {
        return NAN;
    }
    switch (column->type) {
    case ASSAY_COLUMN_INT:
        return (double)column->ints[row];
    case ASSAY_COLUMN_REAL:
        return column->reals[row];
    case ASSAY_COLUMN_TEXT:
        break;
    }
    return NAN;
}

void assay_table_move_row(assay_table *table, int64_t to, int64_t from)
{
    for (int32_t c = 0; c < table->n_columns; c++) {
        assay_column *column = &table->columns[c];
        if (column->type == ASSAY_COLUMN_INT) {
            column->ints[to] = column->ints[from];
        } else if (column->type == ASSAY_COLUMN_REAL) {
            column->reals[to] = column->reals[from];
        } else {
            column->texts[to] = column->texts[from];
        }
        if (column->valid != NULL) {
            column->valid[to] = column->valid[from];
        }
    }
}

void assay_bad_rows_add(assay_bad_rows *bad, const char *what)
{
    if (bad->n == 0) {
        assay_buffer_init(&bad->text, 0);
    }
    if (bad->n < TOLD) {
        assay_buffer_printf(&bad->text, "%s%s", bad->n > 0 ? "; " : "", what);
    }
    bad->n++;
}

assay_status assay_bad_rows_fail(const assay_bad_rows *bad, assay_error *err)
{
    const char *text = bad->text.data != NULL ? bad->text.data : "a row is bad";
    if (bad->n == 1) {
        return assay_fail(err, ASSAY_EFORMAT, "%s", text);
    }
    return assay_fail(err, ASSAY_EFORMAT, "%s%s (%" PRId64 " bad rows in all)", text,
                      bad->n > TOLD ? "; ..." : "", bad->n);
}

void assay_bad_rows_dispose(assay_bad_rows *bad)
{
    if (bad->n > 0) {
        assay_buffer_dispose(&bad->text);
    }
}
