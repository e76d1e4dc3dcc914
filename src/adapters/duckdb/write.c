#include <inttypes.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/duckdb/scan.h"
#include "adapters/filesystem/file.h"
#include "base/json_write.h"

static void put_metadata(assay_buffer *sql, const char *const *metadata, const char *const *own)
{
    const char *const *lists[] = {own, metadata};
    int n = 0;
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; lists[l] != NULL && lists[l][i] != NULL; i += 2) {
            assay_buffer_puts(sql, n++ == 0 ? ",KV_METADATA {" : ",");
            assay_duck_put_text(sql, lists[l][i]);
            assay_buffer_puts(sql, ":");
            assay_duck_put_text(sql, lists[l][i + 1]);
        }
    }
    assay_buffer_puts(sql, n > 0 ? "}" : "");
}

/* DuckDB writes into our temporary file; name, fsync and rename are ours. */
static assay_status write_scan(const char *path, const assay_scan *scan,
                               const char *const *metadata, const char *const *own,
                               assay_error *err)
{
    assay_duck duck = {0};
    assay_file_part part = {.descriptor = -1};
    assay_buffer sql;
    assay_buffer_init(&sql, 0);
    assay_status status = ASSAY_OK;
    if (scan->n == 0) {
        ASSAY_GOTO(
            assay_fail(err, ASSAY_EINVAL, "%s: a table without columns cannot be written", path),
            done);
    }
    ASSAY_GOTO(assay_file_part_begin(&part, path, err), done);
    ASSAY_GOTO(assay_duck_open(&duck, 1, 0, err), done);
    ASSAY_GOTO(assay_scan_register(&duck, scan, err), done);
    assay_buffer_puts(&sql, "COPY (SELECT * FROM assay_rows()) TO ");
    assay_buffer_printf(&sql, "'/proc/self/fd/%d'", part.descriptor);
    assay_buffer_puts(&sql, " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false");
    put_metadata(&sql, metadata, own);
    assay_buffer_puts(&sql, ")");
    ASSAY_GOTO(assay_buffer_status(&sql, err), done);
    status = assay_duck_run(&duck, sql.data, err);
    if (status != ASSAY_OK) {
        char reason[sizeof err->message] = "";
        assay_duck_hide_file(err);
        if (err != NULL) {
            memcpy(reason, err->message, sizeof reason);
        }
        if (status != ASSAY_ENOMEM) {
            status = assay_fail(err, ASSAY_EIO, "cannot write %s: %.700s", path, reason);
        }
        goto done;
    }
    status = assay_file_part_commit(&part, err);
done:
    assay_duck_close(&duck);
    assay_file_part_dispose(&part);
    assay_buffer_dispose(&sql);
    return status;
}

assay_status assay_duckdb_write_table(const char *path, const assay_table *table, assay_error *err)
{
    return assay_duckdb_write_table_noted(path, table, NULL, err);
}

assay_status assay_duckdb_write_table_noted(const char *path, const assay_table *table,
                                            const char *const *notes, assay_error *err)
{
    assay_arena *arena = NULL;
    assay_scan scan = {0};
    ASSAY_TRY(assay_arena_new(&arena, 0, err));
    assay_status status = assay_scan_table(&scan, table, NULL, arena, err);
    if (status == ASSAY_OK) {
        status = write_scan(path, &scan, notes, NULL, err);
    }
    assay_arena_free(arena);
    return status;
}

/* Class names and the columns of their scores, so that reading gives back the same classes in the
 * same order whatever they are called. */
static assay_status describe_classes(assay_buffer *classes, assay_buffer *columns,
                                     const assay_predictions *p, const assay_scan *scan,
                                     assay_error *err)
{
    assay_json names;
    assay_json scores;
    assay_json_init(&names, classes, 0);
    assay_json_init(&scores, columns, 0);
    assay_json_begin_array(&names);
    assay_json_begin_array(&scores);
    int has_scores = p->scores_f32 != NULL || p->scores_f64 != NULL;
    for (int32_t k = 0; k < p->classes; k++) {
        assay_json_text(&names, p->class_names[k]);
        if (has_scores) {
            assay_json_text(&scores, scan->columns[3 + k].name);
        }
    }
    assay_json_end_array(&names);
    assay_json_end_array(&scores);
    ASSAY_TRY(assay_buffer_status(classes, err));
    return assay_buffer_status(columns, err);
}

assay_status assay_duckdb_write_predictions(const char *path, const assay_predictions *predictions,
                                            const char *const *metadata, assay_error *err)
{
    assay_arena *arena = NULL;
    assay_scan scan = {0};
    assay_buffer classes;
    assay_buffer columns;
    assay_buffer_init(&classes, 0);
    assay_buffer_init(&columns, 0);
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(assay_arena_new(&arena, 0, err), done);
    ASSAY_GOTO(assay_scan_predictions(&scan, predictions, NULL, arena, err), done);
    ASSAY_GOTO(describe_classes(&classes, &columns, predictions, &scan, err), done);
    const char *own[] = {"assay.classes", classes.data, "assay.scores", columns.data, NULL};
    status = write_scan(path, &scan, metadata, own, err);
done:
    assay_buffer_dispose(&classes);
    assay_buffer_dispose(&columns);
    assay_arena_free(arena);
    return status;
}
