/* Annotation files into one truth, or into results for one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/file_stream.h"
#include "adapters/filesystem/folder_walk.h"
#include "api/annotations.h"
#include "api/annotations_table.h"
#include "base/alloc.h"
#include "base/text.h"
#include "codec/annotation_draft.h"
#include "codec/dota_read.h"
#include "codec/labelme_read.h"
#include "codec/visdrone_read.h"
#include "codec/yolo_read.h"

typedef struct reader {
    const assay_annotation_options *options;
    const char *path;
    assay_arena *arena;
    assay_annotation_set set;
    assay_annotation_notes *notes;
    assay_annotation_draft *draft;
    assay_digest *digest;
    bool results;
    int64_t *classes; /* draft's row of class number k */
    int64_t n_classes;
    assay_yolo_keypoints keypoints;
} reader;

static assay_status read_file(uint8_t **bytes, size_t *size, reader *r, const char *path,
                              assay_error *err)
{
    ASSAY_TRY(assay_file_read(bytes, size, path, 0, err));
    r->notes->files++;
    if (r->digest != NULL) {
        assay_digest_text(r->digest,
                          path + (assay_text_starts(path, r->path) ? strlen(r->path) : 0));
        assay_digest_i64(r->digest, (int64_t)*size);
        assay_digest_update(r->digest, *bytes, *size);
    }
    return ASSAY_OK;
}

/* Classes that have numbers enter the draft in their order, or are looked up in the truth. */
static assay_status number_classes(reader *r, const char *const *names, int64_t n, assay_error *err)
{
    r->classes = assay_arena_alloc(r->arena, (size_t)n + 1, sizeof *r->classes);
    if (r->classes == NULL) {
        return assay_fail_memory(err);
    }
    r->n_classes = n;
    for (int64_t k = 0; k < n; k++) {
        char number[24];
        const char *name = names[k];
        if (name[0] == '\0') {
            (void)snprintf(number, sizeof number, "%" PRId64, k);
            name = number;
        }
        ASSAY_TRY(
            assay_annotation_draft_category(&r->classes[k], r->draft, name, strlen(name), err));
        if (!r->results && r->classes[k] != k) {
            return assay_fail(err, ASSAY_EFORMAT, "two classes are called '%s'", name);
        }
    }
    return ASSAY_OK;
}

static assay_status prepare_classes(reader *r, assay_error *err)
{
    if (r->set.format == ASSAY_ANNOTATIONS_VISDRONE) {
        return number_classes(r, assay_visdrone_classes, ASSAY_VISDRONE_CLASSES, err);
    }
    if (r->set.format == ASSAY_ANNOTATIONS_YOLO && r->set.names != NULL) {
        return number_classes(r, r->set.names, r->set.n_names, err);
    }
    if (r->set.format == ASSAY_ANNOTATIONS_YOLO && !r->results) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the names of the classes are not known: put a data.yaml (names:) into "
                          "the folder, or a classes.txt with one name per line");
    }
    return ASSAY_OK;
}

/* ---- one image ---- */

static assay_status image_row(int64_t *row, reader *r, const assay_annotation_file *file,
                              bool sized, assay_error *err)
{
    int32_t width = 0;
    int32_t height = 0;
    if (sized && !r->results && file->image != NULL) {
        ASSAY_TRY(assay_image_file_size(&width, &height, file->image, err));
    }
    return assay_annotation_draft_image(row, r->draft, file->name, strlen(file->name), width,
                                        height, err);
}

/* "Task1_plane.txt": the class that a file of DOTA results is for. */
static assay_status dota_results(reader *r, const assay_annotation_file *file, const char *bytes,
                                 size_t size, assay_error *err)
{
    const char *slash = strrchr(file->name, '/');
    const char *name = slash != NULL ? slash + 1 : file->name;
    int64_t category = -1;
    if (assay_text_starts(name, "Task1_") || assay_text_starts(name, "Task2_") ||
        assay_text_starts(name, "task1_") || assay_text_starts(name, "task2_")) {
        name += 6;
    }
    ASSAY_TRY(assay_annotation_draft_category(&category, r->draft, name, strlen(name), err));
    return assay_dota_read_results(r->draft, category, bytes, size, err);
}

static assay_status parse(reader *r, const assay_annotation_file *file, const char *bytes,
                          size_t size, assay_error *err)
{
    int64_t row = -1;
    /* Of several images the one that the annotation itself names. */
    bool own_name = r->results || (file->image != NULL && !file->ambiguous);
    switch (r->set.format) {
    case ASSAY_ANNOTATIONS_YOLO:
        ASSAY_TRY(image_row(&row, r, file, true, err));
        return assay_yolo_read(r->draft, row, r->classes, r->n_classes, r->keypoints, bytes, size,
                               err);
    case ASSAY_ANNOTATIONS_VISDRONE:
        ASSAY_TRY(image_row(&row, r, file, true, err));
        return assay_visdrone_read(r->draft, row, r->classes, r->options->for_evaluation, bytes,
                                   size, err);
    case ASSAY_ANNOTATIONS_DOTA:
        if (r->results) {
            return dota_results(r, file, bytes, size, err);
        }
        ASSAY_TRY(image_row(&row, r, file, true, err));
        return assay_dota_read(r->draft, row, bytes, size, err);
    case ASSAY_ANNOTATIONS_VOC:
        return assay_voc_read(r->draft, file->name, own_name, 0, 0, r->options->corners, bytes,
                              size, err);
    case ASSAY_ANNOTATIONS_LABELME:
        return assay_labelme_read(r->draft, &r->notes->other_shapes, file->name, own_name, bytes,
                                  size, err);
    default:
        return assay_fail(err, ASSAY_EINTERNAL, "a format without a reader");
    }
}

static assay_status read_one(reader *r, const assay_annotation_file *file, assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int64_t row = -1;
    if (file->path == NULL) {
        r->notes->bare_images++;
        return image_row(&row, r, file, true, err);
    }
    ASSAY_TRY(read_file(&bytes, &size, r, file->path, err));
    assay_status status = parse(r, file, (const char *)bytes, size, err);
    assay_free(bytes);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", file->path);
    }
    return status;
}

static assay_status read_set(reader *r, assay_error *err)
{
    if (r->set.n == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "%s: no images and no annotations are there",
                          r->path);
    }
    if (r->results &&
        (r->set.format == ASSAY_ANNOTATIONS_VOC || r->set.format == ASSAY_ANNOTATIONS_LABELME)) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: %s files have no scores, so they are no predictions", r->path,
                          assay_annotation_format_name(r->set.format));
    }
    if (r->set.format == ASSAY_ANNOTATIONS_TABLE) {
        r->notes->files = 1;
        return assay_annotations_table(r->draft, r->path, r->options, err);
    }
    assay_status status = prepare_classes(r, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", r->path);
        return status;
    }
    for (int64_t i = 0; i < r->set.n; i++) {
        ASSAY_TRY(read_one(r, &r->set.files[i], err));
    }
    return ASSAY_OK;
}

/* ---- COCO ---- */

static assay_status read_coco(assay_coco_truth **truth, assay_coco_rows **rows, const char *path,
                              const assay_coco_options *options, assay_error *err)
{
    assay_file_stream *stream = NULL;
    ASSAY_TRY(assay_file_stream_open(&stream, path, err));
    assay_status status =
        truth != NULL ? assay_coco_read_truth(truth, assay_file_stream_read, stream, options, err)
                      : assay_coco_read_results(rows, assay_file_stream_read, stream, options, err);
    assay_file_stream_close(stream);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    return status;
}

/* Results that have masks only get their boxes from these. */
static assay_status read_coco_results(assay_coco_rows **out, assay_coco_rows **given,
                                      const char *path, const assay_coco_options *options,
                                      assay_error *err)
{
    assay_coco_options masks = *options;
    masks.masks = true;
    if (given != NULL && *given != NULL) {
        *out = *given;
        *given = NULL;
    } else {
        ASSAY_TRY(read_coco(NULL, out, path, options, err));
    }
    if (!options->masks && !options->keypoints && (*out)->n > 0 &&
        ((*out)->has[0] & ASSAY_COCO_BOX) == 0) {
        assay_coco_results_free(*out);
        *out = NULL;
        return read_coco(NULL, out, path, &masks, err);
    }
    return ASSAY_OK;
}

assay_coco_options assay_annotation_coco_options(const assay_annotation_options *options)
{
    return (assay_coco_options){
        .masks = options->masks, .keypoints = options->keypoints, .extras = options->extras};
}

/* ---- the two faces ---- */

static assay_status begin(reader *r, assay_error *err)
{
    *r->notes = (assay_annotation_notes){0};
    ASSAY_TRY(assay_arena_new(&r->arena, (size_t)8 << 30, err));
    ASSAY_TRY(assay_annotation_find(&r->set, r->path, r->options, r->results, r->arena, err));
    r->notes->format = r->set.format;
    r->notes->orphans = r->set.orphans;
    const char *images = r->set.images != NULL ? r->set.images : r->options->images;
    if (images != NULL && strlen(images) < sizeof r->notes->images) {
        memcpy(r->notes->images, images, strlen(images) + 1);
    }
    if (r->options->digest && r->set.format != ASSAY_ANNOTATIONS_COCO &&
        r->set.format != ASSAY_ANNOTATIONS_TABLE) {
        ASSAY_TRY(assay_digest_new(&r->digest, err));
    } else if (r->options->digest) {
        ASSAY_TRY(assay_file_digest(r->notes->digest, r->path, err));
    }
    return ASSAY_OK;
}

static assay_status finish(reader *r, assay_status status, assay_error *err)
{
    if (status == ASSAY_OK && r->digest != NULL) {
        status = assay_digest_hex(r->notes->digest, r->digest, err);
    }
    assay_digest_free(r->digest);
    assay_annotation_draft_free(r->draft);
    assay_arena_free(r->arena);
    return status;
}

assay_status assay_annotations_truth(assay_coco_truth **out, assay_annotation_notes *notes,
                                     const char *path, const assay_annotation_options *options,
                                     assay_error *err)
{
    reader r = {.options = options, .path = path, .notes = notes};
    *out = NULL;
    assay_status status = begin(&r, err);
    if (status == ASSAY_OK && r.set.format == ASSAY_ANNOTATIONS_COCO) {
        const assay_coco_options reading = assay_annotation_coco_options(options);
        status = read_coco(out, NULL, path, &reading, err);
        notes->files = 1;
    } else if (status == ASSAY_OK) {
        bool numbered =
            r.set.format == ASSAY_ANNOTATIONS_YOLO || r.set.format == ASSAY_ANNOTATIONS_VISDRONE;
        const assay_coco_options keeping = {.keypoints = options->keypoints && r.set.keypoints > 0};
        r.keypoints = (assay_yolo_keypoints){r.set.keypoints, r.set.keypoint_numbers};
        ASSAY_GOTO(assay_annotation_draft_new(&r.draft, &keeping, err), done);
        ASSAY_GOTO(read_set(&r, err), done);
        status = assay_annotation_draft_truth(out, r.draft, numbered, 0, err);
    }
done:
    status = finish(&r, status, err);
    if (status != ASSAY_OK) {
        assay_coco_truth_free(*out);
        *out = NULL;
    }
    return status;
}

/* How many keypoints the objects of the truth have; 0 = none, or they were not read. */
static int32_t keypoints_of(const assay_coco_truth *truth)
{
    const assay_coco_rows *objects = &truth->objects;
    int32_t most = 0;
    for (int64_t i = 0; objects->points.count != NULL && i < objects->n; i++) {
        most = objects->points.count[i] > most ? objects->points.count[i] : most;
    }
    return most;
}

assay_status assay_annotations_results(assay_coco_rows **out, assay_annotation_notes *notes,
                                       const char *path, const assay_coco_truth *truth,
                                       const assay_annotation_options *options, assay_error *err)
{
    reader r = {.options = options, .path = path, .notes = notes, .results = true};
    *out = NULL;
    assay_status status = begin(&r, err);
    if (status == ASSAY_OK && r.set.format == ASSAY_ANNOTATIONS_COCO) {
        const assay_coco_options reading = assay_annotation_coco_options(options);
        status = read_coco_results(out, options->rows, path, &reading, err);
        notes->files = 1;
    } else if (status == ASSAY_OK) {
        r.keypoints.n = keypoints_of(truth);
        const assay_coco_options keeping = {.keypoints = options->keypoints && r.keypoints.n > 0};
        ASSAY_GOTO(assay_annotation_draft_results(&r.draft, truth, &keeping, err), done);
        ASSAY_GOTO(read_set(&r, err), done);
        status = assay_annotation_draft_rows(out, r.draft, err);
    }
done:
    status = finish(&r, status, err);
    if (status != ASSAY_OK) {
        assay_coco_results_free(*out);
        *out = NULL;
    }
    return status;
}
