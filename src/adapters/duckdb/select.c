#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/duckdb/predicate.h"
#include "adapters/duckdb/scan.h"
#include "base/text.h"

/* The column with the row's index; nobody calls a column of theirs so. */
static const char row_name[] = "assay row index";

static assay_status mark_rows(uint8_t *mask, int64_t rows, duckdb_result *result, assay_error *err)
{
    for (;;) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
        idx_t n = chunk != NULL ? duckdb_data_chunk_get_size(chunk) : 0;
        const int64_t *at =
            n > 0 ? duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)) : NULL;
        int fits = 1;
        for (idx_t i = 0; i < n; i++) {
            fits = fits && at[i] >= 0 && at[i] < rows;
            if (fits) {
                mask[at[i]] = 1;
            }
        }
        duckdb_destroy_data_chunk(&chunk);
        if (!fits) {
            return assay_fail(err, ASSAY_EBACKEND, "DuckDB gives a row that is not in the table");
        }
        if (n == 0) {
            return ASSAY_OK;
        }
    }
}

static assay_status select_rows(uint8_t *mask, const assay_scan *scan, const char *predicate,
                                assay_error *err)
{
    assay_duck duck = {0};
    duckdb_result result;
    memset(&result, 0, sizeof result);
    if (scan->rows > 0) {
        memset(mask, 0, (size_t)scan->rows);
    }
    assay_status status = ASSAY_OK;
    assay_buffer sql;
    assay_buffer_init(&sql, 0);
    ASSAY_GOTO(assay_duck_open(&duck, 1, 1, err), done);
    ASSAY_GOTO(assay_scan_register(&duck, scan, err), done);
    ASSAY_GOTO(assay_predicate_check(&duck, scan, predicate, err), done);
    assay_buffer_puts(&sql, "SELECT ");
    assay_duck_put_name(&sql, row_name);
    assay_buffer_puts(&sql, " FROM assay_rows() AS data WHERE (\n");
    assay_buffer_puts(&sql, predicate);
    assay_buffer_puts(&sql, "\n)");
    ASSAY_GOTO(assay_buffer_status(&sql, err), done);
    status = assay_duck_query(&result, &duck, sql.data, err);
    if (status != ASSAY_OK) {
        /* Values that do not fit the comparison: 'abc' as a number and the like. */
        status = status == ASSAY_EFORMAT ? ASSAY_EINVAL : status;
        if (err != NULL) {
            err->code = (int32_t)status;
        }
        assay_error_prefix(err, "where \"%.200s\"", predicate);
        goto done;
    }
    status = mark_rows(mask, scan->rows, &result, err);
done:
    duckdb_destroy_result(&result);
    assay_duck_close(&duck);
    assay_buffer_dispose(&sql);
    return status;
}

assay_status assay_duckdb_select(uint8_t *mask, const assay_table *table, const char *predicate,
                                 assay_error *err)
{
    assay_arena *arena = NULL;
    assay_scan scan = {0};
    ASSAY_TRY(assay_arena_new(&arena, 0, err));
    assay_status status = assay_scan_table(&scan, table, row_name, arena, err);
    if (status == ASSAY_OK) {
        status = select_rows(mask, &scan, predicate, err);
    }
    assay_arena_free(arena);
    return status;
}

assay_status assay_duckdb_select_predictions(uint8_t *mask, const assay_predictions *predictions,
                                             const char *predicate, assay_error *err)
{
    assay_arena *arena = NULL;
    assay_scan scan = {0};
    ASSAY_TRY(assay_arena_new(&arena, 0, err));
    assay_status status = assay_scan_predictions(&scan, predictions, row_name, arena, err);
    if (status == ASSAY_OK) {
        status = select_rows(mask, &scan, predicate, err);
    }
    assay_arena_free(arena);
    return status;
}
