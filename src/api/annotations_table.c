/* Boxes out of a table: one row per object or detection. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "adapters/filesystem/folder_walk.h"
#include "api/annotations_table.h"
#include "base/text.h"

typedef enum role {
    IMAGE,
    CLASS,
    SCORE,
    LEFT,
    TOP,
    RIGHT,
    BOTTOM,
    WIDTH,
    HEIGHT,
    IMAGE_WIDTH,
    IMAGE_HEIGHT,
    CROWD,
    DIFFICULT,
    TRUNCATED,
    OCCLUDED,
    ROLES
} role;

enum { NAMES = 10 };

/* The first is what --columns calls it; then what files call it, in the order of preference. */
static const char *const role_names[ROLES][NAMES] = {
    [IMAGE] = {"image", "image_path", "file_name", "filename", "file", "image_id", "image_name",
               "img", "path"},
    [CLASS] = {"class", "label", "category", "class_name", "category_name", "name", "category_id",
               "class_id"},
    [SCORE] = {"score", "confidence", "conf", "probability"},
    [LEFT] = {"xmin", "x_min", "x1", "left", "x", "bbox_x"},
    [TOP] = {"ymin", "y_min", "y1", "top", "y", "bbox_y"},
    [RIGHT] = {"xmax", "x_max", "x2", "right"},
    [BOTTOM] = {"ymax", "y_max", "y2", "bottom"},
    [WIDTH] = {"w", "box_width", "bbox_width", "bbox_w", "width"},
    [HEIGHT] = {"h", "box_height", "bbox_height", "bbox_h", "height"},
    [IMAGE_WIDTH] = {"image_width", "img_width", "width"},
    [IMAGE_HEIGHT] = {"image_height", "img_height", "height"},
    [CROWD] = {"iscrowd", "crowd"},
    [DIFFICULT] = {"difficult"},
    [TRUNCATED] = {"truncated"},
    [OCCLUDED] = {"occluded"}};

typedef struct reader {
    const char *path;
    const assay_annotation_options *options;
    assay_annotation_draft *draft;
    assay_table *table;
    const assay_column *columns[ROLES];
    const char *named[ROLES]; /* by the user */
    bool scored;
} reader;

/* --columns image=path,... */
static assay_status read_options(reader *r, assay_error *err)
{
    for (const char *const *c = r->options->columns; c != NULL && *c != NULL; c++) {
        const char *equals = strchr(*c, '=');
        size_t n = equals != NULL ? (size_t)(equals - *c) : 0;
        int k = 0;
        while (k < ROLES &&
               (strlen(role_names[k][0]) != n || strncmp(role_names[k][0], *c, n) != 0)) {
            k++;
        }
        if (k == ROLES) {
            return assay_fail(
                err, ASSAY_EINVAL,
                "--columns '%s': expected ROLE=COLUMN with one of image, class, score, "
                "xmin, ymin, xmax, ymax, w, h, image_width, image_height, iscrowd, "
                "difficult, truncated, occluded",
                *c);
        }
        r->named[k] = equals + 1;
    }
    return ASSAY_OK;
}

static assay_status find_column(reader *r, int k, assay_error *err)
{
    if (r->named[k] != NULL) {
        r->columns[k] = assay_table_find(r->table, r->named[k]);
        return r->columns[k] != NULL
                   ? ASSAY_OK
                   : assay_fail(err, ASSAY_EFORMAT, "%s: there is no column '%s'; there are %s",
                                r->path, r->named[k], assay_table_names(r->table));
    }
    for (int i = 0; i < NAMES && role_names[k][i] != NULL && r->columns[k] == NULL; i++) {
        r->columns[k] = assay_table_find(r->table, role_names[k][i]);
    }
    return ASSAY_OK;
}

static assay_status find_columns(reader *r, assay_error *err)
{
    for (int k = 0; k < ROLES; k++) {
        ASSAY_TRY(find_column(r, k, err));
    }
    if (r->columns[RIGHT] != NULL && r->columns[BOTTOM] != NULL) {
        r->columns[WIDTH] = r->columns[HEIGHT] = NULL;
    } else {
        r->columns[RIGHT] = r->columns[BOTTOM] = NULL;
    }
    /* "width" beside corners is the image's */
    if (r->columns[WIDTH] == r->columns[IMAGE_WIDTH]) {
        r->columns[IMAGE_WIDTH] = NULL;
    }
    if (r->columns[HEIGHT] == r->columns[IMAGE_HEIGHT]) {
        r->columns[IMAGE_HEIGHT] = NULL;
    }
    const role wanted[] = {IMAGE, CLASS, LEFT, TOP, r->scored ? SCORE : IMAGE};
    for (size_t i = 0; i < ASSAY_COUNT(wanted); i++) {
        if (r->columns[wanted[i]] == NULL) {
            return assay_fail(
                err, ASSAY_EFORMAT,
                "%s: no column for %s is found among %s; name it: --columns %s=COLUMN", r->path,
                role_names[wanted[i]][0], assay_table_names(r->table), role_names[wanted[i]][0]);
        }
    }
    if (r->columns[RIGHT] == NULL && (r->columns[WIDTH] == NULL || r->columns[HEIGHT] == NULL)) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: the boxes need xmax and ymax, or w and h; there are %s", r->path,
                          assay_table_names(r->table));
    }
    return ASSAY_OK;
}

static bool is_missing(const assay_column *c, int64_t row)
{
    return c == NULL || (c->valid != NULL && c->valid[row] == 0) ||
           (c->type == ASSAY_COLUMN_TEXT && (c->texts[row] == NULL || c->texts[row][0] == '\0'));
}

static assay_status place(const reader *r, int64_t row, assay_status status, assay_error *err)
{
    char where[600];
    assay_duckdb_row_place(where, sizeof where, r->path, row + 1);
    assay_error_prefix(err, "%s", where);
    return status;
}

static assay_status number(double *out, const reader *r, role k, int64_t row, assay_error *err)
{
    const assay_column *c = r->columns[k];
    *out = NAN;
    if (is_missing(c, row)) {
        return place(
            r, row,
            assay_fail(err, ASSAY_EFORMAT, "%s is missing", c != NULL ? c->name : role_names[k][0]),
            err);
    }
    if (c->type == ASSAY_COLUMN_TEXT) {
        return assay_text_to_real(out, c->texts[row])
                   ? ASSAY_OK
                   : place(r, row,
                           assay_fail(err, ASSAY_EFORMAT, "%s is '%s', expected a number", c->name,
                                      c->texts[row]),
                           err);
    }
    *out = c->type == ASSAY_COLUMN_INT ? (double)c->ints[row] : c->reals[row];
    return ASSAY_OK;
}

static bool flag(const reader *r, role k, int64_t row)
{
    double value = 0.0;
    return !is_missing(r->columns[k], row) && number(&value, r, k, row, NULL) == ASSAY_OK &&
           value != 0.0;
}

static const char *text_of(char room[32], const assay_column *c, int64_t row)
{
    if (c->type == ASSAY_COLUMN_TEXT) {
        return c->texts[row];
    }
    (void)(c->type == ASSAY_COLUMN_INT ? snprintf(room, 32, "%" PRId64, c->ints[row])
                                       : snprintf(room, 32, "%.17g", c->reals[row]));
    return room;
}

static assay_status enter_image(int64_t *image, reader *r, int64_t row, assay_error *err)
{
    char room[32];
    double width = 0.0;
    double height = 0.0;
    int32_t w = 0;
    int32_t h = 0;
    if (is_missing(r->columns[IMAGE], row)) {
        return assay_fail(err, ASSAY_EFORMAT, "%s is missing", r->columns[IMAGE]->name);
    }
    const char *name = text_of(room, r->columns[IMAGE], row);
    if (!r->scored && r->columns[IMAGE_WIDTH] != NULL && r->columns[IMAGE_HEIGHT] != NULL) {
        (void)number(&width, r, IMAGE_WIDTH, row, NULL);
        (void)number(&height, r, IMAGE_HEIGHT, row, NULL);
    }
    bool sized = width >= 1.0 && height >= 1.0 && width <= INT32_MAX && height <= INT32_MAX;
    ASSAY_TRY(assay_annotation_draft_image(image, r->draft, name, strlen(name),
                                           sized ? (int32_t)width : 0, sized ? (int32_t)height : 0,
                                           err));
    assay_annotation_draft_extent(&w, &h, r->draft, *image);
    if (r->scored || r->options->images == NULL || w > 0) {
        return ASSAY_OK;
    }
    char *path = assay_path_join(r->table->arena, r->options->images, name);
    if (path == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_image_file_size(&w, &h, path, err));
    return assay_annotation_draft_image(image, r->draft, name, strlen(name), w, h, err);
}

/* An image without objects has a row without box; one without detections lacks the score too. */
static bool is_bare(const reader *r, int64_t row)
{
    role right = r->columns[RIGHT] != NULL ? RIGHT : WIDTH;
    return is_missing(r->columns[LEFT], row) && is_missing(r->columns[right], row) &&
           (!r->scored || is_missing(r->columns[SCORE], row));
}

static assay_status read_row(reader *r, int64_t row, assay_error *err)
{
    assay_annotation a = {0};
    char room[32];
    double v[4];
    bool corners = r->columns[RIGHT] != NULL;
    assay_status status = enter_image(&a.image, r, row, err);
    if (status != ASSAY_OK) {
        return place(r, row, status, err);
    }
    if (is_bare(r, row)) {
        return ASSAY_OK;
    }
    ASSAY_TRY(number(&v[0], r, LEFT, row, err));
    ASSAY_TRY(number(&v[1], r, TOP, row, err));
    ASSAY_TRY(number(&v[2], r, corners ? RIGHT : WIDTH, row, err));
    ASSAY_TRY(number(&v[3], r, corners ? BOTTOM : HEIGHT, row, err));
    if (r->scored) {
        ASSAY_TRY(number(&a.score, r, SCORE, row, err));
    }
    a.box[0] = v[0];
    a.box[1] = v[1];
    a.box[2] = corners ? v[2] - v[0] : v[2];
    a.box[3] = corners ? v[3] - v[1] : v[3];
    a.crowd = flag(r, CROWD, row);
    a.flags = (uint8_t)((flag(r, DIFFICULT, row) ? ASSAY_OBJECT_DIFFICULT : 0) |
                        (flag(r, TRUNCATED, row) ? ASSAY_OBJECT_TRUNCATED : 0) |
                        (flag(r, OCCLUDED, row) ? ASSAY_OBJECT_OCCLUDED : 0));
    if (is_missing(r->columns[CLASS], row)) {
        return place(r, row,
                     assay_fail(err, ASSAY_EFORMAT, "%s is missing", r->columns[CLASS]->name), err);
    }
    const char *name = text_of(room, r->columns[CLASS], row);
    status = assay_annotation_draft_category(&a.category, r->draft, name, strlen(name), err);
    if (status == ASSAY_OK) {
        status = assay_annotation_draft_add(r->draft, &a, err);
    }
    return status == ASSAY_OK ? status : place(r, row, status, err);
}

assay_status assay_annotations_table(assay_annotation_draft *draft, const char *path,
                                     const assay_annotation_options *options, assay_error *err)
{
    reader r = {.path = path,
                .options = options,
                .draft = draft,
                .scored = assay_annotation_draft_scored(draft)};
    const char *texts[2 * NAMES + 3];
    size_t n = 0;
    ASSAY_TRY(read_options(&r, err));
    /* Names stay as they are written: "007" is not 7. */
    for (int k = IMAGE; k <= CLASS; k++) {
        for (int i = 0; i < NAMES && role_names[k][i] != NULL; i++) {
            texts[n++] = role_names[k][i];
        }
        if (r.named[k] != NULL) {
            texts[n++] = r.named[k];
        }
    }
    texts[n] = NULL;
    assay_status status = assay_duckdb_read_table_as(&r.table, path, texts, err);
    if (status == ASSAY_OK) {
        status = find_columns(&r, err);
    }
    for (int64_t row = 0; status == ASSAY_OK && row < r.table->rows; row++) {
        status = read_row(&r, row, err);
    }
    assay_table_free(r.table);
    return status;
}
