#include "codec/coco_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "codec/coco_internal.h"

enum { MOST_IMAGES = 1 << 30, MOST_CATEGORIES = 1 << 20, LONGEST_NAME = 1 << 16 };

typedef struct reader {
    assay_coco_truth *truth;
    assay_coco_builder objects;
    int64_t room_images, room_categories, room_frequency;
    assay_coco_list_room absent, partial;
    unsigned seen; /* 1 images, 2 annotations, 4 categories */
} reader;

typedef assay_status (*row_fn)(reader *r, assay_json_scan *scan, assay_error *err);

static assay_status read_extent(int32_t *out, assay_json_scan *scan, assay_error *err)
{
    int64_t value = 0;
    int kind = 0;
    ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
    if (kind == 'n') {
        return assay_json_scan_skip(scan, err);
    }
    ASSAY_TRY(assay_json_scan_integer(&value, scan, err));
    if (value < 0 || value > INT32_MAX) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT, "an image extent of %" PRId64, value);
    }
    *out = (int32_t)value;
    return ASSAY_OK;
}

static assay_status read_name(char **out, assay_json_scan *scan, assay_error *err)
{
    const char *text = NULL;
    size_t size = 0;
    int kind = 0;
    ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
    if (kind != '"') {
        return assay_json_scan_skip(scan, err);
    }
    ASSAY_TRY(assay_json_scan_text(&text, &size, scan, err));
    if (size > LONGEST_NAME || !assay_utf8_valid(text, size) || memchr(text, 0, size) != NULL) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                    "a name must be UTF-8 of at most %d bytes", LONGEST_NAME);
    }
    assay_free(*out);
    *out = assay_alloc(size + 1, 1);
    if (*out == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(*out, text, size);
    return ASSAY_OK;
}

static assay_status read_image(reader *r, assay_json_scan *scan, assay_error *err)
{
    assay_coco_truth *t = r->truth;
    const char *key = NULL;
    bool id = false;
    assay_status status = ASSAY_OK;
    if (t->n_images >= MOST_IMAGES) {
        return assay_json_scan_fail(scan, err, ASSAY_ELIMIT, "more than 2^30 images");
    }
    int64_t room = r->room_images;
    ASSAY_TRY(assay_coco_grow(&t->image_height, &room, t->n_images, sizeof(int32_t), err));
    room = r->room_images;
    ASSAY_TRY(assay_coco_grow(&t->image_width, &room, t->n_images, sizeof(int32_t), err));
    room = r->room_images;
    ASSAY_TRY(assay_coco_grow(&t->image_file, &room, t->n_images, sizeof(char *), err));
    ASSAY_TRY(assay_coco_grow(&t->image_id, &r->room_images, t->n_images, sizeof(int64_t), err));
    t->image_height[t->n_images] = t->image_width[t->n_images] = 0;
    int64_t at = t->n_images++; /* now, so that the name is freed */
    ASSAY_TRY(assay_coco_begin_list(&t->absent, &r->absent, at, err));
    ASSAY_TRY(assay_coco_begin_list(&t->partial, &r->partial, at, err));
    ASSAY_TRY(assay_json_scan_object(scan, err));
    while ((status = assay_json_scan_key(&key, scan, err)) == ASSAY_OK) {
        if (assay_json_key_is(key, "id")) {
            ASSAY_TRY(assay_json_scan_integer(&t->image_id[at], scan, err));
            id = true;
        } else if (assay_json_key_is(key, "height")) {
            ASSAY_TRY(read_extent(&t->image_height[at], scan, err));
        } else if (assay_json_key_is(key, "width")) {
            ASSAY_TRY(read_extent(&t->image_width[at], scan, err));
        } else if (assay_json_key_is(key, "file_name")) {
            ASSAY_TRY(read_name(&t->image_file[at], scan, err));
        } else if (assay_json_key_is(key, "neg_category_ids")) {
            ASSAY_TRY(assay_coco_read_list(&t->absent, &r->absent, scan, err));
        } else if (assay_json_key_is(key, "not_exhaustive_category_ids")) {
            ASSAY_TRY(assay_coco_read_list(&t->partial, &r->partial, scan, err));
        } else if (r->objects.options.extras) {
            ASSAY_TRY(assay_coco_read_extra(&t->extras, at, key, scan, err));
        } else {
            ASSAY_TRY(assay_json_scan_skip(scan, err));
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    if (!id) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT, "image %" PRId64 " has no \"id\"",
                                    at + 1);
    }
    return ASSAY_OK;
}

/* "r", "c" or "f"; anything else is skipped. */
static assay_status read_frequency(char *out, assay_json_scan *scan, assay_error *err)
{
    const char *text = NULL;
    size_t size = 0;
    int kind = 0;
    ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
    if (kind != '"') {
        return assay_json_scan_skip(scan, err);
    }
    ASSAY_TRY(assay_json_scan_text(&text, &size, scan, err));
    *out = size == 1 && strchr("rcf", text[0]) != NULL ? text[0] : '\0';
    return ASSAY_OK;
}

static assay_status read_category(reader *r, assay_json_scan *scan, assay_error *err)
{
    assay_coco_truth *t = r->truth;
    const char *key = NULL;
    bool id = false;
    assay_status status = ASSAY_OK;
    if (t->n_categories >= MOST_CATEGORIES) {
        return assay_json_scan_fail(scan, err, ASSAY_ELIMIT, "more than 2^20 categories");
    }
    int64_t room = r->room_categories;
    int64_t at = t->n_categories;
    ASSAY_TRY(assay_coco_grow(&t->category_name, &room, at, sizeof(char *), err));
    ASSAY_TRY(assay_coco_grow(&t->category_frequency, &r->room_frequency, at, 1, err));
    ASSAY_TRY(assay_coco_grow(&t->category_id, &r->room_categories, at, sizeof(int64_t), err));
    t->n_categories++; /* now, so that the name is freed */
    ASSAY_TRY(assay_json_scan_object(scan, err));
    while ((status = assay_json_scan_key(&key, scan, err)) == ASSAY_OK) {
        if (assay_json_key_is(key, "id")) {
            ASSAY_TRY(assay_json_scan_integer(&t->category_id[at], scan, err));
            id = true;
        } else if (assay_json_key_is(key, "name")) {
            ASSAY_TRY(read_name(&t->category_name[at], scan, err));
        } else if (assay_json_key_is(key, "frequency")) {
            ASSAY_TRY(read_frequency(&t->category_frequency[at], scan, err));
        } else {
            ASSAY_TRY(assay_json_scan_skip(scan, err));
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    if (!id) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT, "category %" PRId64 " has no \"id\"",
                                    at + 1);
    }
    if (t->category_name[at] == NULL) {
        char name[24];
        (void)snprintf(name, sizeof name, "%" PRId64, t->category_id[at]);
        t->category_name[at] = assay_strdup(name);
        return t->category_name[at] != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    return ASSAY_OK;
}

static assay_status read_object(reader *r, assay_json_scan *scan, assay_error *err)
{
    return assay_coco_read_row(&r->objects, scan, err);
}

static assay_status read_truth(reader *r, assay_json_scan *scan, assay_error *err)
{
    static const struct {
        const char *name;
        row_fn fn;
    } lists[] = {
        {"images", read_image}, {"annotations", read_object}, {"categories", read_category}};
    const char *key = NULL;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_json_scan_object(scan, err));
    while ((status = assay_json_scan_key(&key, scan, err)) == ASSAY_OK) {
        size_t k = 0;
        while (k < ASSAY_COUNT(lists) && strcmp(key, lists[k].name) != 0) {
            k++;
        }
        if (k == ASSAY_COUNT(lists)) {
            ASSAY_TRY(assay_json_scan_skip(scan, err));
            continue;
        }
        if ((r->seen >> k & 1U) != 0) {
            return assay_json_scan_fail(scan, err, ASSAY_EFORMAT, "\"%s\" stands there twice", key);
        }
        r->seen |= 1U << k;
        ASSAY_TRY(assay_json_scan_array(scan, err));
        while ((status = assay_json_scan_item(scan, err)) == ASSAY_OK) {
            ASSAY_TRY(lists[k].fn(r, scan, err));
        }
        if (status != ASSAY_DONE) {
            return status;
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    for (size_t k = 0; k < ASSAY_COUNT(lists); k++) {
        if ((r->seen >> k & 1U) == 0) {
            return assay_json_scan_fail(
                scan, err, ASSAY_EFORMAT,
                "there is no \"%s\"; a COCO file of annotations has images, "
                "annotations and categories",
                lists[k].name);
        }
    }
    ASSAY_TRY(assay_coco_end_lists(&r->truth->absent, &r->absent, r->truth->n_images, err));
    ASSAY_TRY(assay_coco_end_lists(&r->truth->partial, &r->partial, r->truth->n_images, err));
    return assay_json_scan_end(scan, err);
}

assay_status assay_coco_read_truth(assay_coco_truth **out, assay_read_fn read, void *context,
                                   const assay_coco_options *options, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_json_scan *scan = NULL;
    reader r = {0};
    *out = NULL;
    r.truth = assay_alloc(1, sizeof *r.truth);
    if (r.truth == NULL) {
        return assay_fail_memory(err);
    }
    assay_coco_builder_init(&r.objects, &r.truth->objects, options, false);
    ASSAY_GOTO(assay_json_scan_new(&scan, read, context, r.objects.options.window, 0, err), done);
    ASSAY_GOTO(read_truth(&r, scan, err), done);
    *out = r.truth;
    r.truth = NULL;
done:
    assay_json_scan_free(scan);
    assay_coco_builder_dispose(&r.objects);
    assay_coco_truth_free(r.truth);
    return status;
}

void assay_coco_truth_free(assay_coco_truth *truth)
{
    if (truth != NULL) {
        assay_coco_rows_dispose(&truth->objects);
        for (int64_t i = 0; i < truth->n_categories; i++) {
            assay_free(truth->category_name[i]);
        }
        assay_free(truth->category_name);
        assay_free(truth->category_id);
        assay_free(truth->category_frequency);
        assay_coco_lists_dispose(&truth->absent);
        assay_coco_lists_dispose(&truth->partial);
        assay_coco_extras_dispose(&truth->extras);
        for (int64_t i = 0; i < truth->n_images; i++) {
            assay_free(truth->image_file[i]);
        }
        assay_free(truth->image_file);
        assay_free(truth->image_id);
        assay_free(truth->image_height);
        assay_free(truth->image_width);
        assay_free(truth);
    }
}

static assay_status read_results(assay_coco_builder *builder, assay_json_scan *scan,
                                 assay_error *err)
{
    int kind = 0;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
    if (kind == '{') {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                    "COCO results are a list ([ ... ]) of detections; this file is "
                                    "an object, as annotations are");
    }
    ASSAY_TRY(assay_json_scan_array(scan, err));
    while ((status = assay_json_scan_item(scan, err)) == ASSAY_OK) {
        ASSAY_TRY(assay_coco_read_row(builder, scan, err));
    }
    return status == ASSAY_DONE ? assay_json_scan_end(scan, err) : status;
}

assay_status assay_coco_read_results(assay_coco_rows **out, assay_read_fn read, void *context,
                                     const assay_coco_options *options, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_json_scan *scan = NULL;
    assay_coco_builder builder = {0};
    *out = NULL;
    assay_coco_rows *rows = assay_alloc(1, sizeof *rows);
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    assay_coco_builder_init(&builder, rows, options, true);
    ASSAY_GOTO(assay_json_scan_new(&scan, read, context, builder.options.window, 0, err), done);
    ASSAY_GOTO(read_results(&builder, scan, err), done);
    *out = rows;
    rows = NULL;
done:
    assay_json_scan_free(scan);
    assay_coco_builder_dispose(&builder);
    assay_coco_results_free(rows);
    return status;
}

void assay_coco_results_free(assay_coco_rows *rows)
{
    if (rows != NULL) {
        assay_coco_rows_dispose(rows);
        assay_free(rows);
    }
}
