#include <inttypes.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/folder_walk.h"
#include "api/annotations_source.h"
#include "api/context.h"
#include "api/run.h"
#include "assay/version.h"
#include "base/text.h"
#include "core/annotation_check.h"

/* The annotations, or the detections for them. */
typedef struct checked {
    const char *path;
    const assay_coco_rows *rows;
    assay_annotation_notes notes;
    assay_annotation_faults faults;
} checked;

typedef struct validation {
    const assay_validate_request *request;
    assay_coco_truth *truth;
    assay_coco_rows *results;
    checked annotations, detections; /* path NULL = there are none */
    bool looked;                     /* for the image files */
    assay_arena *arena;
} validation;

static const char *const severity_names[] = {"none", "note", "warning", "error"};

assay_status assay_annotation_source_options(assay_annotation_options *out,
                                             const assay_annotation_source *source,
                                             assay_error *err)
{
    bool pixels = source->voc_corners != NULL && strcmp(source->voc_corners, "pixels") == 0;
    if (source->path == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "the annotations are not named");
    }
    if (source->voc_corners != NULL && !pixels && strcmp(source->voc_corners, "edges") != 0) {
        return assay_fail(err, ASSAY_EINVAL, "the VOC corners are '%s', expected edges or pixels",
                          source->voc_corners);
    }
    *out = (assay_annotation_options){.format = source->format,
                                      .images = source->images,
                                      .split = source->split,
                                      .corners = pixels ? ASSAY_VOC_PIXELS : ASSAY_VOC_EDGES,
                                      .columns = source->columns,
                                      .masks = true,
                                      .keypoints = true};
    return ASSAY_OK;
}

/* ---- image files ---- */

/* COCO and tables do not say where the images are: beside the file, if the first one is there. */
static assay_status find_images(validation *v, assay_error *err)
{
    const assay_coco_truth *t = v->truth;
    static const char *const below[] = {"", "images", "JPEGImages"};
    bool file = v->annotations.notes.format == ASSAY_ANNOTATIONS_COCO ||
                v->annotations.notes.format == ASSAY_ANNOTATIONS_TABLE;
    if (v->annotations.notes.images[0] != '\0' || !file || t->n_images == 0 ||
        t->image_file == NULL || t->image_file[0] == NULL) {
        return ASSAY_OK;
    }
    const char *folder = assay_path_folder(v->arena, v->annotations.path);
    for (size_t i = 0; folder != NULL && i < ASSAY_COUNT(below); i++) {
        const char *images =
            below[i][0] != '\0' ? assay_path_join(v->arena, folder, below[i]) : folder;
        const char *first =
            images != NULL ? assay_path_join(v->arena, images, t->image_file[0]) : NULL;
        if (first == NULL) {
            return assay_fail_memory(err);
        }
        if (assay_file_kind(first) == 1 && strlen(images) < sizeof v->annotations.notes.images) {
            memcpy(v->annotations.notes.images, images, strlen(images) + 1);
            return ASSAY_OK;
        }
    }
    return ASSAY_OK;
}

static assay_status check_file(validation *v, int64_t row, assay_error *err)
{
    const assay_coco_truth *t = v->truth;
    int32_t width = 0;
    int32_t height = 0;
    if (t->image_file[row] == NULL) {
        assay_fault_add(&v->annotations.faults, ASSAY_FAULT_MISSING_FILE, row, -1, -1);
        return ASSAY_OK;
    }
    const char *path = assay_path_join(v->arena, v->annotations.notes.images, t->image_file[row]);
    if (path == NULL) {
        return assay_fail_memory(err);
    }
    if (assay_file_kind(path) != 1) {
        assay_fault_add(&v->annotations.faults, ASSAY_FAULT_MISSING_FILE, row, -1, -1);
    } else if (assay_image_file_size(&width, &height, path, NULL) != ASSAY_OK) {
        assay_fault_add(&v->annotations.faults, ASSAY_FAULT_UNREADABLE_FILE, row, -1, -1);
    } else if (t->image_width[row] > 0 &&
               (t->image_width[row] != width || t->image_height[row] != height)) {
        assay_fault_add(&v->annotations.faults, ASSAY_FAULT_SIZE_DIFFERS, row, -1, -1);
    }
    return ASSAY_OK;
}

static assay_status check_files(validation *v, const assay_context *context, assay_error *err)
{
    ASSAY_TRY(find_images(v, err));
    v->looked = v->annotations.notes.images[0] != '\0' && v->truth->image_file != NULL;
    for (int64_t i = 0; v->looked && i < v->truth->n_images; i++) {
        if (context->cancel.requested != 0) {
            return assay_fail(err, ASSAY_ECANCELLED, "interrupted");
        }
        ASSAY_TRY(check_file(v, i, err));
    }
    for (int64_t i = 0; i < v->annotations.notes.orphans; i++) {
        assay_fault_add(&v->annotations.faults, ASSAY_FAULT_UNLISTED_FILE, -1, -1, -1);
    }
    for (int64_t i = 0; i < v->annotations.notes.other_shapes; i++) {
        assay_fault_add(&v->annotations.faults, ASSAY_FAULT_OTHER_SHAPE, -1, -1, -1);
    }
    return ASSAY_OK;
}

/* ---- what is said ---- */

static void put_place(assay_buffer *out, const validation *v, const checked *of,
                      const assay_fault_place *p)
{
    const assay_coco_truth *t = v->truth;
    bool objects = of == &v->annotations;
    const char *file = p->image >= 0 && t->image_file != NULL ? t->image_file[p->image] : NULL;
    char name[120];
    if (p->image >= 0) {
        assay_buffer_printf(out, "image %" PRId64, t->image_id[p->image]);
        if (file != NULL) {
            assay_text_printable(name, sizeof name, file);
            assay_buffer_printf(out, " (%s)", name);
        }
    }
    if (p->object >= 0) {
        const double *box = of->rows->box + 4 * p->object;
        assay_buffer_printf(out, "%s%s %" PRId64, p->image >= 0 ? ", " : "",
                            objects ? "object" : "result",
                            objects ? t->objects.id[p->object] : p->object + 1);
        if ((of->rows->has[p->object] & ASSAY_COCO_BOX) != 0) {
            assay_buffer_printf(out, ", box %g %g %g %g", box[0], box[1], box[2], box[3]);
        }
        if (!objects) {
            assay_buffer_printf(out, ", score %g", of->rows->score[p->object]);
        }
    }
    if (p->category >= 0) {
        assay_text_printable(name, sizeof name, t->category_name[p->category]);
        assay_buffer_printf(out, "%s%s", p->image >= 0 || p->object >= 0 ? ", class " : "class ",
                            name);
    }
}

static bool has_place(const assay_fault_place *p)
{
    return p->image >= 0 || p->object >= 0 || p->category >= 0;
}

static void put_fault(assay_buffer *out, const validation *v, const checked *of, int fault)
{
    const assay_fault_kind *kind = assay_fault_of((assay_annotation_fault)fault);
    int64_t count = of->faults.count[fault];
    assay_buffer_printf(out, "\n%-8s %8" PRId64 "  %s\n%19s%s.\n", severity_names[kind->severity],
                        count, kind->what, "", kind->effect);
    for (int64_t i = 0; i < count && i < ASSAY_FAULT_PLACES; i++) {
        const assay_fault_place *p = &of->faults.places[fault][i];
        if (has_place(p)) {
            assay_buffer_printf(out, "%19s- ", "");
            put_place(out, v, of, p);
            assay_buffer_putc(out, '\n');
        }
    }
    if (count > ASSAY_FAULT_PLACES && has_place(&of->faults.places[fault][0])) {
        assay_buffer_printf(out, "%19s- and %" PRId64 " more\n", "", count - ASSAY_FAULT_PLACES);
    }
}

/* The worst first. */
static void put_faults(assay_buffer *out, const validation *v, const checked *of)
{
    for (int severity = ASSAY_SEVERITY_ERROR; severity >= ASSAY_SEVERITY_NOTE; severity--) {
        for (int i = 0; i < ASSAY_FAULTS; i++) {
            if (of->faults.count[i] > 0 &&
                (int)assay_fault_of((assay_annotation_fault)i)->severity == severity) {
                put_fault(out, v, of, i);
            }
        }
    }
}

static int worst_of(const validation *v)
{
    int annotations = assay_faults_worst(&v->annotations.faults);
    int detections = assay_faults_worst(&v->detections.faults);
    return annotations > detections ? annotations : detections;
}

static assay_status to_text(char **out, const validation *v, assay_error *err)
{
    static const char *const verdicts[] = {
        "Nothing was found.", "Nothing that changes results was found.",
        "Evaluation takes this set; look at the warnings.", "Evaluation refuses this set."};
    const assay_coco_truth *t = v->truth;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(
        &text, "%s (%s): %" PRId64 " images, %" PRId64 " objects, %" PRId64 " classes\n",
        v->annotations.path, assay_annotation_format_name(v->annotations.notes.format), t->n_images,
        t->objects.n, t->n_categories);
    put_faults(&text, v, &v->annotations);
    if (!v->looked) {
        assay_buffer_puts(&text, "\nThe image files were not looked at: say where they are "
                                 "(--images FOLDER).\n");
    }
    if (v->detections.path != NULL) {
        assay_buffer_printf(&text, "\n%s (%s): %" PRId64 " results\n", v->detections.path,
                            assay_annotation_format_name(v->detections.notes.format),
                            v->results->n);
        put_faults(&text, v, &v->detections);
    }
    assay_buffer_printf(&text, "\n%s\n", verdicts[worst_of(v)]);
    return assay_text_take(out, &text, err);
}

static void json_place(assay_json *json, const validation *v, const checked *of,
                       const assay_fault_place *p)
{
    const assay_coco_truth *t = v->truth;
    assay_json_begin_object(json);
    if (p->image >= 0) {
        assay_json_put_int(json, "image_id", t->image_id[p->image]);
        if (t->image_file != NULL && t->image_file[p->image] != NULL) {
            assay_json_put_text(json, "file", t->image_file[p->image]);
        }
    }
    if (p->object >= 0 && of == &v->detections) {
        assay_json_put_int(json, "result", p->object + 1);
    } else if (p->object >= 0) {
        assay_json_put_int(json, "annotation_id", t->objects.id[p->object]);
        assay_json_put_int(json, "annotation", p->object + 1);
    }
    if (p->category >= 0) {
        assay_json_put_text(json, "class", t->category_name[p->category]);
    }
    assay_json_end_object(json);
}

static void json_faults(assay_json *json, const validation *v, const checked *of)
{
    assay_json_begin_array(json);
    for (int i = 0; i < ASSAY_FAULTS; i++) {
        const assay_fault_kind *kind = assay_fault_of((assay_annotation_fault)i);
        if (of->faults.count[i] == 0) {
            continue;
        }
        assay_json_begin_object(json);
        assay_json_put_text(json, "check", kind->name);
        assay_json_put_text(json, "severity", severity_names[kind->severity]);
        assay_json_put_int(json, "count", of->faults.count[i]);
        assay_json_put_text(json, "what", kind->what);
        assay_json_put_text(json, "effect", kind->effect);
        assay_json_key(json, "places");
        assay_json_begin_array(json);
        for (int64_t k = 0; k < of->faults.count[i] && k < ASSAY_FAULT_PLACES; k++) {
            if (has_place(&of->faults.places[i][k])) {
                json_place(json, v, of, &of->faults.places[i][k]);
            }
        }
        assay_json_end_array(json);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

static assay_status to_json(char **out, const validation *v, assay_error *err)
{
    assay_buffer text;
    assay_json json;
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "assay", ASSAY_VERSION);
    assay_json_put_int(&json, "schema", 1);
    assay_json_put_text(&json, "path", v->annotations.path);
    assay_json_put_text(&json, "format", assay_annotation_format_name(v->annotations.notes.format));
    assay_json_put_text(&json, "digest", v->annotations.notes.digest);
    assay_json_put_int(&json, "images", v->truth->n_images);
    assay_json_put_int(&json, "objects", v->truth->objects.n);
    assay_json_put_int(&json, "classes", v->truth->n_categories);
    assay_json_put_bool(&json, "files_checked", v->looked);
    assay_json_put_text(&json, "worst", severity_names[worst_of(v)]);
    assay_json_key(&json, "faults");
    json_faults(&json, v, &v->annotations);
    if (v->detections.path != NULL) {
        assay_json_key(&json, "predictions");
        assay_json_begin_object(&json);
        assay_json_put_text(&json, "path", v->detections.path);
        assay_json_put_text(&json, "format",
                            assay_annotation_format_name(v->detections.notes.format));
        assay_json_put_text(&json, "digest", v->detections.notes.digest);
        assay_json_put_int(&json, "results", v->results->n);
        assay_json_key(&json, "faults");
        json_faults(&json, v, &v->detections);
        assay_json_end_object(&json);
    }
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

static assay_status check_detections(validation *v, const assay_annotation_options *options,
                                     assay_error *err)
{
    assay_annotation_options reading = *options;
    reading.format = v->request->predictions_format;
    reading.images = NULL;
    ASSAY_TRY(assay_annotations_results(&v->results, &v->detections.notes, v->detections.path,
                                        v->truth, &reading, err));
    v->detections.rows = v->results;
    return assay_results_check(&v->detections.faults, v->results, v->truth, err);
}

assay_status assay_validate(int32_t *worst, char **json, char **text, assay_context *context,
                            const assay_validate_request *request, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_annotation_options options = {0};
    validation v = {.request = request};
    *worst = 0;
    if (json != NULL) {
        *json = NULL;
    }
    if (text != NULL) {
        *text = NULL;
    }
    if (request->struct_size != sizeof *request) {
        return assay_fail(err, ASSAY_EINVAL, "assay_validate_request has an unknown size");
    }
    ASSAY_TRY(assay_annotation_source_options(&options, &request->source, err));
    options.digest = json != NULL;
    ASSAY_GOTO(assay_arena_new(&v.arena, (size_t)4 << 30, err), done);
    v.annotations.path = request->source.path;
    v.detections.path = request->predictions;
    ASSAY_GOTO(assay_annotations_truth(&v.truth, &v.annotations.notes, request->source.path,
                                       &options, err),
               done);
    v.annotations.rows = &v.truth->objects;
    ASSAY_GOTO(assay_annotation_check(&v.annotations.faults, v.truth, err), done);
    ASSAY_GOTO(check_files(&v, context, err), done);
    if (v.detections.path != NULL) {
        ASSAY_GOTO(check_detections(&v, &options, err), done);
    }
    *worst = worst_of(&v);
    if (json != NULL) {
        ASSAY_GOTO(to_json(json, &v, err), done);
    }
    if (text != NULL) {
        ASSAY_GOTO(to_text(text, &v, err), done);
    }
done:
    assay_coco_results_free(v.results);
    assay_coco_truth_free(v.truth);
    assay_arena_free(v.arena);
    return status;
}
