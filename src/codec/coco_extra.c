#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "codec/coco_internal.h"

enum { MOST_COLUMNS = 256, LONGEST_TEXT = 1 << 16, MOST_ENTRIES = 1 << 30 };

/* Number of the column with this name; a new one when there is none; -1 when there are too many. */
static assay_status column_of(int32_t *out, assay_coco_extras *extras, const char *name,
                              assay_error *err)
{
    for (int32_t i = 0; i < extras->n_columns; i++) {
        if (strcmp(extras->names[i], name) == 0) {
            *out = i;
            return ASSAY_OK;
        }
    }
    *out = -1;
    if (extras->n_columns == MOST_COLUMNS || name[0] == '\0' || strlen(name) > 200 ||
        !assay_utf8_valid(name, strlen(name))) {
        return ASSAY_OK;
    }
    if (extras->names == NULL) {
        extras->names = assay_alloc(MOST_COLUMNS, sizeof *extras->names);
    }
    char *copy = assay_strdup(name);
    if (extras->names == NULL || copy == NULL) {
        assay_free(copy);
        return assay_fail_memory(err);
    }
    *out = extras->n_columns;
    extras->names[extras->n_columns++] = copy;
    return ASSAY_OK;
}

static assay_status read_value(assay_coco_extra *out, int kind, assay_json_scan *scan,
                               assay_error *err)
{
    const char *text = NULL;
    size_t size = 0;
    bool flag = false;
    if (kind == '0') {
        return assay_json_scan_real(&out->number, scan, err);
    }
    if (kind == 't') {
        ASSAY_TRY(assay_json_scan_flag(&flag, scan, err));
        out->number = flag;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_json_scan_text(&text, &size, scan, err));
    if (size > LONGEST_TEXT || !assay_utf8_valid(text, size) || memchr(text, 0, size) != NULL) {
        return ASSAY_OK; /* no text to compare with: a missing value */
    }
    out->text = assay_alloc(size + 1, 1);
    if (out->text == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(out->text, text, size);
    return ASSAY_OK;
}

assay_status assay_coco_read_extra(assay_coco_extras *extras, int64_t image, const char *key,
                                   assay_json_scan *scan, assay_error *err)
{
    int kind = 0;
    int32_t column = -1;
    ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
    if ((kind != '0' && kind != 't' && kind != '"') || extras->n >= MOST_ENTRIES) {
        return assay_json_scan_skip(scan, err);
    }
    ASSAY_TRY(column_of(&column, extras, key, err));
    if (column < 0) {
        return assay_json_scan_skip(scan, err);
    }
    ASSAY_TRY(
        assay_coco_grow(&extras->entries, &extras->room, extras->n, sizeof *extras->entries, err));
    assay_coco_extra *entry = &extras->entries[extras->n];
    *entry = (assay_coco_extra){.image = image, .column = column, .is_text = kind == '"'};
    extras->n++;
    return read_value(entry, kind, scan, err);
}

void assay_coco_extras_dispose(assay_coco_extras *extras)
{
    for (int64_t i = 0; i < extras->n; i++) {
        assay_free(extras->entries[i].text);
    }
    for (int32_t i = 0; i < extras->n_columns; i++) {
        assay_free(extras->names[i]);
    }
    assay_free(extras->entries);
    assay_free(extras->names);
    *extras = (assay_coco_extras){0};
}
