/** @file duckdb_table.h  Tables through DuckDB: read CSV, Parquet, JSON lines; select; write Parquet. */
#ifndef ASSAY_ADAPTERS_DUCKDB_TABLE_H
#define ASSAY_ADAPTERS_DUCKDB_TABLE_H

#include <stdbool.h>

#include "core/predictions.h"
#include "core/table.h"

/** Read a whole table in file order (.csv, .tsv, .parquet, .jsonl, .ndjson by extension, else CSV).
 *  Integers and booleans become INT, floats and decimals REAL, everything else TEXT. Errors name
 *  file, line and column as far as DuckDB tells. */
ASSAY_NODISCARD assay_status assay_duckdb_read_table(assay_table **out, const char *path,
                                                     assay_error *err);

/** The same with some columns kept as the text that stands in the file ("007", "1e5"), for ids, paths
 *  and classes: names in a NULL-terminated list, those that the file lacks are ignored. In CSV files
 *  a column is INT when every value is a whole number without leading zeros or every value is true
 *  or false, REAL when every value is a number, else TEXT; an empty field is missing. */
ASSAY_NODISCARD assay_status assay_duckdb_read_table_as(assay_table **out, const char *path,
                                                        const char *const *text_columns,
                                                        assay_error *err);

/** What to say about row `row` (from 1) of a table file: "m.csv: row 17 (line 18)". */
void assay_duckdb_row_place(char *out, size_t size, const char *path, int64_t row);

/**
 * mask[i] = 1 where the SQL predicate holds for row i of the table, else 0 (NULL counts as false).
 * The predicate is one boolean expression over the column names; anything else (statements,
 * sub-queries, unknown columns, functions that change from call to call) is ASSAY_EINVAL with the
 * place and the known columns. The connection has no access to files or the network.
 */
ASSAY_NODISCARD assay_status assay_duckdb_select(uint8_t *mask, const assay_table *table,
                                                 const char *predicate, assay_error *err);

/** The same over predictions: the columns are id, target, label (class names), one score_<class> per
 *  class and the metadata columns, those with such a name as data_<name>. Nothing is copied. */
ASSAY_NODISCARD assay_status assay_duckdb_select_predictions(uint8_t *mask,
                                                             const assay_predictions *predictions,
                                                             const char *predicate,
                                                             assay_error *err);

typedef struct assay_predictions_columns {
    const char *id;             /* NULL = "id" when there, else row numbers */
    const char *target;         /* NULL = "target" */
    const char *label;          /* NULL = "label" when there */
    const char *const *scores;  /* NULL-terminated column names; NULL = found: columns called like
                                   the classes, or score_<class> / p_<class> / prob_<class> */
    const char *const *classes; /* NULL-terminated class names, order of `scores`; NULL = names of
                                   the score columns (prefix removed), else the sorted union of
                                   targets and labels (numbers by value) */
    int skip_bad;               /* 1: rows with a missing or unknown target, NaN score, duplicate id
                                   or scores that should sum to one are counted in skipped and left
                                   out; 0: stop naming the first and how many there are */
    int unlabelled;             /* 1: a row with a missing target is read, with target -1 */
    int threads;
    assay_score_kind score_kind; /* AUTO: columns called prob_ or p_ hold probabilities */
} assay_predictions_columns;

/** Read predictions from .csv, .parquet or .jsonl in file order; other columns are kept in
 *  predictions->columns for slices. Millions of rows in seconds: columns are copied from DuckDB's
 *  vectors. */
ASSAY_NODISCARD assay_status assay_duckdb_read_predictions(assay_predictions **out,
                                                           const char *path,
                                                           const assay_predictions_columns *columns,
                                                           assay_error *err);

typedef struct assay_values_columns {
    const char *id;     /* NULL = "id" when there, else row numbers */
    const char *target; /* the true value; NULL = "target" */
    const char *value;  /* the predicted value; NULL = "prediction" */
    int skip_bad;       /* 1: rows without two finite numbers are counted in skipped and left out */
} assay_values_columns;

/** Read predictions of real values. All columns are kept in predictions->columns for slices, which
 *  are selected with assay_duckdb_select. */
ASSAY_NODISCARD assay_status assay_duckdb_read_values(assay_predictions **out, const char *path,
                                                      const assay_values_columns *columns,
                                                      assay_error *err);

typedef struct assay_class_threshold {
    const char *class_name;
    double value;
} assay_class_threshold;

/** Predictions of a set of classes per row (multilabel): a column per class with the truth, and one with
 *  the prediction or the score. */
typedef struct assay_label_sets_columns {
    const char *id;            /* NULL = "id" when there, else row numbers */
    const char *target;        /* prefix of the columns of the truth, 0 or 1; NULL = "target_" */
    const char *label;         /* prefix of the columns predicted, 0 or 1; NULL = "label_" */
    const char *const *scores; /* NULL-terminated columns in the order of the classes; NULL =
                                   score_<class>, prob_<class> or p_<class> */
    const char *const
        *classes;      /* NULL-terminated; NULL = in the order of the columns of the truth */
    int has_threshold; /* without columns predicted: a class is predicted from a score of */
    double threshold;  /* threshold on; 0.5 when none is given */
    const assay_class_threshold *thresholds; /* of single classes */
    int32_t n_thresholds;
    int skip_bad; /* 1: rows with anything else than 0 and 1, or without a score, are counted in
                     skipped and left out; 0: stop naming the first few */
    assay_score_kind score_kind; /* as for assay_predictions_columns */
} assay_label_sets_columns;

/** All columns are kept in predictions->columns for slices (assay_duckdb_select). */
ASSAY_NODISCARD assay_status assay_duckdb_read_label_sets(assay_predictions **out, const char *path,
                                                          const assay_label_sets_columns *columns,
                                                          assay_error *err);

/** Write id, target, label, one score column per class (score_<class>) and the metadata columns as
 *  Parquet, atomically; `metadata` is a NULL-terminated list of key, value, key, value, ... texts
 *  that go into the file's key-value metadata. */
ASSAY_NODISCARD assay_status assay_duckdb_write_predictions(const char *path,
                                                            const assay_predictions *predictions,
                                                            const char *const *metadata,
                                                            assay_error *err);

/** The Parquet file exists and its key-value metadata hold this value under this key. */
bool assay_duckdb_has_note(const char *path, const char *key, const char *value);

/** Write a table as Parquet, atomically. */
ASSAY_NODISCARD assay_status assay_duckdb_write_table(const char *path, const assay_table *table,
                                                      assay_error *err);

/** The same with a NULL-terminated list of key, value, ... texts for the file's notes. */
ASSAY_NODISCARD assay_status assay_duckdb_write_table_noted(const char *path,
                                                            const assay_table *table,
                                                            const char *const *notes,
                                                            assay_error *err);

/** "v1.4.4". Static text of the library. */
const char *assay_duckdb_version(void);

#endif
