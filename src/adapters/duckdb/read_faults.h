/** @file read_faults.h  What is wrong with rows of a predictions file. Internal to this folder. */
#ifndef ASSAY_ADAPTERS_DUCKDB_READ_FAULTS_H
#define ASSAY_ADAPTERS_DUCKDB_READ_FAULTS_H

#include "adapters/duckdb/layout.h"
#include "core/bad_rows.h"
#include "core/classes.h"

typedef enum assay_fault {
    ASSAY_FAULT_NONE = 0,
    ASSAY_FAULT_NO_TARGET,
    ASSAY_FAULT_TARGET,
    ASSAY_FAULT_NO_LABEL,
    ASSAY_FAULT_LABEL,
    ASSAY_FAULT_SCORE,
    ASSAY_FAULT_NO_ID,
    ASSAY_FAULT_ID
} assay_fault;

/** A bad row as it was met; its text is made when all rows are read, because a value that is no number
 *  has to be looked up then. */
typedef struct assay_row_fault {
    assay_fault what;
    int64_t row;       /* of the file, from 1 */
    int32_t column;    /* of the source */
    int is_nan;        /* a score that is NaN, not missing */
    const char *id;    /* NULL = none */
    const char *found; /* class that is unknown */
    int64_t earlier;   /* row of the file with the same id */
} assay_row_fault;

/** The first bad rows and the number of all; start with zeros, source and layout. */
typedef struct assay_row_faults {
    assay_source *source;
    const assay_layout *layout;
    int64_t n;
    assay_row_fault first[ASSAY_BAD_ROWS_TOLD];
} assay_row_faults;

/** Note row `row` of the chunk, whose vectors are id, target, label as far as there, then scores. */
void assay_row_faults_add(assay_row_faults *faults, assay_fault what, duckdb_data_chunk chunk,
                          int64_t first, int64_t row, assay_fetch score_as, int64_t earlier);
/** ASSAY_EFORMAT naming the first bad rows and how many of `rows` there are. */
assay_status assay_row_faults_fail(const assay_row_faults *faults, const assay_classes *classes,
                                   int64_t rows, int skip_bad, assay_error *err);

#endif
