#include "adapters/filesystem/measure_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "base/alloc.h"
#include "base/text.h"
#include "base/text_index.h"

/* To be raised whenever assay_image_measure or a decoder changes what it gives. */
#define REVISION "1"

static const char *const int_names[] = {"width", "height", "channels", "format"};
static const char *const real_names[] = {"mean", "contrast", "sharpness", "entropy"};

struct assay_measure_cache {
    assay_arena *arena;
    const char *path;
    assay_table *table; /* NULL = empty */
    assay_text_index *index;
    const char **digests;
    const int64_t *ints[4];
    const double *reals[4];
};

static void forget(assay_measure_cache *cache)
{
    assay_table_free(cache->table);
    cache->table = NULL;
}

static assay_status load(assay_measure_cache *cache, assay_error *err)
{
    ASSAY_TRY(assay_duckdb_read_table(&cache->table, cache->path, err));
    const assay_column *digest = assay_table_find(cache->table, "digest");
    int usable = digest != NULL && digest->type == ASSAY_COLUMN_TEXT;
    for (size_t i = 0; usable && i < 4; i++) {
        const assay_column *whole = assay_table_find(cache->table, int_names[i]);
        const assay_column *real = assay_table_find(cache->table, real_names[i]);
        usable = whole != NULL && whole->ints != NULL && real != NULL && real->reals != NULL;
        cache->ints[i] = usable ? whole->ints : NULL;
        cache->reals[i] = usable ? real->reals : NULL;
    }
    if (!usable) {
        return assay_fail(err, ASSAY_EFORMAT, "%s does not have the expected columns", cache->path);
    }
    cache->digests = digest->texts;
    for (int64_t i = 0; i < cache->table->rows; i++) {
        int64_t found = -1;
        if (cache->digests[i] == NULL) {
            return assay_fail(err, ASSAY_EFORMAT, "%s: a digest is missing", cache->path);
        }
        ASSAY_TRY(assay_text_index_put(&found, cache->index, cache->digests, i, err));
    }
    return ASSAY_OK;
}

static assay_status place_of(const char **out, assay_arena *arena, const char *folder,
                             const char *dataset_path, assay_error *err)
{
    char real[4096 + 1];
    if (realpath(dataset_path, real) == NULL) {
        (void)snprintf(real, sizeof real, "%s", dataset_path);
    }
    char digest[ASSAY_DIGEST_HEX];
    ASSAY_TRY(assay_digest_bytes(digest, real, strlen(real), err));
    digest[16] = '\0';
    const char *name = assay_arena_printf(arena, "image_measures-" REVISION "-%s.parquet", digest);
    *out = name != NULL ? assay_path_join(arena, folder, name) : NULL;
    return *out != NULL ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_measure_cache_open(assay_measure_cache **out, const char *folder,
                                      const char *dataset_path, const assay_log *log,
                                      assay_error *err)
{
    *out = NULL;
    assay_error own = {0};
    assay_status status = ASSAY_OK;
    assay_measure_cache *cache = assay_alloc(1, sizeof *cache);
    if (cache == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(assay_arena_new(&cache->arena, 0, err), done);
    ASSAY_GOTO(assay_text_index_new(&cache->index, 0, err), done);
    ASSAY_GOTO(place_of(&cache->path, cache->arena, folder, dataset_path, err), done);
    if (assay_file_kind(cache->path) == 1 && load(cache, &own) != ASSAY_OK) {
        assay_log_write(log, ASSAY_LOG_WARNING, "the cache is made anew: %s", own.message);
        forget(cache);
    }
    *out = cache;
    cache = NULL;
done:
    assay_measure_cache_free(cache);
    return status;
}

int assay_measure_cache_get(assay_datum_scan *scan, const assay_measure_cache *cache)
{
    if (cache == NULL || cache->table == NULL) {
        return 0;
    }
    int64_t row =
        assay_text_index_find(cache->index, cache->digests, scan->digest, strlen(scan->digest));
    if (row < 0) {
        return 0;
    }
    scan->stats = (assay_image_stats){.width = (int32_t)cache->ints[0][row],
                                      .height = (int32_t)cache->ints[1][row],
                                      .channels = (int32_t)cache->ints[2][row],
                                      .mean = cache->reals[0][row],
                                      .contrast = cache->reals[1][row],
                                      .sharpness = cache->reals[2][row],
                                      .entropy = cache->reals[3][row]};
    int64_t format = cache->ints[3][row];
    scan->format =
        format >= 0 && format <= ASSAY_IMAGE_BMP ? (assay_image_format)format : ASSAY_IMAGE_UNKNOWN;
    scan->measured = 1;
    return 1;
}

static assay_status fill_table(assay_table *table, const assay_datum_scan *scans, int64_t n,
                               assay_error *err)
{
    assay_column *digest = NULL;
    assay_column *whole = NULL;
    assay_column *real = NULL;
    int64_t row = 0;
    ASSAY_TRY(assay_table_add(&digest, table, "digest", ASSAY_COLUMN_TEXT, err));
    for (int64_t i = 0; i < n; i++) {
        if (scans[i].measured) {
            digest->texts[row] = scans[i].digest;
            digest->valid[row++] = 1;
        }
    }
    for (size_t c = 0; c < 4; c++) {
        ASSAY_TRY(assay_table_add(&whole, table, int_names[c], ASSAY_COLUMN_INT, err));
        int64_t *ints = whole->ints;
        memset(whole->valid, 1, (size_t)table->rows);
        ASSAY_TRY(assay_table_add(&real, table, real_names[c], ASSAY_COLUMN_REAL, err));
        memset(real->valid, 1, (size_t)table->rows);
        row = 0;
        for (int64_t i = 0; i < n; i++) {
            if (scans[i].measured) {
                const assay_image_stats *s = &scans[i].stats;
                int64_t wholes[] = {s->width, s->height, s->channels, (int64_t)scans[i].format};
                double reals[] = {s->mean, s->contrast, s->sharpness, s->entropy};
                ints[row] = wholes[c];
                real->reals[row++] = reals[c];
            }
        }
    }
    return ASSAY_OK;
}

assay_status assay_measure_cache_save(assay_measure_cache *cache, const assay_datum_scan *scans,
                                      int64_t n, const assay_log *log, assay_error *err)
{
    int64_t measured = 0;
    int64_t fresh = 0;
    for (int64_t i = 0; i < n; i++) {
        measured += scans[i].measured;
        fresh += scans[i].measured &&
                 (cache->table == NULL ||
                  assay_text_index_find(cache->index, cache->digests, scans[i].digest,
                                        strlen(scans[i].digest)) < 0);
    }
    if (fresh == 0) {
        return ASSAY_OK;
    }
    assay_error own = {0};
    assay_table *table = NULL;
    ASSAY_TRY(assay_table_new(&table, measured, 0, err));
    assay_status status = fill_table(table, scans, n, err);
    if (status == ASSAY_OK) {
        char *folder = assay_path_folder(cache->arena, cache->path);
        assay_status saved = folder != NULL ? assay_folder_make(folder, &own) : ASSAY_ENOMEM;
        if (saved == ASSAY_OK) {
            saved = assay_duckdb_write_table(cache->path, table, &own);
        }
        if (saved != ASSAY_OK) {
            assay_log_write(log, ASSAY_LOG_WARNING, "the cache is not written: %s", own.message);
        }
    }
    assay_table_free(table);
    return status;
}

void assay_measure_cache_free(assay_measure_cache *cache)
{
    if (cache != NULL) {
        assay_table_free(cache->table);
        assay_text_index_free(cache->index);
        assay_arena_free(cache->arena);
        assay_free(cache);
    }
}
