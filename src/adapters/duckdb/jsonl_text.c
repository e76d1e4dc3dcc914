#include "adapters/duckdb/jsonl_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "codec/json_value.h"

enum { BLOCK = 1 << 16, LINE_MOST = 1 << 26 };

static assay_status check_line(const assay_buffer *line, int64_t number, const char *path,
                               assay_error *err)
{
    size_t blank = line->size > 0 ? strspn(line->data, " \t\r") : 0;
    if (blank == line->size) {
        return ASSAY_OK;
    }
    assay_json_doc *doc = NULL;
    assay_error own = {0};
    assay_status status = assay_json_parse(&doc, line->data, line->size, 0, &own);
    if (status == ASSAY_OK && !assay_json_is_object(assay_json_root(doc))) {
        status = assay_fail(err, ASSAY_EFORMAT,
                            "%s: line %" PRId64 " is not a JSON object ({\"name\": value, ...})",
                            path, number);
    } else if (status != ASSAY_OK && status != ASSAY_ENOMEM) {
        status = assay_fail(err, ASSAY_EFORMAT, "%s: line %" PRId64 " is not valid JSON: %s", path,
                            number, own.message);
    }
    assay_json_doc_free(doc);
    return status;
}

assay_status assay_jsonl_diagnose(int descriptor, const char *path, assay_error *err)
{
    char *block = assay_alloc_raw(BLOCK, 1);
    if (block == NULL) {
        return assay_fail_memory(err);
    }
    assay_buffer line;
    assay_buffer_init(&line, LINE_MOST);
    int64_t offset = 0;
    int64_t number = 1;
    assay_status status = ASSAY_OK;
    while (status == ASSAY_OK) {
        ssize_t got = pread(descriptor, block, BLOCK, offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            status = check_line(&line, number, path, err);
            break;
        }
        offset += got;
        const char *at = block;
        const char *end = block + got;
        while (status == ASSAY_OK && at < end) {
            const char *stop = memchr(at, '\n', (size_t)(end - at));
            assay_buffer_append(&line, at, (size_t)((stop != NULL ? stop : end) - at));
            status = assay_buffer_status(&line, err);
            if (stop != NULL && status == ASSAY_OK) {
                status = check_line(&line, number++, path, err);
                assay_buffer_clear(&line);
            }
            at = stop != NULL ? stop + 1 : end;
        }
    }
    assay_buffer_dispose(&line);
    assay_free(block);
    return status;
}
