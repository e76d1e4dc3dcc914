#include "codec/panoptic_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "codec/coco_internal.h"

enum { MOST_IMAGES = 1 << 26, MOST_SEGMENTS = 1 << 30, MOST_CATEGORIES = 1 << 16, LONGEST = 4096 };

typedef struct reader {
    assay_panoptic *p;
    assay_json_scan *scan;
    int64_t room_files, room_first, room_ids, room_segments;
    int64_t room_category_ids, room_names, room_things;
} reader;

static assay_status read_text(char **out, reader *r, assay_error *err)
{
    const char *text = NULL;
    size_t size = 0;
    int kind = 0;
    ASSAY_TRY(assay_json_scan_peek(&kind, r->scan, err));
    if (kind != '"') {
        return assay_json_scan_skip(r->scan, err);
    }
    ASSAY_TRY(assay_json_scan_text(&text, &size, r->scan, err));
    if (size > LONGEST || !assay_utf8_valid(text, size) || memchr(text, 0, size) != NULL) {
        return assay_json_scan_fail(r->scan, err, ASSAY_EFORMAT,
                                    "a name must be UTF-8 of at most %d bytes", LONGEST);
    }
    assay_free(*out);
    *out = assay_alloc(size + 1, 1);
    if (*out == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(*out, text, size);
    return ASSAY_OK;
}

static assay_status read_segment(reader *r, assay_error *err)
{
    assay_panoptic *p = r->p;
    const char *key = NULL;
    bool id = false;
    bool category = false;
    assay_status status = ASSAY_OK;
    if (p->n_segments >= MOST_SEGMENTS) {
        return assay_json_scan_fail(r->scan, err, ASSAY_ELIMIT, "more than 2^30 segments");
    }
    ASSAY_TRY(
        assay_coco_grow(&p->segments, &r->room_segments, p->n_segments, sizeof *p->segments, err));
    assay_panoptic_segment *s = &p->segments[p->n_segments];
    *s = (assay_panoptic_segment){.area = -1};
    ASSAY_TRY(assay_json_scan_object(r->scan, err));
    while ((status = assay_json_scan_key(&key, r->scan, err)) == ASSAY_OK) {
        if (strcmp(key, "id") == 0) {
            ASSAY_TRY(assay_json_scan_integer(&s->id, r->scan, err));
            id = true;
        } else if (strcmp(key, "category_id") == 0) {
            ASSAY_TRY(assay_json_scan_integer(&s->category, r->scan, err));
            category = true;
        } else if (strcmp(key, "area") == 0) {
            ASSAY_TRY(assay_json_scan_integer(&s->area, r->scan, err));
        } else if (strcmp(key, "iscrowd") == 0) {
            ASSAY_TRY(assay_json_scan_flag(&s->crowd, r->scan, err));
        } else {
            ASSAY_TRY(assay_json_scan_skip(r->scan, err));
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    if (!id || !category || s->id < 0 || s->id >= 1 << 24) {
        return assay_json_scan_fail(r->scan, err, ASSAY_EFORMAT,
                                    "a segment needs \"id\" (0 to 16777215) and \"category_id\"");
    }
    p->n_segments++;
    return ASSAY_OK;
}

static assay_status read_segments(reader *r, assay_error *err)
{
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_json_scan_array(r->scan, err));
    while ((status = assay_json_scan_item(r->scan, err)) == ASSAY_OK) {
        ASSAY_TRY(read_segment(r, err));
    }
    return status == ASSAY_DONE ? ASSAY_OK : status;
}

static assay_status read_annotation(reader *r, assay_error *err)
{
    assay_panoptic *p = r->p;
    const char *key = NULL;
    bool id = false;
    bool segments = false;
    assay_status status = ASSAY_OK;
    int64_t at = p->n_images;
    if (at >= MOST_IMAGES) {
        return assay_json_scan_fail(r->scan, err, ASSAY_ELIMIT, "more than 2^26 images");
    }
    ASSAY_TRY(assay_coco_grow(&p->file, &r->room_files, at, sizeof *p->file, err));
    ASSAY_TRY(assay_coco_grow(&p->first, &r->room_first, at + 1, sizeof *p->first, err));
    ASSAY_TRY(assay_coco_grow(&p->image_id, &r->room_ids, at, sizeof *p->image_id, err));
    p->n_images++;
    p->first[at] = p->n_segments;
    ASSAY_TRY(assay_json_scan_object(r->scan, err));
    while ((status = assay_json_scan_key(&key, r->scan, err)) == ASSAY_OK) {
        if (strcmp(key, "image_id") == 0) {
            ASSAY_TRY(assay_json_scan_integer(&p->image_id[at], r->scan, err));
            id = true;
        } else if (strcmp(key, "file_name") == 0) {
            ASSAY_TRY(read_text(&p->file[at], r, err));
        } else if (strcmp(key, "segments_info") == 0 && !segments) {
            ASSAY_TRY(read_segments(r, err));
            segments = true;
        } else {
            ASSAY_TRY(assay_json_scan_skip(r->scan, err));
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    p->first[at + 1] = p->n_segments;
    return id && segments && p->file[at] != NULL
               ? ASSAY_OK
               : assay_json_scan_fail(r->scan, err, ASSAY_EFORMAT,
                                      "annotation %" PRId64
                                      " of a panoptic file needs \"image_id\", "
                                      "\"file_name\" and \"segments_info\"",
                                      at + 1);
}

static assay_status read_category(reader *r, assay_error *err)
{
    assay_panoptic *p = r->p;
    const char *key = NULL;
    int64_t at = p->n_categories;
    bool id = false;
    assay_status status = ASSAY_OK;
    if (at >= MOST_CATEGORIES) {
        return assay_json_scan_fail(r->scan, err, ASSAY_ELIMIT, "more than 2^16 classes");
    }
    ASSAY_TRY(assay_coco_grow(&p->category_id, &r->room_category_ids, at, sizeof(int64_t), err));
    ASSAY_TRY(assay_coco_grow(&p->category_name, &r->room_names, at, sizeof(char *), err));
    ASSAY_TRY(assay_coco_grow(&p->is_thing, &r->room_things, at, 1, err));
    p->n_categories++;
    p->is_thing[at] = 1;
    ASSAY_TRY(assay_json_scan_object(r->scan, err));
    while ((status = assay_json_scan_key(&key, r->scan, err)) == ASSAY_OK) {
        bool thing = false;
        if (strcmp(key, "id") == 0) {
            ASSAY_TRY(assay_json_scan_integer(&p->category_id[at], r->scan, err));
            id = true;
        } else if (strcmp(key, "name") == 0) {
            ASSAY_TRY(read_text(&p->category_name[at], r, err));
        } else if (strcmp(key, "isthing") == 0) {
            ASSAY_TRY(assay_json_scan_flag(&thing, r->scan, err));
            p->is_thing[at] = thing;
        } else {
            ASSAY_TRY(assay_json_scan_skip(r->scan, err));
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    if (!id) {
        return assay_json_scan_fail(r->scan, err, ASSAY_EFORMAT, "a class without \"id\"");
    }
    if (p->category_name[at] == NULL) {
        char name[24];
        (void)snprintf(name, sizeof name, "%" PRId64, p->category_id[at]);
        p->category_name[at] = assay_strdup(name);
    }
    return p->category_name[at] != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status read_root(reader *r, assay_error *err)
{
    const char *key = NULL;
    bool seen[2] = {false, false};
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_json_scan_object(r->scan, err));
    while ((status = assay_json_scan_key(&key, r->scan, err)) == ASSAY_OK) {
        bool images = strcmp(key, "annotations") == 0;
        if ((!images && strcmp(key, "categories") != 0) || seen[images]) {
            ASSAY_TRY(assay_json_scan_skip(r->scan, err));
            continue;
        }
        seen[images] = true;
        ASSAY_TRY(assay_json_scan_array(r->scan, err));
        while ((status = assay_json_scan_item(r->scan, err)) == ASSAY_OK) {
            ASSAY_TRY(images ? read_annotation(r, err) : read_category(r, err));
        }
        if (status != ASSAY_DONE) {
            return status;
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    return seen[1] ? assay_json_scan_end(r->scan, err)
                   : assay_json_scan_fail(r->scan, err, ASSAY_EFORMAT,
                                          "there is no \"annotations\"; a panoptic file has it");
}

assay_status assay_panoptic_read(assay_panoptic **out, assay_read_fn read, void *context,
                                 size_t window, assay_error *err)
{
    reader r = {0};
    *out = NULL;
    r.p = assay_alloc(1, sizeof *r.p);
    if (r.p == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_json_scan_new(&r.scan, read, context, window, 0, err);
    if (status == ASSAY_OK) {
        status = read_root(&r, err);
    }
    assay_json_scan_free(r.scan);
    if (status != ASSAY_OK) {
        assay_panoptic_free(r.p);
        return status;
    }
    *out = r.p;
    return ASSAY_OK;
}

void assay_panoptic_free(assay_panoptic *p)
{
    if (p != NULL) {
        for (int64_t i = 0; i < p->n_images; i++) {
            assay_free(p->file[i]);
        }
        for (int64_t k = 0; k < p->n_categories; k++) {
            assay_free(p->category_name[k]);
        }
        assay_free(p->image_id);
        assay_free(p->file);
        assay_free(p->first);
        assay_free(p->segments);
        assay_free(p->category_id);
        assay_free(p->category_name);
        assay_free(p->is_thing);
        assay_free(p);
    }
}
