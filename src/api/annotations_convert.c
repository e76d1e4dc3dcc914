/* Tables, and what is said about a conversion. */
#include "api/annotations_convert.h"

#include <inttypes.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "api/context.h"
#include "assay/version.h"
#include "base/json_write.h"

/* ---- tables ---- */

typedef enum column {
    IMAGE,
    IMAGE_WIDTH,
    IMAGE_HEIGHT,
    CLASS,
    XMIN,
    YMIN,
    XMAX,
    YMAX,
    SCORE,
    CROWD,
    DIFFICULT,
    TRUNCATED,
    OCCLUDED,
    COLUMNS
} column;

static const struct {
    const char *name;
    assay_column_type type;
    int where; /* 1 truth, 2 results, 3 both */
} table_columns[COLUMNS] = {
    {"image", ASSAY_COLUMN_TEXT, 3},       {"image_width", ASSAY_COLUMN_INT, 1},
    {"image_height", ASSAY_COLUMN_INT, 1}, {"class", ASSAY_COLUMN_TEXT, 3},
    {"xmin", ASSAY_COLUMN_REAL, 3},        {"ymin", ASSAY_COLUMN_REAL, 3},
    {"xmax", ASSAY_COLUMN_REAL, 3},        {"ymax", ASSAY_COLUMN_REAL, 3},
    {"score", ASSAY_COLUMN_REAL, 2},       {"iscrowd", ASSAY_COLUMN_INT, 1},
    {"difficult", ASSAY_COLUMN_INT, 1},    {"truncated", ASSAY_COLUMN_INT, 1},
    {"occluded", ASSAY_COLUMN_INT, 1}};

static void put_int(assay_column *c, int64_t at, int64_t value)
{
    if (c != NULL) {
        c->ints[at] = value;
        c->valid[at] = 1;
    }
}

static void put_real(assay_column *c, int64_t at, double value)
{
    if (c != NULL) {
        c->reals[at] = value;
        c->valid[at] = 1;
    }
}

static void put_text(assay_column *c, int64_t at, const char *value)
{
    c->texts[at] = value;
    c->valid[at] = 1;
}

/* The image's part of a table row. */
static assay_status fill_image(assay_column **c, int64_t at, const assay_conversion *v,
                               int64_t image, assay_error *err)
{
    const assay_coco_truth *t = v->truth;
    const char *name = t->image_file != NULL ? t->image_file[image] : NULL;
    if (name == NULL) {
        name = assay_arena_printf(v->arena, "%" PRId64, t->image_id[image]);
        if (name == NULL) {
            return assay_fail_memory(err);
        }
    }
    put_text(c[IMAGE], at, name);
    if (t->image_width[image] > 0) {
        put_int(c[IMAGE_WIDTH], at, t->image_width[image]);
        put_int(c[IMAGE_HEIGHT], at, t->image_height[image]);
    }
    return ASSAY_OK;
}

static void fill_object(assay_column **c, int64_t at, assay_conversion *v, int64_t row,
                        const double box[4])
{
    const assay_coco_rows *r = v->view.rows;
    put_text(c[CLASS], at, v->truth->category_name[v->view.category[row]]);
    put_real(c[XMIN], at, box[0]);
    put_real(c[YMIN], at, box[1]);
    put_real(c[XMAX], at, box[0] + box[2]);
    put_real(c[YMAX], at, box[1] + box[3]);
    v->losses.keypoints += r->points.count != NULL && r->points.count[row] > 0;
    v->losses.masks += (r->has[row] & ASSAY_COCO_RUNS) != 0;
    v->losses.outlines += (r->has[row] & ASSAY_COCO_POLYGONS) != 0;
    if (v->view.results) {
        put_real(c[SCORE], at, r->score[row]);
        return;
    }
    double area = box[2] * box[3];
    bool other =
        r->area[row] < area * (1.0 - 1e-6) - 1e-6 || r->area[row] > area * (1.0 + 1e-6) + 1e-6;
    v->losses.areas += (r->has[row] & ASSAY_COCO_AREA) != 0 && other;
    put_int(c[CROWD], at, r->crowd[row]);
    put_int(c[DIFFICULT], at, (r->flags[row] & ASSAY_OBJECT_DIFFICULT) != 0);
    put_int(c[TRUNCATED], at, (r->flags[row] & ASSAY_OBJECT_TRUNCATED) != 0);
    put_int(c[OCCLUDED], at, (r->flags[row] & ASSAY_OBJECT_OCCLUDED) != 0);
}

static assay_status fill(assay_table *table, assay_conversion *v, assay_error *err)
{
    assay_column *c[COLUMNS] = {0};
    int64_t at = 0;
    for (int k = 0; k < COLUMNS; k++) {
        if ((table_columns[k].where & (v->view.results ? 2 : 1)) != 0) {
            ASSAY_TRY(
                assay_table_add(&c[k], table, table_columns[k].name, table_columns[k].type, err));
        }
    }
    for (int64_t i = 0; i < v->truth->n_images; i++) {
        int64_t before = at;
        for (int64_t k = v->view.first[i]; k < v->view.first[i + 1]; k++) {
            double box[4];
            int64_t row = v->view.row[k];
            if (!assay_annotation_box(box, &v->view, row)) {
                v->losses.unboxed++;
                continue;
            }
            ASSAY_TRY(fill_image(c, at, v, i, err));
            fill_object(c, at++, v, row, box);
        }
        if (at == before && !v->view.results) {
            ASSAY_TRY(fill_image(c, at++, v, i, err));
        }
    }
    table->rows = at;
    return ASSAY_OK;
}

static void put_csv_text(assay_buffer *out, const char *text)
{
    bool quote = strpbrk(text, ",\"\r\n;\t|") != NULL || text[0] == '\0';
    if (!quote) {
        assay_buffer_puts(out, text);
        return;
    }
    assay_buffer_putc(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            assay_buffer_putc(out, '"');
        }
        assay_buffer_putc(out, *text);
    }
    assay_buffer_putc(out, '"');
}

static assay_status write_csv(const assay_table *table, const char *path, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, (size_t)16 << 30);
    for (int32_t k = 0; k < table->n_columns; k++) {
        assay_buffer_printf(&text, "%s%s", k > 0 ? "," : "", table->columns[k].name);
    }
    assay_buffer_putc(&text, '\n');
    for (int64_t i = 0; i < table->rows; i++) {
        for (int32_t k = 0; k < table->n_columns; k++) {
            const assay_column *c = &table->columns[k];
            char number[32];
            if (k > 0) {
                assay_buffer_putc(&text, ',');
            }
            if (c->valid[i] == 0) {
                continue;
            }
            if (c->type == ASSAY_COLUMN_TEXT) {
                put_csv_text(&text, c->texts[i]);
            } else if (c->type == ASSAY_COLUMN_INT) {
                assay_buffer_printf(&text, "%" PRId64, c->ints[i]);
            } else {
                assay_format_real(number, c->reals[i]);
                assay_buffer_puts(&text, number);
            }
        }
        assay_buffer_putc(&text, '\n');
    }
    assay_status status = assay_buffer_status(&text, err);
    if (status == ASSAY_OK) {
        status = assay_file_write(path, text.data, text.size, err);
    }
    assay_buffer_dispose(&text);
    return status;
}

assay_status assay_conversion_write_table(assay_conversion *c, const char *path, bool parquet,
                                          assay_error *err)
{
    assay_table *table = NULL;
    int64_t most = c->view.first[c->truth->n_images] + (c->view.results ? 0 : c->truth->n_images);
    ASSAY_TRY(assay_table_new(&table, most, 0, err));
    assay_status status = fill(table, c, err);
    if (status == ASSAY_OK) {
        status = parquet ? assay_duckdb_write_table(path, table, err) : write_csv(table, path, err);
    }
    assay_table_free(table);
    return status;
}

/* ---- what is said ---- */

enum { LOSSES = 14 };

static int losses_of(const char *texts[LOSSES], int64_t counts[LOSSES],
                     const assay_annotation_losses *l)
{
    const struct {
        int64_t count;
        const char *text;
    } all[LOSSES] = {
        {l->unlisted, "objects of images or classes that are not listed: left out"},
        {l->unboxed, "objects without a box: left out"},
        {l->foreign, "objects of classes that the format does not have: left out"},
        {l->outlines, "outlines: the boxes are kept"},
        {l->parts, "outlines of several parts: the boxes are kept"},
        {l->masks, "masks: the boxes are kept"},
        {l->crowds, "crowds: they become ordinary objects"},
        {l->flags, "objects with attributes that the format does not have"},
        {l->areas, "areas that differ from the box or outline: these decide what is small"},
        {l->rounded, "boxes rounded to whole pixels"},
        {l->keypoints, "objects with keypoints: these are left out"},
        {l->renamed, "objects of classes with blanks in the name: written with '-'"},
        {l->bare, "images without objects, which vanish"},
        {l->classes, "classes without objects, which vanish"}};
    int n = 0;
    for (int i = 0; i < LOSSES; i++) {
        if (all[i].count > 0) {
            counts[n] = all[i].count;
            texts[n++] = all[i].text;
        }
    }
    return n;
}

assay_status assay_conversion_text(char **out, const assay_conversion *c,
                                   const assay_convert_request *r, assay_error *err)
{
    const char *texts[LOSSES];
    int64_t counts[LOSSES];
    assay_buffer text;
    int n = losses_of(texts, counts, &c->losses);
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text,
                        "%s (%s) to %s (%s): %" PRId64 " images, %" PRId64 " %s, %" PRId64
                        " classes in %" PRId64 " file%s\n",
                        r->source.path, assay_annotation_format_name(c->notes.format), r->out,
                        assay_annotation_format_name((assay_annotation_format)c->to),
                        c->truth->n_images, c->view.first[c->truth->n_images],
                        c->view.results ? "detections" : "objects", c->truth->n_categories,
                        c->files, c->files == 1 ? "" : "s");
    assay_buffer_puts(&text, n > 0 ? "Lost on the way:\n" : "Nothing was lost.\n");
    for (int i = 0; i < n; i++) {
        assay_buffer_printf(&text, "%10" PRId64 "  %s\n", counts[i], texts[i]);
    }
    if (c->images != NULL && !c->linked) {
        assay_buffer_printf(&text, "Put the images into %s/%s: sizes are read from them.\n", r->out,
                            c->images);
    } else if (c->images != NULL) {
        assay_buffer_printf(
            &text, c->each ? "%s/%s has links to the images in %s.\n" : "%s/%s is a link to %s.\n",
            r->out, c->images, c->notes.images);
    }
    return assay_text_take(out, &text, err);
}

assay_status assay_conversion_json(char **out, const assay_conversion *c,
                                   const assay_convert_request *r, assay_error *err)
{
    const char *texts[LOSSES];
    int64_t counts[LOSSES];
    assay_buffer text;
    assay_json json;
    int n = losses_of(texts, counts, &c->losses);
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "assay", ASSAY_VERSION);
    assay_json_put_int(&json, "schema", 1);
    assay_json_put_text(&json, "path", r->source.path);
    assay_json_put_text(&json, "format", assay_annotation_format_name(c->notes.format));
    assay_json_put_text(&json, "out", r->out);
    assay_json_put_text(&json, "to", assay_annotation_format_name((assay_annotation_format)c->to));
    assay_json_put_int(&json, "images", c->truth->n_images);
    assay_json_put_int(&json, "objects", c->view.first[c->truth->n_images]);
    assay_json_put_int(&json, "classes", c->truth->n_categories);
    assay_json_put_int(&json, "files", c->files);
    assay_json_key(&json, "losses");
    assay_json_begin_array(&json);
    for (int i = 0; i < n; i++) {
        assay_json_begin_object(&json);
        assay_json_put_int(&json, "count", counts[i]);
        assay_json_put_text(&json, "text", texts[i]);
        assay_json_end_object(&json);
    }
    assay_json_end_array(&json);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}
