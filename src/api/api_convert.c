#include <inttypes.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "adapters/filesystem/folder_part.h"
#include "api/annotations_convert.h"
#include "api/context.h"
#include "assay/version.h"
#include "base/alloc.h"
#include "base/text.h"
#include "base/text_index.h"
#include "codec/image_names.h"
#include "codec/visdrone_read.h"

static assay_status target_of(assay_conversion *c, bool *parquet, const assay_convert_request *r,
                              assay_error *err)
{
    static const char *const names[] = {"coco", "yolo", "voc",     "labelme", "visdrone",
                                        "dota", "csv",  "parquet", "table",   "yolo-pose"};
    enum { POSE = 9 };
    const char *to = r->to;
    *parquet = assay_text_ends_nocase(r->out, ".parquet");
    if (to == NULL) {
        to = *parquet                                  ? "parquet"
             : assay_text_ends_nocase(r->out, ".csv")  ? "csv"
             : assay_text_ends_nocase(r->out, ".json") ? "coco"
                                                       : NULL;
    }
    if (to == NULL) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "--to FORMAT is missing: coco, yolo, yolo-pose, voc, labelme, visdrone, dota, csv "
            "or parquet");
    }
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        if (strcmp(to, names[i]) == 0) {
            *parquet = *parquet || i == 7;
            c->pose = i == POSE;
            c->to = c->pose ? ASSAY_ANNOTATIONS_YOLO : i < 6 ? (int)i + 1 : ASSAY_ANNOTATIONS_TABLE;
            return ASSAY_OK;
        }
    }
    const char *nearest = assay_text_nearest(to, names, ASSAY_COUNT(names));
    return assay_fail(err, ASSAY_EINVAL, "--to '%s' is no format%s%s%s", to,
                      nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
                      nearest != NULL ? "'?" : "");
}

/* ---- one file per image ---- */

typedef struct layout {
    const char *folder, *ending, *images;
    assay_annotation_write_fn write;
} layout;

static const layout layouts[] = {
    [ASSAY_ANNOTATIONS_YOLO] = {"labels", ".txt", "images", assay_write_yolo},
    [ASSAY_ANNOTATIONS_VOC] = {"Annotations", ".xml", "JPEGImages", assay_write_voc},
    [ASSAY_ANNOTATIONS_LABELME] = {"", ".json", NULL, assay_write_labelme},
    [ASSAY_ANNOTATIONS_VISDRONE] = {"annotations", ".txt", "images", assay_write_visdrone},
    [ASSAY_ANNOTATIONS_DOTA] = {"labelTxt", ".txt", "images", assay_write_dota}};

/* The file name without extension, kept inside the folder whatever it says. */
static assay_status stem_of(const char **out, const assay_conversion *c, int64_t image,
                            assay_error *err)
{
    const assay_coco_truth *t = c->truth;
    const char *file = t->image_file != NULL ? t->image_file[image] : NULL;
    if (file == NULL) {
        *out = assay_arena_printf(c->arena, "%" PRId64, t->image_id[image]);
        return *out != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    size_t size = assay_file_without_extension(file, strlen(file));
    char *stem = assay_arena_alloc(c->arena, size + 1, 1);
    if (stem == NULL) {
        return assay_fail_memory(err);
    }
    size_t n = 0;
    for (size_t i = 0; i < size;) {
        size_t end = i;
        while (end < size && file[end] != '/' && file[end] != '\\') {
            end++;
        }
        bool dots = (end - i == 1 && file[i] == '.') ||
                    (end - i == 2 && file[i] == '.' && file[i + 1] == '.');
        if (end > i && !dots) {
            if (n > 0) {
                stem[n++] = '/';
            }
            memcpy(stem + n, file + i, end - i);
            n += end - i;
        }
        i = end + 1;
    }
    stem[n] = '\0';
    *out = stem;
    return n > 0 ? ASSAY_OK
                 : assay_fail(err, ASSAY_EFORMAT, "the image %" PRId64 " has the file name '%s'",
                              t->image_id[image], file);
}

static assay_status stems_of(const char ***out, const assay_conversion *c, assay_error *err)
{
    assay_text_index *index = NULL;
    int64_t n = c->truth->n_images;
    assay_status status = ASSAY_OK;
    const char **stems = assay_arena_alloc(c->arena, (size_t)n + 1, sizeof *stems);
    if (stems == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_text_index_new(&index, n, err));
    for (int64_t i = 0; i < n; i++) {
        int64_t found = -1;
        ASSAY_GOTO(stem_of(&stems[i], c, i, err), done);
        ASSAY_GOTO(assay_text_index_put(&found, index, stems, i, err), done);
        if (found >= 0) {
            status = assay_fail(err, ASSAY_EFORMAT,
                                "two images would be written to the same file: '%s'", stems[i]);
            goto done;
        }
    }
    *out = stems;
done:
    assay_text_index_free(index);
    return status;
}

static assay_status write_below(const assay_conversion *c, const char *folder, const char *name,
                                const assay_buffer *text, assay_error *err)
{
    ASSAY_TRY(assay_buffer_status(text, err));
    const char *path = assay_path_join(c->arena, folder, name);
    const char *parent = path != NULL ? assay_path_folder(c->arena, path) : NULL;
    if (parent == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_folder_make(parent, err));
    return assay_file_put(path, text->data != NULL ? text->data : "", text->size, err);
}

static assay_status write_image(assay_conversion *c, const layout *l, const char *folder,
                                const char *stem, int64_t image, assay_buffer *text,
                                assay_error *err)
{
    const assay_coco_truth *t = c->truth;
    bool bare = c->view.first[image] == c->view.first[image + 1];
    if (c->to == ASSAY_ANNOTATIONS_YOLO && !bare &&
        (t->image_width[image] <= 0 || t->image_height[image] <= 0)) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the size of the image %" PRId64
                          " is not known, and YOLO boxes are shares "
                          "of it: say where the images are (--images FOLDER)",
                          t->image_id[image]);
    }
    if (bare && c->view.results) {
        return ASSAY_OK; /* no detections, no file */
    }
    const char *name = assay_arena_printf(c->arena, "%s%s", stem, l->ending);
    if (name == NULL) {
        return assay_fail_memory(err);
    }
    assay_buffer_clear(text);
    l->write(text, &c->view, image, &c->losses);
    c->files++;
    return write_below(c, folder, name, text, err);
}

/* YOLO takes what lies in the folder of images for the set: a link to each image that is listed, and to no
 * other one. True when all are there. */
static bool link_each(const assay_conversion *c, const char *images, const char *const *stems)
{
    const assay_coco_truth *t = c->truth;
    bool all = t->image_file != NULL;
    for (int64_t i = 0; all && i < t->n_images; i++) {
        const char *file = t->image_file[i];
        const char *target = file != NULL ? assay_path_join(c->arena, c->notes.images, file) : NULL;
        const char *dot = file != NULL ? strrchr(file, '.') : NULL;
        const char *link = target != NULL && dot != NULL && strchr(dot, '/') == NULL
                               ? assay_arena_printf(c->arena, "%s/%s%s", images, stems[i], dot)
                               : NULL;
        const char *parent = link != NULL ? assay_path_folder(c->arena, link) : NULL;
        all = parent != NULL && assay_file_kind(target) == 1 &&
              assay_folder_make(parent, NULL) == ASSAY_OK && assay_link_make(link, target);
    }
    return all;
}

static assay_status write_images(assay_conversion *c, const char *folder, assay_error *err)
{
    const layout *l = &layouts[c->to];
    const char **stems = NULL;
    assay_buffer text;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(stems_of(&stems, c, err));
    const char *below = l->folder[0] != '\0' && !c->view.results
                            ? assay_path_join(c->arena, folder, l->folder)
                            : folder;
    if (below == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_folder_make(below, err));
    assay_buffer_init(&text, (size_t)4 << 30);
    for (int64_t i = 0; i < c->truth->n_images; i++) {
        if (c->context->cancel.requested != 0) {
            status = assay_fail(err, ASSAY_ECANCELLED, "interrupted");
            goto done;
        }
        ASSAY_GOTO(write_image(c, l, below, stems[i], i, &text, err), done);
    }
    if (c->losses.foreign > 0 && c->losses.foreign == c->view.first[c->truth->n_images]) {
        status = assay_fail(err, ASSAY_EFORMAT,
                            "none of the objects is of a class that the format has (%s, ...): "
                            "nothing would be left",
                            assay_visdrone_classes[1]);
        goto done;
    }
    if (c->to == ASSAY_ANNOTATIONS_YOLO && !c->view.results) {
        assay_buffer_clear(&text);
        assay_write_data_yaml(&text, &c->view);
        ASSAY_GOTO(write_below(c, folder, "data.yaml", &text, err), done);
    }
    if (l->images != NULL && !c->view.results) {
        const char *link = assay_path_join(c->arena, folder, l->images);
        c->each = c->to == ASSAY_ANNOTATIONS_YOLO;
        c->linked = c->notes.images[0] != '\0' && link != NULL &&
                    (c->each ? link_each(c, link, stems) : assay_link_make(link, c->notes.images));
        c->images = l->images;
    }
done:
    assay_buffer_dispose(&text);
    return status;
}

/* "Task1_small-vehicle.txt": results of DOTA are a file per class, for every class of the truth. */
static assay_status write_classes(assay_conversion *c, const char *folder, assay_error *err)
{
    const char **stems = NULL;
    assay_buffer text;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(stems_of(&stems, c, err));
    ASSAY_TRY(assay_folder_make(folder, err));
    assay_buffer_init(&text, (size_t)4 << 30);
    for (int64_t k = 0; k < c->truth->n_categories; k++) {
        char *name = assay_arena_printf(c->arena, "Task1_%s.txt", c->truth->category_name[k]);
        bool renamed = false;
        for (char *p = name; p != NULL && *p != '\0'; p++) {
            bool foreign = (unsigned char)*p <= ' ' || *p == '/' || *p == '\\';
            *p = foreign ? '-' : *p;
            renamed = renamed || foreign;
        }
        if (name == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
        assay_buffer_clear(&text);
        for (int64_t i = 0; i < c->truth->n_images; i++) {
            assay_write_dota_results(&text, &c->view, i, stems[i], k, &c->losses);
        }
        c->losses.renamed += renamed && text.size > 0;
        c->files++;
        ASSAY_GOTO(write_below(c, folder, name, &text, err), done);
    }
done:
    assay_buffer_dispose(&text);
    return status;
}

static assay_status write_folder(assay_conversion *c, const char *out, assay_error *err)
{
    assay_folder_part part = {0};
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(assay_folder_part_begin(&part, out, c->arena, err), done);
    ASSAY_GOTO(c->to == ASSAY_ANNOTATIONS_DOTA && c->view.results
                   ? write_classes(c, part.temporary, err)
                   : write_images(c, part.temporary, err),
               done);
    status = assay_folder_part_commit(&part, err);
done:
    assay_folder_part_dispose(&part);
    return status;
}

static assay_status write_coco(assay_conversion *c, const char *out, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, (size_t)16 << 30);
    assay_write_coco(&text, &c->view, &c->losses);
    c->files = 1;
    assay_status status = assay_buffer_status(&text, err);
    if (status == ASSAY_OK) {
        status = assay_file_write(out, text.data, text.size, err);
    }
    assay_buffer_dispose(&text);
    return status;
}

static assay_status write_target(assay_conversion *c, const char *out, bool parquet,
                                 assay_error *err)
{
    if (c->view.results && (c->to == ASSAY_ANNOTATIONS_VOC || c->to == ASSAY_ANNOTATIONS_LABELME)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "detections are written as coco, yolo, visdrone, dota, csv or parquet");
    }
    if (c->to == ASSAY_ANNOTATIONS_COCO) {
        return write_coco(c, out, err);
    }
    if (c->to == ASSAY_ANNOTATIONS_TABLE) {
        c->files = 1;
        return assay_conversion_write_table(c, out, parquet, err);
    }
    return write_folder(c, out, err);
}

/* ---- reading ---- */

/* As many as the object with the most has. */
static assay_status count_keypoints(assay_conversion *c, assay_error *err)
{
    const assay_coco_rows *rows = c->view.rows;
    for (int64_t i = 0; rows->points.count != NULL && i < rows->n; i++) {
        c->view.pose = rows->points.count[i] > c->view.pose ? rows->points.count[i] : c->view.pose;
    }
    return c->view.pose > 0 ? ASSAY_OK
                            : assay_fail(err, ASSAY_EFORMAT,
                                         "no object has keypoints; write boxes and outlines with "
                                         "--to yolo");
}

static assay_status read_source(assay_conversion *c, const assay_convert_request *r,
                                assay_coco_truth **truth, assay_coco_rows **rows, assay_error *err)
{
    assay_annotation_options options = {0};
    assay_annotation_notes notes;
    ASSAY_TRY(assay_annotation_source_options(&options, &r->source, err));
    if (r->truth == NULL) {
        ASSAY_TRY(assay_annotations_truth(truth, &c->notes, r->source.path, &options, err));
    } else {
        assay_annotation_options of_truth = options;
        of_truth.format = r->truth_format;
        options.images = NULL;
        ASSAY_TRY(assay_annotations_truth(truth, &notes, r->truth, &of_truth, err));
        ASSAY_TRY(
            assay_annotations_results(rows, &c->notes, r->source.path, *truth, &options, err));
    }
    c->truth = *truth;
    ASSAY_TRY(assay_annotation_view_new(&c->view, *truth, *rows, &c->losses, err));
    return c->pose ? count_keypoints(c, err) : ASSAY_OK;
}

static void count_vanished(assay_conversion *c)
{
    const assay_coco_truth *t = c->truth;
    bool kept =
        c->to == ASSAY_ANNOTATIONS_COCO || c->to == ASSAY_ANNOTATIONS_YOLO || c->view.results;
    if (kept) {
        return;
    }
    uint8_t *used = assay_arena_alloc(c->arena, (size_t)t->n_categories + 1, 1);
    for (int64_t i = 0; used != NULL && i < c->view.first[t->n_images]; i++) {
        used[c->view.category[c->view.row[i]]] = 1;
    }
    for (int64_t k = 0; used != NULL && k < t->n_categories; k++) {
        c->losses.classes += used[k] == 0 && c->to != ASSAY_ANNOTATIONS_VISDRONE;
    }
}

assay_status assay_convert(char **json, char **text, assay_context *context,
                           const assay_convert_request *r, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_conversion c = {.context = context};
    assay_coco_truth *truth = NULL;
    assay_coco_rows *rows = NULL;
    bool parquet = false;
    if (json != NULL) {
        *json = NULL;
    }
    if (text != NULL) {
        *text = NULL;
    }
    if (r->struct_size != sizeof *r) {
        return assay_fail(err, ASSAY_EINVAL, "assay_convert_request has an unknown size");
    }
    if (r->out == NULL || r->source.path == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "the annotations or --out are not named");
    }
    ASSAY_TRY(target_of(&c, &parquet, r, err));
    ASSAY_GOTO(assay_arena_new(&c.arena, (size_t)8 << 30, err), done);
    ASSAY_GOTO(read_source(&c, r, &truth, &rows, err), done);
    count_vanished(&c);
    ASSAY_GOTO(write_target(&c, r->out, parquet, err), done);
    if (json != NULL) {
        ASSAY_GOTO(assay_conversion_json(json, &c, r, err), done);
    }
    if (text != NULL) {
        ASSAY_GOTO(assay_conversion_text(text, &c, r, err), done);
    }
done:
    assay_annotation_view_dispose(&c.view);
    assay_coco_results_free(rows);
    assay_coco_truth_free(truth);
    assay_arena_free(c.arena);
    return status;
}
