/**
 * @file bad_rows.h
 * Bad rows of an input: the first ones are told with place and fault, all are counted. An error is one
 * line of limited length, so the list ends after ASSAY_BAD_ROWS_TOLD rows or when the line is full.
 */
#ifndef ASSAY_CORE_BAD_ROWS_H
#define ASSAY_CORE_BAD_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum { ASSAY_BAD_ROWS_TOLD = 10 };

/** Start with zeros. */
typedef struct assay_bad_rows {
    int64_t n, told;
    bool full; /* nothing more is told */
    assay_buffer text;
} assay_bad_rows;

/** True while a further row will be told: only then its text has to be made. */
bool assay_bad_rows_tells(const assay_bad_rows *bad);
/** Count one more bad row; the text says place and fault: "row 3 (line 4), id x3: ...". */
void assay_bad_rows_add(assay_bad_rows *bad, const char *format, ...) ASSAY_PRINTF(2, 3);
/** ASSAY_EFORMAT: "m.csv: 12 of 90 rows are bad: row 3 ...; row 7 ...; and 10 more; <hint>", or for a
 *  single one "m.csv: row 3 ...; <hint>". n > 0; hint may be NULL. Disposes of the list. */
assay_status assay_bad_rows_fail(assay_bad_rows *bad, const char *path, int64_t rows,
                                 const char *hint, assay_error *err);
void assay_bad_rows_dispose(assay_bad_rows *bad);
/** "row 3", with ", id x3" when the id (may be NULL) is known; long ids are cut. */
void assay_bad_row_name(char *out, size_t size, int64_t row, const char *id);

#endif
