#include "codec/labelme_read.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "base/text.h"
#include "codec/json_scan.h"

enum { LONGEST_NAME = 4096, MOST_NUMBERS = 1 << 24, CIRCLE = 64 };

/* A shape as it stands in the file. */
typedef struct shape {
    int64_t first, count; /* numbers */
    char *label;
    int64_t group; /* INT64_MIN = none */
    char kind;     /* r p c, or 0: no region */
    uint8_t flags;
    bool used;    /* a later part of another one */
    int64_t next; /* the next part of the same object; -1 = none */
} shape;

typedef struct reader {
    assay_annotation_draft *draft;
    assay_json_scan *scan;
    int64_t *others;
    char file[LONGEST_NAME];
    bool own_name, shaped;
    int64_t width, height;
    shape *shapes;
    int64_t n_shapes, room_shapes;
    double *numbers;
    int64_t n_numbers, room_numbers;
} reader;

static assay_status grow(void *column, int64_t *room, int64_t n, size_t size, assay_error *err)
{
    void *old = NULL;
    if (n < *room) {
        return ASSAY_OK;
    }
    int64_t more = n * 2 + 64;
    memcpy(&old, column, sizeof old);
    void *grown = assay_realloc(old, (size_t)*room * size, (size_t)more, size);
    if (grown == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(column, &grown, sizeof grown);
    *room = more;
    return ASSAY_OK;
}

static assay_status read_points(reader *r, shape *s, assay_error *err)
{
    assay_status status = ASSAY_OK;
    s->first = r->n_numbers;
    ASSAY_TRY(assay_json_scan_array(r->scan, err));
    while ((status = assay_json_scan_item(r->scan, err)) == ASSAY_OK) {
        int n = 0;
        ASSAY_TRY(assay_json_scan_array(r->scan, err));
        while ((status = assay_json_scan_item(r->scan, err)) == ASSAY_OK) {
            if (++n > 2 || r->n_numbers >= MOST_NUMBERS) {
                return assay_json_scan_fail(r->scan, err, ASSAY_EFORMAT,
                                            "a point must be [x, y], at most %d of them",
                                            MOST_NUMBERS / 2);
            }
            ASSAY_TRY(grow(&r->numbers, &r->room_numbers, r->n_numbers, sizeof(double), err));
            ASSAY_TRY(assay_json_scan_real(&r->numbers[r->n_numbers], r->scan, err));
            r->n_numbers++;
        }
        if (status == ASSAY_DONE && n != 2) {
            return assay_json_scan_fail(r->scan, err, ASSAY_EFORMAT, "a point must be [x, y]");
        }
        if (status != ASSAY_DONE) {
            return status;
        }
    }
    s->count = r->n_numbers - s->first;
    return status == ASSAY_DONE ? ASSAY_OK : status;
}

/* A text of at most room - 1 bytes; another value is skipped and leaves out[0] = 0. */
static assay_status read_text(char *out, size_t room, reader *r, assay_error *err)
{
    const char *text = NULL;
    size_t size = 0;
    int kind = 0;
    out[0] = '\0';
    ASSAY_TRY(assay_json_scan_peek(&kind, r->scan, err));
    if (kind != '"') {
        return assay_json_scan_skip(r->scan, err);
    }
    ASSAY_TRY(assay_json_scan_text(&text, &size, r->scan, err));
    if (size >= room || memchr(text, 0, size) != NULL) {
        return assay_json_scan_fail(r->scan, err, ASSAY_EFORMAT, "a text of more than %zu bytes",
                                    room - 1);
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return ASSAY_OK;
}

/* Labels of a shape's "flags" object, or "difficult": true beside it. */
static assay_status read_flags(uint8_t *flags, const char *only, reader *r, assay_error *err)
{
    static const struct {
        const char *name;
        uint8_t flag;
    } known[] = {{"difficult", ASSAY_OBJECT_DIFFICULT},
                 {"truncated", ASSAY_OBJECT_TRUNCATED},
                 {"occluded", ASSAY_OBJECT_OCCLUDED}};
    int kind = 0;
    ASSAY_TRY(assay_json_scan_peek(&kind, r->scan, err));
    if (kind == 't') {
        bool set = false;
        ASSAY_TRY(assay_json_scan_flag(&set, r->scan, err));
        for (size_t i = 0; i < ASSAY_COUNT(known); i++) {
            *flags |= set && strcmp(only, known[i].name) == 0 ? known[i].flag : 0;
        }
        return ASSAY_OK;
    }
    if (kind != '{' || strcmp(only, "flags") != 0) {
        return assay_json_scan_skip(r->scan, err);
    }
    const char *key = NULL;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_json_scan_object(r->scan, err));
    while ((status = assay_json_scan_key(&key, r->scan, err)) == ASSAY_OK) {
        char name[32] = "";
        memcpy(name, key, strnlen(key, sizeof name - 1));
        ASSAY_TRY(assay_json_scan_peek(&kind, r->scan, err));
        ASSAY_TRY(kind == 't' ? read_flags(flags, name, r, err)
                              : assay_json_scan_skip(r->scan, err));
    }
    return status == ASSAY_DONE ? ASSAY_OK : status;
}

static assay_status read_group(shape *s, reader *r, assay_error *err)
{
    int kind = 0;
    ASSAY_TRY(assay_json_scan_peek(&kind, r->scan, err));
    return kind == '0' ? assay_json_scan_integer(&s->group, r->scan, err)
                       : assay_json_scan_skip(r->scan, err);
}

static assay_status read_shape(reader *r, assay_error *err)
{
    const char *key = NULL;
    char text[LONGEST_NAME];
    char kind[32] = "polygon";
    assay_status status = ASSAY_OK;
    if (r->n_shapes >= MOST_NUMBERS) {
        return assay_json_scan_fail(r->scan, err, ASSAY_ELIMIT, "more than %d shapes",
                                    MOST_NUMBERS);
    }
    ASSAY_TRY(grow(&r->shapes, &r->room_shapes, r->n_shapes, sizeof(shape), err));
    shape *s = &r->shapes[r->n_shapes++];
    *s = (shape){.group = INT64_MIN, .next = -1};
    ASSAY_TRY(assay_json_scan_object(r->scan, err));
    while ((status = assay_json_scan_key(&key, r->scan, err)) == ASSAY_OK) {
        if (strcmp(key, "label") == 0 && s->label == NULL) {
            ASSAY_TRY(read_text(text, sizeof text, r, err));
            s->label = assay_strdup(text);
            if (s->label == NULL) {
                return assay_fail_memory(err);
            }
        } else if (strcmp(key, "points") == 0) {
            ASSAY_TRY(read_points(r, s, err));
        } else if (strcmp(key, "shape_type") == 0) {
            ASSAY_TRY(read_text(kind, sizeof kind, r, err));
        } else if (strcmp(key, "group_id") == 0) {
            ASSAY_TRY(read_group(s, r, err));
        } else if (strcmp(key, "flags") == 0 || strcmp(key, "difficult") == 0) {
            char name[16] = "";
            memcpy(name, key, strnlen(key, sizeof name - 1));
            ASSAY_TRY(read_flags(&s->flags, name, r, err));
        } else {
            ASSAY_TRY(assay_json_scan_skip(r->scan, err));
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    s->kind = strcmp(kind, "rectangle") == 0                                  ? 'r'
              : strcmp(kind, "circle") == 0                                   ? 'c'
              : strcmp(kind, "polygon") == 0 || strcmp(kind, "rotation") == 0 ? 'p'
                                                                              : '\0';
    int64_t points = s->count / 2;
    if (s->label == NULL || s->label[0] == '\0') {
        return assay_json_scan_fail(r->scan, err, ASSAY_EFORMAT, "shape %" PRId64 " has no label",
                                    r->n_shapes);
    }
    if ((s->kind == 'r' && points != 2 && points != 4) || (s->kind == 'c' && points != 2) ||
        (s->kind == 'p' && points < 3)) {
        return assay_json_scan_fail(r->scan, err, ASSAY_EFORMAT,
                                    "shape %" PRId64 ", a %s, has %" PRId64 " points", r->n_shapes,
                                    kind, points);
    }
    return ASSAY_OK;
}

/* ---- shapes to objects ---- */

/* Chain the polygons of the same label and group, in the order of the file. */
static assay_status chain(reader *r, assay_error *err)
{
    assay_status status = ASSAY_OK;
    size_t n = (size_t)r->n_shapes;
    int64_t *by_label = assay_alloc_raw(n, sizeof *by_label);
    int64_t *order = assay_alloc_raw(n, sizeof *order);
    int64_t *groups = assay_alloc_raw(n, sizeof *groups);
    const char **labels = assay_alloc_raw(n, sizeof *labels);
    if (by_label == NULL || order == NULL || groups == NULL || labels == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        labels[i] = r->shapes[i].label;
    }
    ASSAY_GOTO(assay_sort_order_text(by_label, labels, r->n_shapes, err), done);
    for (size_t i = 0; i < n; i++) {
        groups[i] = r->shapes[by_label[i]].group;
    }
    ASSAY_GOTO(assay_sort_order_i64(order, groups, r->n_shapes, err), done);
    shape *last = NULL;
    for (size_t i = 0; i < n; i++) {
        shape *s = &r->shapes[by_label[order[i]]];
        if (s->group == INT64_MIN || s->kind != 'p') {
            continue;
        }
        if (last != NULL && last->group == s->group && strcmp(last->label, s->label) == 0) {
            last->next = s - r->shapes;
            s->used = true;
        }
        last = s;
    }
done:
    assay_free(by_label);
    assay_free(order);
    assay_free(groups);
    assay_free(labels);
    return status;
}

static assay_status gather(assay_annotation *a, double **xy, int64_t **ends, const reader *r,
                           int64_t from, assay_error *err)
{
    int64_t numbers = 0;
    int64_t parts = 0;
    for (int64_t i = from; i >= 0; i = r->shapes[i].next) {
        numbers += r->shapes[i].count;
        parts++;
    }
    *xy = assay_alloc_raw((size_t)numbers, sizeof **xy);
    *ends = assay_alloc_raw((size_t)parts, sizeof **ends);
    if (*xy == NULL || *ends == NULL) {
        return assay_fail_memory(err);
    }
    numbers = parts = 0;
    for (int64_t i = from; i >= 0; i = r->shapes[i].next) {
        const shape *s = &r->shapes[i];
        memcpy(*xy + numbers, r->numbers + s->first, (size_t)s->count * sizeof **xy);
        numbers += s->count;
        (*ends)[parts++] = numbers / 2;
    }
    a->unboxed = true;
    a->xy = *xy;
    a->points = numbers / 2;
    a->ends = *ends;
    a->parts = parts;
    return ASSAY_OK;
}

static assay_status add_shape(reader *r, int64_t i, int64_t image, assay_error *err)
{
    const shape *s = &r->shapes[i];
    const double *v = r->numbers + s->first;
    assay_annotation a = {.image = image, .flags = s->flags};
    double *xy = NULL;
    int64_t *ends = NULL;
    double circle[2 * CIRCLE];
    assay_status status = ASSAY_OK;
    ASSAY_TRY(
        assay_annotation_draft_category(&a.category, r->draft, s->label, strlen(s->label), err));
    if (s->kind == 'r') {
        assay_outline_box(a.box, v, s->count / 2);
    } else if (s->kind == 'c') {
        const double pi = 3.14159265358979323846;
        double radius = hypot(v[2] - v[0], v[3] - v[1]);
        for (int k = 0; k < CIRCLE; k++) {
            circle[2 * k] = v[0] + radius * cos(2.0 * pi * k / CIRCLE);
            circle[2 * k + 1] = v[1] + radius * sin(2.0 * pi * k / CIRCLE);
        }
        a.unboxed = true;
        a.xy = circle;
        a.points = CIRCLE;
    } else {
        ASSAY_GOTO(gather(&a, &xy, &ends, r, i, err), done);
    }
    status = assay_annotation_draft_add(r->draft, &a, err);
done:
    assay_free(xy);
    assay_free(ends);
    return status;
}

static assay_status add_all(reader *r, assay_error *err)
{
    int64_t image = -1;
    bool sized = r->width > 0 && r->height > 0 && r->width <= INT32_MAX && r->height <= INT32_MAX;
    ASSAY_TRY(assay_annotation_draft_image(&image, r->draft, r->file, strlen(r->file),
                                           sized ? (int32_t)r->width : 0,
                                           sized ? (int32_t)r->height : 0, err));
    ASSAY_TRY(chain(r, err));
    for (int64_t i = 0; i < r->n_shapes; i++) {
        if (r->shapes[i].kind == '\0') {
            ++*r->others;
        } else if (!r->shapes[i].used) {
            assay_status status = add_shape(r, i, image, err);
            if (status != ASSAY_OK) {
                assay_error_prefix(err, "shape %" PRId64, i + 1);
                return status;
            }
        }
    }
    return ASSAY_OK;
}

static assay_status read_root(reader *r, assay_error *err)
{
    const char *key = NULL;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_json_scan_object(r->scan, err));
    while ((status = assay_json_scan_key(&key, r->scan, err)) == ASSAY_OK) {
        int kind = 0;
        bool width = strcmp(key, "imageWidth") == 0;
        bool extent = width || strcmp(key, "imageHeight") == 0;
        bool shapes = strcmp(key, "shapes") == 0;
        bool path = strcmp(key, "imagePath") == 0;
        ASSAY_TRY(assay_json_scan_peek(&kind, r->scan, err));
        if (shapes && !r->shaped) {
            r->shaped = true;
            ASSAY_TRY(assay_json_scan_array(r->scan, err));
            while ((status = assay_json_scan_item(r->scan, err)) == ASSAY_OK) {
                ASSAY_TRY(read_shape(r, err));
            }
            if (status != ASSAY_DONE) {
                return status;
            }
        } else if (path && !r->own_name) {
            char text[LONGEST_NAME];
            ASSAY_TRY(read_text(text, sizeof text, r, err));
            if (text[0] != '\0') {
                memcpy(r->file, text, sizeof text);
            }
        } else if (extent && kind == '0') {
            ASSAY_TRY(assay_json_scan_integer(width ? &r->width : &r->height, r->scan, err));
        } else {
            ASSAY_TRY(assay_json_scan_skip(r->scan, err));
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    if (!r->shaped) {
        return assay_json_scan_fail(r->scan, err, ASSAY_EFORMAT,
                                    "there is no \"shapes\"; a file of labelme has it");
    }
    ASSAY_TRY(assay_json_scan_end(r->scan, err));
    return add_all(r, err);
}

assay_status assay_labelme_read(assay_annotation_draft *draft, int64_t *others, const char *file,
                                bool own_name, const char *bytes, size_t size, assay_error *err)
{
    assay_memory_source source = {bytes, size};
    reader *r = assay_alloc(1, sizeof *r);
    if (r == NULL) {
        return assay_fail_memory(err);
    }
    r->draft = draft;
    r->others = others;
    r->own_name = own_name;
    size_t n = strlen(file);
    memcpy(r->file, file, n < sizeof r->file ? n : sizeof r->file - 1);
    assay_status status = assay_json_scan_new(&r->scan, assay_memory_read, &source, 0, 0, err);
    if (status == ASSAY_OK) {
        status = read_root(r, err);
    }
    for (int64_t i = 0; i < r->n_shapes; i++) {
        assay_free(r->shapes[i].label);
    }
    assay_json_scan_free(r->scan);
    assay_free(r->shapes);
    assay_free(r->numbers);
    assay_free(r);
    return status;
}
