#include "api/result_parts.h"

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/file_stream.h"
#include "base/alloc.h"

/* A part is worth a thread's while; a record is mostly far shorter than what is looked through. */
enum { SMALLEST_PART = 3 << 20, LOOKED_THROUGH = 1 << 16 };

/* The first guess behind byte `at`; 0 = none. */
static assay_status guess(uint64_t *out, assay_file_stream *stream, uint64_t at, char *bytes,
                          assay_error *err)
{
    size_t n = 0;
    size_t got = 1;
    ASSAY_TRY(assay_file_stream_seek(stream, at, err));
    while (n < LOOKED_THROUGH && got > 0) {
        ASSAY_TRY(assay_file_stream_read(stream, bytes + n, LOOKED_THROUGH - n, &got, err));
        n += got;
    }
    size_t found = assay_coco_guess_record(bytes, n);
    *out = found != SIZE_MAX ? at + found : 0;
    return ASSAY_OK;
}

static assay_status plan(assay_result_parts *parts, assay_file_stream *stream, uint64_t size,
                         assay_error *err)
{
    assay_status status = ASSAY_OK;
    uint64_t wanted = size / SMALLEST_PART;
    wanted = wanted < ASSAY_RESULT_PARTS ? wanted : ASSAY_RESULT_PARTS;
    if (wanted < 2) {
        return ASSAY_OK;
    }
    char *bytes = assay_alloc_raw(LOOKED_THROUGH, 1);
    if (bytes == NULL) {
        return assay_fail_memory(err);
    }
    parts->n = 1;
    for (uint64_t i = 1; i < wanted; i++) {
        uint64_t at = 0;
        ASSAY_GOTO(guess(&at, stream, size / wanted * i, bytes, err), done);
        if (at > parts->begin[parts->n - 1]) {
            parts->begin[parts->n++] = at;
        }
    }
    parts->begin[parts->n] = UINT64_MAX;
done:
    assay_free(bytes);
    return status;
}

assay_status assay_result_parts_plan(assay_result_parts *parts, const char *path, assay_error *err)
{
    assay_file_stream *stream = NULL;
    int64_t size = assay_file_size(path);
    *parts = (assay_result_parts){.path = path};
    if (size < 2 * SMALLEST_PART) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_file_stream_open(&stream, path, err));
    assay_status status = plan(parts, stream, (uint64_t)size, err);
    assay_file_stream_close(stream);
    return status;
}

assay_status assay_result_parts_read(assay_result_parts *parts, int i,
                                     const assay_coco_options *options, assay_error *err)
{
    assay_file_stream *stream = NULL;
    ASSAY_TRY(assay_file_stream_open(&stream, parts->path, err));
    assay_status status = assay_file_stream_seek(stream, parts->begin[i], err);
    if (status == ASSAY_OK) {
        status = assay_coco_read_part(&parts->rows[i], assay_file_stream_read, stream, options,
                                      parts->begin[i], parts->begin[i + 1], err);
    }
    assay_file_stream_close(stream);
    return status;
}

assay_status assay_result_parts_join(assay_coco_rows **out, assay_result_parts *parts,
                                     const assay_coco_options *options, assay_error *err)
{
    assay_status status = ASSAY_OK;
    *out = NULL;
    bool whole = parts->n > 0;
    for (int i = 0; i < parts->n; i++) {
        whole = whole && parts->rows[i] != NULL;
    }
    if (whole) {
        status = assay_coco_join_parts(out, parts->rows, parts->n, options, err);
    }
    assay_result_parts_dispose(parts);
    return status;
}

void assay_result_parts_dispose(assay_result_parts *parts)
{
    for (int i = 0; i < parts->n; i++) {
        assay_coco_results_free(parts->rows[i]);
        parts->rows[i] = NULL;
    }
    parts->n = 0;
}
