#include "api/detection_slice.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "base/text_index.h"

/* Rows of the truth's images by id. */
typedef struct image_index {
    const assay_coco_truth *truth;
    int64_t *order;
} image_index;

static assay_status index_images(image_index *x, const assay_coco_truth *truth, assay_error *err)
{
    x->truth = truth;
    x->order = assay_alloc_raw((size_t)truth->n_images, sizeof *x->order);
    return x->order != NULL ? assay_sort_order_i64(x->order, truth->image_id, truth->n_images, err)
                            : assay_fail_memory(err);
}

/* Row of the image with this id, or -1. */
static int64_t image_of(const image_index *x, int64_t id)
{
    int64_t low = 0;
    int64_t high = x->truth->n_images;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (x->truth->image_id[x->order[middle]] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == x->truth->n_images || x->truth->image_id[x->order[low]] != id) {
        return -1;
    }
    return x->order[low];
}

/* ---- the table of images ---- */

static assay_status add_sizes(assay_table *t, const char *name, const int32_t *values,
                              assay_error *err)
{
    assay_column *c = NULL;
    ASSAY_TRY(assay_table_add(&c, t, name, ASSAY_COLUMN_INT, err));
    for (int64_t i = 0; i < t->rows; i++) {
        c->ints[i] = values[i];
        c->valid[i] = values[i] > 0;
    }
    return ASSAY_OK;
}

static assay_status add_names(assay_table *t, const assay_coco_truth *truth, assay_error *err)
{
    assay_column *c = NULL;
    ASSAY_TRY(assay_table_add(&c, t, "file_name", ASSAY_COLUMN_TEXT, err));
    for (int64_t i = 0; i < t->rows; i++) {
        c->texts[i] = truth->image_file[i];
        c->valid[i] = truth->image_file[i] != NULL;
    }
    return ASSAY_OK;
}

static assay_status add_counts(assay_table *t, const image_index *x, assay_error *err)
{
    const assay_coco_truth *truth = x->truth;
    assay_column *c = NULL;
    ASSAY_TRY(assay_table_add(&c, t, "objects", ASSAY_COLUMN_INT, err));
    for (int64_t i = 0; i < truth->objects.n; i++) {
        int64_t row = image_of(x, truth->objects.image[i]);
        if (row >= 0) {
            c->ints[row]++;
        }
    }
    memset(c->valid, 1, (size_t)t->rows);
    const int64_t *counts = c->ints;
    ASSAY_TRY(assay_table_add(&c, t, "object_density", ASSAY_COLUMN_REAL, err));
    for (int64_t i = 0; i < t->rows; i++) {
        double pixels = (double)truth->image_height[i] * truth->image_width[i];
        c->valid[i] = pixels > 0.0;
        c->reals[i] = pixels > 0.0 ? 1e6 * (double)counts[i] / pixels : 0.0;
    }
    return ASSAY_OK;
}

/* Scalar members of the images; a column is text when any of its values is. */
static assay_status add_extras(assay_table *t, const assay_coco_truth *truth, assay_error *err)
{
    const assay_coco_extras *x = &truth->extras;
    for (int32_t k = 0; k < x->n_columns; k++) {
        assay_column *c = NULL;
        bool text = false;
        if (assay_table_find(t, x->names[k]) != NULL) {
            continue;
        }
        for (int64_t i = 0; i < x->n; i++) {
            text |= x->entries[i].column == k && x->entries[i].is_text;
        }
        ASSAY_TRY(
            assay_table_add(&c, t, x->names[k], text ? ASSAY_COLUMN_TEXT : ASSAY_COLUMN_REAL, err));
        for (int64_t i = 0; i < x->n; i++) {
            const assay_coco_extra *e = &x->entries[i];
            if (e->column != k || (e->is_text && e->text == NULL)) {
                continue;
            }
            c->valid[e->image] = 1;
            if (!text) {
                c->reals[e->image] = e->number;
            } else if (e->is_text) {
                c->texts[e->image] = e->text;
            } else {
                c->texts[e->image] = assay_arena_printf(t->arena, "%.17g", e->number);
                if (c->texts[e->image] == NULL) {
                    return assay_fail_memory(err);
                }
            }
        }
    }
    return ASSAY_OK;
}

/* A name without its ending: label maps and the images that they belong to differ there. */
static size_t stem_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(slash != NULL ? slash : name, '.');
    return dot != NULL ? (size_t)(dot - name) : strlen(name);
}

/* Rows by exact names; those that are not found, by names without their endings when `stems`. */
static assay_status join_by(int64_t *row_of, const assay_table *m, const assay_column *name,
                            const char *const *keys, int64_t n, bool stems, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_text_index *index = NULL;
    int64_t found = -1;
    ASSAY_TRY(assay_text_index_new(&index, n, err));
    for (int64_t r = 0; r < n; r++) {
        if (keys[r] != NULL) {
            ASSAY_GOTO(assay_text_index_put(&found, index, keys, r, err), done);
        }
    }
    for (int64_t i = 0; i < m->rows; i++) {
        const char *text = name->valid == NULL || name->valid[i] != 0 ? name->texts[i] : NULL;
        if (text != NULL && row_of[i] < 0) {
            row_of[i] =
                assay_text_index_find(index, keys, text, stems ? stem_of(text) : strlen(text));
        }
    }
done:
    assay_text_index_free(index);
    return status;
}

static assay_status join_names(int64_t *row_of, const assay_table *m, const assay_column *name,
                               const image_index *x, const char *path, assay_error *err)
{
    const char *const *files = (const char *const *)x->truth->image_file;
    int64_t n = x->truth->n_images;
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    int64_t found = 0;
    for (int64_t i = 0; i < m->rows; i++) {
        row_of[i] = -1;
    }
    ASSAY_TRY(join_by(row_of, m, name, files, n, false, err));
    ASSAY_TRY(assay_arena_new(&arena, (size_t)4 << 30, err));
    const char **stems = assay_arena_alloc(arena, (size_t)n + 1, sizeof *stems);
    for (int64_t r = 0; r < n && stems != NULL; r++) {
        stems[r] = files[r] == NULL
                       ? NULL
                       : assay_arena_printf(arena, "%.*s", (int)stem_of(files[r]), files[r]);
    }
    status = stems != NULL ? join_by(row_of, m, name, stems, n, true, err) : assay_fail_memory(err);
    for (int64_t i = 0; i < m->rows; i++) {
        found += row_of[i] >= 0;
    }
    if (status == ASSAY_OK && found == 0 && n > 0 && files[0] != NULL) {
        status = assay_fail(err, ASSAY_EFORMAT,
                            "%s: no row's file_name is that of an image of the truth, which are "
                            "called like '%s'",
                            path, files[0]);
    }
    assay_arena_free(arena);
    return status;
}

/* Rows of the images for the rows of a metadata table: by image_id or id, else by file_name. */
static assay_status join_rows(int64_t *row_of, const assay_table *m, const image_index *x,
                              const char *path, assay_error *err)
{
    const assay_column *id = assay_table_find(m, "image_id");
    const assay_column *name = assay_table_find(m, "file_name");
    id = id != NULL ? id : assay_table_find(m, "id");
    if ((id == NULL || id->type != ASSAY_COLUMN_INT) &&
        (name == NULL || name->type != ASSAY_COLUMN_TEXT)) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s has neither a column image_id of whole numbers nor file_name; one of "
                          "them says which image a row is about",
                          path);
    }
    if (id == NULL || id->type != ASSAY_COLUMN_INT) {
        return join_names(row_of, m, name, x, path, err);
    }
    for (int64_t i = 0; i < m->rows; i++) {
        row_of[i] = id->valid == NULL || id->valid[i] != 0 ? image_of(x, id->ints[i]) : -1;
    }
    return ASSAY_OK;
}

static assay_status add_metadata(assay_table *t, const assay_table *m, const int64_t *row_of,
                                 assay_error *err)
{
    for (int32_t k = 0; k < m->n_columns; k++) {
        const assay_column *from = &m->columns[k];
        assay_column *c = NULL;
        if (assay_table_find(t, from->name) != NULL) {
            continue;
        }
        const char *name = assay_arena_strdup(t->arena, from->name);
        if (name == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_table_add(&c, t, name, from->type, err));
        for (int64_t i = 0; i < m->rows; i++) {
            int64_t row = row_of[i];
            if (row < 0 || (from->valid != NULL && from->valid[i] == 0)) {
                continue;
            }
            c->valid[row] = 1;
            if (from->type == ASSAY_COLUMN_INT) {
                c->ints[row] = from->ints[i];
            } else if (from->type == ASSAY_COLUMN_REAL) {
                c->reals[row] = from->reals[i];
            } else {
                c->texts[row] = assay_arena_strdup(t->arena, from->texts[i]);
                c->valid[row] = c->texts[row] != NULL;
            }
        }
    }
    return ASSAY_OK;
}

static assay_status join_metadata(assay_table *t, const image_index *x, const char *path,
                                  assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_table *m = NULL;
    ASSAY_TRY(assay_duckdb_read_table(&m, path, err));
    int64_t *row_of = assay_alloc_raw((size_t)m->rows, sizeof *row_of);
    if (row_of == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(join_rows(row_of, m, x, path, err), done);
    status = add_metadata(t, m, row_of, err);
done:
    assay_free(row_of);
    assay_table_free(m);
    return status;
}

static assay_status image_table(assay_table **out, const image_index *x,
                                const assay_detection_choice *choice, assay_error *err)
{
    const assay_coco_truth *truth = x->truth;
    assay_column *id = NULL;
    assay_status status = ASSAY_OK;
    assay_table *t = NULL;
    ASSAY_TRY(assay_table_new(&t, truth->n_images, 0, err));
    ASSAY_GOTO(assay_table_add(&id, t, "image_id", ASSAY_COLUMN_INT, err), done);
    for (int64_t i = 0; i < t->rows; i++) {
        id->ints[i] = truth->image_id[i];
        id->valid[i] = 1;
    }
    ASSAY_GOTO(add_names(t, truth, err), done);
    ASSAY_GOTO(add_sizes(t, "width", truth->image_width, err), done);
    ASSAY_GOTO(add_sizes(t, "height", truth->image_height, err), done);
    if (!choice->images_only) {
        ASSAY_GOTO(add_counts(t, x, err), done);
    }
    ASSAY_GOTO(add_extras(t, truth, err), done);
    if (choice->columns != NULL) {
        ASSAY_GOTO(add_metadata(t, choice->columns, choice->row, err), done);
    }
    if (choice->metadata != NULL) {
        ASSAY_GOTO(join_metadata(t, x, choice->metadata, err), done);
    }
    *out = t;
    t = NULL;
done:
    assay_table_free(t);
    return status;
}

/* ---- the tables of boxes ---- */

enum { AREA, BOX_WIDTH, BOX_HEIGHT, ASPECT, CENTRE_X, CENTRE_Y, SCORE, GEOMETRY };

static double geometry(const assay_coco_rows *rows, int64_t i, int64_t image,
                       const assay_coco_truth *truth, int what)
{
    const double *b = rows->box + 4 * i;
    double width = image >= 0 && truth->image_width[image] > 0 ? truth->image_width[image] : 1.0;
    double height = image >= 0 && truth->image_height[image] > 0 ? truth->image_height[image] : 1.0;
    switch (what) {
    case AREA:
        return rows->area != NULL && (rows->has[i] & ASSAY_COCO_AREA) != 0 ? rows->area[i]
                                                                           : b[2] * b[3];
    case BOX_WIDTH:
        return b[2];
    case BOX_HEIGHT:
        return b[3];
    case ASPECT:
        return b[3] != 0.0 ? b[2] / b[3] : (double)NAN;
    case CENTRE_X:
        return (b[0] + b[2] / 2.0) / width;
    case CENTRE_Y:
        return (b[1] + b[3] / 2.0) / height;
    default:
        return rows->score != NULL ? rows->score[i] : (double)NAN;
    }
}

static assay_status add_geometry(assay_table *t, const assay_coco_rows *rows, const image_index *x,
                                 assay_error *err)
{
    static const char *const names[GEOMETRY] = {"area", "box_width", "box_height", "aspect",
                                                "x",    "y",         "score"};
    for (int k = 0; k < GEOMETRY; k++) {
        assay_column *c = NULL;
        ASSAY_TRY(assay_table_add(&c, t, names[k], ASSAY_COLUMN_REAL, err));
        for (int64_t i = 0; i < t->rows; i++) {
            c->reals[i] = geometry(rows, i, image_of(x, rows->image[i]), x->truth, k);
            c->valid[i] = (uint8_t)!isnan(c->reals[i]);
        }
    }
    return ASSAY_OK;
}

static assay_status add_category(assay_table *t, const assay_coco_rows *rows,
                                 const assay_coco_truth *truth, assay_error *err)
{
    assay_column *c = NULL;
    ASSAY_TRY(assay_table_add(&c, t, "category", ASSAY_COLUMN_TEXT, err));
    for (int64_t i = 0; i < t->rows; i++) {
        for (int64_t k = 0; k < truth->n_categories && c->valid[i] == 0; k++) {
            if (truth->category_id[k] == rows->category[i]) {
                c->texts[i] = truth->category_name[k];
                c->valid[i] = 1;
            }
        }
    }
    return ASSAY_OK;
}

/* What annotators say; results do not have it. */
static assay_status add_flags(assay_table *t, const assay_coco_rows *rows, assay_error *err)
{
    static const struct {
        const char *name;
        uint8_t flag; /* 0: crowd */
    } all[] = {{"crowd", 0},
               {"difficult", ASSAY_OBJECT_DIFFICULT},
               {"truncated", ASSAY_OBJECT_TRUNCATED},
               {"occluded", ASSAY_OBJECT_OCCLUDED}};
    for (size_t k = 0; k < ASSAY_COUNT(all); k++) {
        assay_column *c = NULL;
        ASSAY_TRY(assay_table_add(&c, t, all[k].name, ASSAY_COLUMN_INT, err));
        for (int64_t i = 0; i < t->rows && rows->flags != NULL; i++) {
            c->valid[i] = 1;
            c->ints[i] =
                all[k].flag == 0 ? rows->crowd[i] != 0 : (rows->flags[i] & all[k].flag) != 0;
        }
    }
    return ASSAY_OK;
}

/* Columns of the image that a box is in, under names that are not taken. */
static assay_status add_image_columns(assay_table *t, const assay_coco_rows *rows,
                                      const image_index *x, const assay_table *images,
                                      assay_error *err)
{
    for (int32_t k = 0; k < images->n_columns; k++) {
        const assay_column *from = &images->columns[k];
        assay_column *c = NULL;
        if (assay_table_find(t, from->name) != NULL) {
            continue;
        }
        ASSAY_TRY(assay_table_add(&c, t, from->name, from->type, err));
        for (int64_t i = 0; i < t->rows; i++) {
            int64_t row = image_of(x, rows->image[i]);
            if (row < 0 || from->valid[row] == 0) {
                continue;
            }
            c->valid[i] = 1;
            if (from->type == ASSAY_COLUMN_INT) {
                c->ints[i] = from->ints[row];
            } else if (from->type == ASSAY_COLUMN_REAL) {
                c->reals[i] = from->reals[row];
            } else {
                c->texts[i] = from->texts[row];
            }
        }
    }
    return ASSAY_OK;
}

static assay_status select_boxes(uint8_t *mask, int64_t *n, const assay_coco_rows *rows,
                                 const image_index *x, const assay_table *images, const char *where,
                                 assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_table *t = NULL;
    ASSAY_TRY(assay_table_new(&t, rows->n, 0, err));
    ASSAY_GOTO(add_category(t, rows, x->truth, err), done);
    ASSAY_GOTO(add_geometry(t, rows, x, err), done);
    ASSAY_GOTO(add_flags(t, rows, err), done);
    ASSAY_GOTO(add_image_columns(t, rows, x, images, err), done);
    ASSAY_GOTO(assay_duckdb_select(mask, t, where, err), done);
    *n = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        *n += mask[i];
    }
done:
    assay_table_free(t);
    return status;
}

/* ---- the two questions ---- */

static assay_status select_where(assay_detection_selection *s, const image_index *x,
                                 const assay_coco_rows *results, const assay_table *images,
                                 const assay_detection_choice *choice, assay_error *err)
{
    const assay_coco_truth *truth = x->truth;
    const char *where = choice->where;
    s->images = assay_alloc((size_t)truth->n_images, 1);
    s->objects = assay_alloc((size_t)truth->objects.n, 1);
    s->results = assay_alloc((size_t)results->n, 1);
    if (s->images == NULL || s->objects == NULL || s->results == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status =
        assay_duckdb_select(s->images, images, where, choice->images_only ? err : NULL);
    if (choice->images_only && status != ASSAY_OK) {
        return status;
    }
    if (status == ASSAY_OK) {
        s->n_images = 0;
        for (int64_t i = 0; i < truth->n_images; i++) {
            s->n_images += s->images[i];
        }
        s->slice.images = s->images;
        return s->n_images > 0 || choice->plan
                   ? ASSAY_OK
                   : assay_fail(err, ASSAY_EINVAL, "no image fulfils --where \"%s\"", where);
    }
    ASSAY_TRY(select_boxes(s->objects, &s->n_objects, &truth->objects, x, images, where, err));
    ASSAY_TRY(select_boxes(s->results, &s->n_results, results, x, images, where, err));
    s->slice.objects = s->objects;
    s->slice.results = s->results;
    return s->n_objects > 0 || choice->plan
               ? ASSAY_OK
               : assay_fail(err, ASSAY_EINVAL, "no object fulfils --where \"%s\"", where);
}

static assay_status set_clusters(assay_detection_selection *s, assay_table *images,
                                 const assay_detection_choice *choice, assay_error *err)
{
    const char *name = choice->cluster;
    const assay_column *c = assay_table_find(images, name);
    assay_status status = ASSAY_OK;
    int64_t n = images->rows;
    int64_t code = -1;
    if (c == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "%s names the column '%s', but the images have %s%s",
                          choice->plan ? "cluster" : "--cluster", name, assay_table_names(images),
                          choice->plan ? "" : "; --metadata FILE adds columns");
    }
    int64_t *order = assay_alloc_raw((size_t)n, sizeof *order);
    s->cluster = assay_alloc_raw((size_t)n, sizeof *s->cluster);
    if (order == NULL || s->cluster == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        if (c->valid != NULL && c->valid[i] == 0) {
            status = assay_fail(err, ASSAY_EFORMAT, "image %" PRId64 " has no value of '%s'", i + 1,
                                name);
            goto done;
        }
    }
    status = c->type == ASSAY_COLUMN_TEXT
                 ? assay_sort_order_text(order, (const char *const *)c->texts, n, err)
             : c->type == ASSAY_COLUMN_INT ? assay_sort_order_i64(order, c->ints, n, err)
                                           : assay_sort_order(order, c->reals, n, 0, err);
    for (int64_t i = 0; status == ASSAY_OK && i < n; i++) {
        int64_t a = order[i];
        int64_t b = i > 0 ? order[i - 1] : -1;
        bool same = b >= 0 && (c->type == ASSAY_COLUMN_TEXT  ? strcmp(c->texts[a], c->texts[b]) == 0
                               : c->type == ASSAY_COLUMN_INT ? c->ints[a] == c->ints[b]
                                                             : c->reals[a] == c->reals[b]);
        code += !same;
        s->cluster[a] = code;
    }
done:
    assay_free(order);
    return status;
}

assay_status assay_detection_select(assay_detection_selection *out, const assay_coco_truth *truth,
                                    const assay_coco_rows *results,
                                    const assay_detection_choice *choice, assay_error *err)
{
    assay_status status = ASSAY_OK;
    image_index x = {0};
    assay_table *images = NULL;
    *out = (assay_detection_selection){.n_images = -1, .n_objects = -1, .n_results = -1};
    if (choice->where == NULL && choice->cluster == NULL) {
        return ASSAY_OK;
    }
    ASSAY_GOTO(index_images(&x, truth, err), done);
    ASSAY_GOTO(image_table(&images, &x, choice, err), done);
    if (choice->where != NULL) {
        ASSAY_GOTO(select_where(out, &x, results, images, choice, err), done);
    }
    if (choice->cluster != NULL) {
        ASSAY_GOTO(set_clusters(out, images, choice, err), done);
    }
done:
    assay_free(x.order);
    assay_table_free(images);
    if (status != ASSAY_OK) {
        assay_detection_selection_dispose(out);
    }
    return status;
}

void assay_detection_selection_dispose(assay_detection_selection *selection)
{
    assay_free(selection->cluster);
    assay_free(selection->images);
    assay_free(selection->objects);
    assay_free(selection->results);
    *selection = (assay_detection_selection){0};
}
