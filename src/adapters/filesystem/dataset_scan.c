#include <stdatomic.h>
#include <string.h>

#include "adapters/filesystem/dataset_draft.h"
#include "adapters/filesystem/file.h"
#include "adapters/filesystem/measure_cache.h"
#include "base/alloc.h"

enum { BLOCK = 16, FILE_MOST = 1 << 30 };

typedef struct scan_job {
    assay_dataset_draft *draft;
    assay_datum_scan *scans;
    const assay_measure_cache *cache;
    _Atomic int64_t done;
} scan_job;

static assay_status measure_image(assay_datum_scan *scan, const assay_image *image,
                                  assay_error *err)
{
    ASSAY_TRY(assay_image_measure(&scan->stats, image, err));
    scan->measured = 1;
    return ASSAY_OK;
}

static assay_status scan_file(assay_datum_scan *scan, const scan_job *job, const char *path,
                              assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    assay_image image = {0};
    int32_t width = 0;
    int32_t height = 0;
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(assay_file_read(&bytes, &size, path, FILE_MOST, err), done);
    scan->file_size = (int64_t)size;
    if (size == 0) {
        ASSAY_GOTO(assay_fail(err, ASSAY_EFORMAT, "the file is empty"), done);
    }
    ASSAY_GOTO(assay_digest_bytes(scan->digest, bytes, size, err), done);
    if (!job->draft->options->measure) {
        ASSAY_GOTO(assay_image_probe(&width, &height, &scan->format, bytes, size, NULL, err), done);
    } else if (!assay_measure_cache_get(scan, job->cache)) {
        ASSAY_GOTO(assay_image_decode(&image, &scan->format, bytes, size, NULL, err), done);
        ASSAY_GOTO(measure_image(scan, &image, err), done);
    }
done:
    assay_image_dispose(&image);
    assay_free(bytes);
    return status;
}

static assay_status scan_row(assay_datum_scan *scan, const scan_job *job, int64_t row,
                             assay_error *err)
{
    const assay_dataset_draft *draft = job->draft;
    ASSAY_TRY(assay_array_digest(scan->digest, &scan->file_size, draft->self, row, err));
    if (!draft->options->measure || assay_measure_cache_get(scan, job->cache)) {
        return ASSAY_OK;
    }
    assay_image image = {0};
    assay_status status = assay_array_image(&image, draft->self, row, err);
    if (status == ASSAY_OK) {
        status = measure_image(scan, &image, err);
    }
    assay_image_dispose(&image);
    return status;
}

static assay_status scan_datum(const scan_job *job, int64_t i, assay_error *err)
{
    const assay_datum_draft *datum = &job->draft->data[i];
    assay_datum_scan *scan = &job->scans[i];
    if (datum->bad != NULL) {
        return ASSAY_OK;
    }
    assay_error own = {0};
    assay_status status = datum->path != NULL ? scan_file(scan, job, datum->path, &own)
                                              : scan_row(scan, job, datum->row, &own);
    if (status == ASSAY_OK) {
        return ASSAY_OK;
    }
    /* The reader names the file itself where the file is the matter; do not name it twice. */
    int named = datum->path != NULL && strstr(own.message, datum->path) != NULL;
    if (job->draft->options->skip_bad && assay_status_is_bad_datum(status)) {
        scan->bad = assay_strdup(own.message);
        return scan->bad != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    char place[700];
    assay_draft_place(place, sizeof place, job->draft, i);
    if (err != NULL) {
        *err = own;
        if (job->draft->is_table_file && !named) {
            assay_error_prefix(err, "%s: %s", place, datum->path);
        } else if (!named || job->draft->is_table_file) {
            assay_error_prefix(err, "%s", place);
        }
    }
    return status;
}

static assay_status scan_block(void *payload, int64_t block, int worker, assay_error *err)
{
    (void)worker;
    scan_job *job = payload;
    int64_t n = job->draft->n;
    int64_t end = (block + 1) * BLOCK < n ? (block + 1) * BLOCK : n;
    for (int64_t i = block * BLOCK; i < end; i++) {
        ASSAY_TRY(scan_datum(job, i, err));
    }
    int64_t size = end - block * BLOCK;
    int64_t done = atomic_fetch_add(&job->done, size) + size;
    assay_log_progress(job->draft->options->log, job->draft->name, done, n);
    return ASSAY_OK;
}

assay_status assay_draft_scan(assay_datum_scan *scans, assay_dataset_draft *draft, assay_error *err)
{
    const assay_dataset_options *options = draft->options;
    scan_job job = {.draft = draft, .scans = scans};
    assay_measure_cache *cache = NULL;
    if (options->measure && options->cache != NULL) {
        ASSAY_TRY(assay_measure_cache_open(&cache, options->cache, draft->path, options->log, err));
    }
    job.cache = cache;
    assay_status status = assay_parallel((draft->n + BLOCK - 1) / BLOCK, options->threads,
                                         scan_block, &job, options->cancel, err);
    if (status == ASSAY_OK && cache != NULL) {
        status = assay_measure_cache_save(cache, scans, draft->n, options->log, err);
    }
    assay_measure_cache_free(cache);
    return status;
}
