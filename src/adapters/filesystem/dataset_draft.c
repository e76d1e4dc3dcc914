#include "adapters/filesystem/dataset_draft.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "base/buffer.h"
#include "base/text.h"

enum { FIRST_DATA = 256 };

assay_status assay_draft_add(assay_dataset_draft *draft, const char *id, const char *path,
                             int64_t row, assay_error *err)
{
    if (draft->n == draft->capacity) {
        int64_t capacity = draft->capacity > 0 ? 2 * draft->capacity : FIRST_DATA;
        assay_datum_draft *data = assay_arena_alloc(draft->arena, (size_t)capacity, sizeof *data);
        if (data == NULL) {
            return assay_fail_memory(err);
        }
        if (draft->n > 0) {
            memcpy(data, draft->data, (size_t)draft->n * sizeof *data);
        }
        draft->data = data;
        draft->capacity = capacity;
    }
    draft->data[draft->n++] = (assay_datum_draft){.id = id, .path = path, .row = row, .target = -1};
    return ASSAY_OK;
}

void assay_draft_place(char *out, size_t size, const assay_dataset_draft *draft, int64_t i)
{
    const assay_datum_draft *datum = &draft->data[i];
    if (draft->is_table_file) {
        assay_duckdb_row_place(out, size, draft->path, datum->row + 1);
    } else if (datum->path != NULL) {
        (void)snprintf(out, size, "%s", datum->path);
    } else {
        (void)snprintf(out, size, "%s: row %" PRId64, draft->path, datum->row + 1);
    }
}

assay_status assay_draft_bad(assay_dataset_draft *draft, int64_t i, assay_error *err,
                             const char *format, ...)
{
    char reason[800];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    if (!draft->options->skip_bad) {
        char place[800];
        assay_draft_place(place, sizeof place, draft, i);
        return assay_fail(err, ASSAY_EFORMAT, "%s: %s", place, reason);
    }
    draft->data[i].bad = assay_arena_strdup(draft->arena, reason);
    return draft->data[i].bad != NULL ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_draft_target(assay_dataset_draft *draft, const char *text, assay_error *err)
{
    int64_t i = draft->n - 1;
    assay_datum_draft *datum = &draft->data[i];
    if (text != NULL) {
        ASSAY_TRY(assay_classes_index(&datum->target, &draft->classes, text, strlen(text), err));
    }
    if (datum->target >= 0) {
        return ASSAY_OK;
    }
    if (text == NULL || strspn(text, " \t") == strlen(text)) {
        return assay_draft_bad(draft, i, err, "the target is missing");
    }
    const char *nearest = assay_text_nearest(text, draft->classes.names, (size_t)draft->classes.n);
    return assay_draft_bad(draft, i, err, "unknown class \"%s\"%s%s%s; the classes are: %s", text,
                           nearest != NULL ? ", did you mean \"" : "",
                           nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "",
                           assay_classes_text(&draft->classes));
}

const char *assay_draft_text(assay_dataset_draft *draft, const char *text, assay_error *err)
{
    size_t size = strlen(text);
    const char *copy = NULL;
    if (assay_utf8_valid(text, size)) {
        copy = assay_arena_strdup(draft->arena, text);
    } else {
        assay_buffer safe;
        assay_buffer_init(&safe, 0);
        while (size > 0) {
            int step = assay_utf8_step(text, size);
            size_t used = (size_t)(step > 0 ? step : 1);
            if (step > 0) {
                assay_buffer_append(&safe, text, used);
            } else {
                assay_buffer_printf(&safe, "\\x%02X", (unsigned)(unsigned char)text[0]);
            }
            text += used;
            size -= used;
        }
        if (assay_buffer_status(&safe, NULL) == ASSAY_OK) {
            copy = assay_arena_strdup(draft->arena, safe.data);
        }
        assay_buffer_dispose(&safe);
    }
    if (copy == NULL) {
        (void)assay_fail_memory(err);
    }
    return copy;
}

int assay_status_is_bad_datum(assay_status status)
{
    return status == ASSAY_EFORMAT || status == ASSAY_ENOTFOUND || status == ASSAY_EIO ||
           status == ASSAY_EUNSUPPORTED || status == ASSAY_ELIMIT;
}
