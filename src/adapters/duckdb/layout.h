/** @file layout.h  Which column of a predictions file means what. Internal to this folder. */
#ifndef ASSAY_ADAPTERS_DUCKDB_LAYOUT_H
#define ASSAY_ADAPTERS_DUCKDB_LAYOUT_H

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/duckdb/source.h"

typedef struct assay_layout {
    int32_t id; /* column index; -1 = none */
    int32_t target;
    int32_t label;
    int32_t n_scores;
    int32_t *scores;
    const char **class_names; /* NULL-terminated; NULL = to be collected from targets and labels */
    int has_targets;          /* 0: the column is there and empty from end to end (Parquet only) */
} assay_layout;

/** Everything in the source's arena. Failures say what is there and what to say instead. */
ASSAY_NODISCARD assay_status assay_layout_resolve(assay_layout *out, assay_source *source,
                                                  const assay_predictions_columns *columns,
                                                  assay_error *err);

#endif
