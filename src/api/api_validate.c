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

typedef struct validation {
    const assay_annotation_source *source;
    assay_coco_truth *truth;
    assay_annotation_notes notes;
    assay_annotation_faults faults;
    bool looked; /* for the image files */
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
    bool file =
        v->notes.format == ASSAY_ANNOTATIONS_COCO || v->notes.format == ASSAY_ANNOTATIONS_TABLE;
    if (v->notes.images[0] != '\0' || !file || t->n_images == 0 || t->image_file == NULL ||
        t->image_file[0] == NULL) {
        return ASSAY_OK;
    }
    const char *folder = assay_path_folder(v->arena, v->source->path);
    for (size_t i = 0; folder != NULL && i < ASSAY_COUNT(below); i++) {
        const char *images =
            below[i][0] != '\0' ? assay_path_join(v->arena, folder, below[i]) : folder;
        const char *first =
            images != NULL ? assay_path_join(v->arena, images, t->image_file[0]) : NULL;
        if (first == NULL) {
            return assay_fail_memory(err);
        }
        if (assay_file_kind(first) == 1 && strlen(images) < sizeof v->notes.images) {
            memcpy(v->notes.images, images, strlen(images) + 1);
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
        assay_fault_add(&v->faults, ASSAY_FAULT_MISSING_FILE, row, -1, -1);
        return ASSAY_OK;
    }
    const char *path = assay_path_join(v->arena, v->notes.images, t->image_file[row]);
    if (path == NULL) {
        return assay_fail_memory(err);
    }
    if (assay_file_kind(path) != 1) {
        assay_fault_add(&v->faults, ASSAY_FAULT_MISSING_FILE, row, -1, -1);
    } else if (assay_image_file_size(&width, &height, path, NULL) != ASSAY_OK) {
        assay_fault_add(&v->faults, ASSAY_FAULT_UNREADABLE_FILE, row, -1, -1);
    } else if (t->image_width[row] > 0 &&
               (t->image_width[row] != width || t->image_height[row] != height)) {
        assay_fault_add(&v->faults, ASSAY_FAULT_SIZE_DIFFERS, row, -1, -1);
    }
    return ASSAY_OK;
}

static assay_status check_files(validation *v, const assay_context *context, assay_error *err)
{
    ASSAY_TRY(find_images(v, err));
    v->looked = v->notes.images[0] != '\0' && v->truth->image_file != NULL;
    for (int64_t i = 0; v->looked && i < v->truth->n_images; i++) {
        if (context->cancel.requested != 0) {
            return assay_fail(err, ASSAY_ECANCELLED, "interrupted");
        }
        ASSAY_TRY(check_file(v, i, err));
    }
    for (int64_t i = 0; i < v->notes.orphans; i++) {
        assay_fault_add(&v->faults, ASSAY_FAULT_UNLISTED_FILE, -1, -1, -1);
    }
    return ASSAY_OK;
}

/* ---- what is said ---- */

static void put_place(assay_buffer *out, const validation *v, const assay_fault_place *p)
{
    const assay_coco_truth *t = v->truth;
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
        const double *box = t->objects.box + 4 * p->object;
        assay_buffer_printf(out, "%sobject %" PRId64, p->image >= 0 ? ", " : "",
                            t->objects.id[p->object]);
        if ((t->objects.has[p->object] & ASSAY_COCO_BOX) != 0) {
            assay_buffer_printf(out, ", box %g %g %g %g", box[0], box[1], box[2], box[3]);
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

static void put_fault(assay_buffer *out, const validation *v, int fault)
{
    const assay_fault_kind *kind = assay_fault_of((assay_annotation_fault)fault);
    int64_t count = v->faults.count[fault];
    assay_buffer_printf(out, "\n%-8s %8" PRId64 "  %s\n%19s%s.\n", severity_names[kind->severity],
                        count, kind->what, "", kind->effect);
    for (int64_t i = 0; i < count && i < ASSAY_FAULT_PLACES; i++) {
        const assay_fault_place *p = &v->faults.places[fault][i];
        if (has_place(p)) {
            assay_buffer_printf(out, "%19s- ", "");
            put_place(out, v, p);
            assay_buffer_putc(out, '\n');
        }
    }
    if (count > ASSAY_FAULT_PLACES && has_place(&v->faults.places[fault][0])) {
        assay_buffer_printf(out, "%19s- and %" PRId64 " more\n", "", count - ASSAY_FAULT_PLACES);
    }
}

static assay_status to_text(char **out, const validation *v, assay_error *err)
{
    static const char *const verdicts[] = {
        "Nothing was found.", "Nothing that changes results was found.",
        "Evaluation takes this set; look at the warnings.", "Evaluation refuses this set."};
    const assay_coco_truth *t = v->truth;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text,
                        "%s (%s): %" PRId64 " images, %" PRId64 " objects, %" PRId64 " classes\n",
                        v->source->path, assay_annotation_format_name(v->notes.format), t->n_images,
                        t->objects.n, t->n_categories);
    for (int severity = ASSAY_SEVERITY_ERROR; severity >= ASSAY_SEVERITY_NOTE; severity--) {
        for (int i = 0; i < ASSAY_FAULTS; i++) {
            if (v->faults.count[i] > 0 &&
                (int)assay_fault_of((assay_annotation_fault)i)->severity == severity) {
                put_fault(&text, v, i);
            }
        }
    }
    if (!v->looked) {
        assay_buffer_puts(&text, "\nThe image files were not looked at: say where they are "
                                 "(--images FOLDER).\n");
    }
    assay_buffer_printf(&text, "\n%s\n", verdicts[assay_faults_worst(&v->faults)]);
    return assay_text_take(out, &text, err);
}

static void json_place(assay_json *json, const validation *v, const assay_fault_place *p)
{
    const assay_coco_truth *t = v->truth;
    assay_json_begin_object(json);
    if (p->image >= 0) {
        assay_json_put_int(json, "image_id", t->image_id[p->image]);
        if (t->image_file != NULL && t->image_file[p->image] != NULL) {
            assay_json_put_text(json, "file", t->image_file[p->image]);
        }
    }
    if (p->object >= 0) {
        assay_json_put_int(json, "annotation_id", t->objects.id[p->object]);
        assay_json_put_int(json, "annotation", p->object + 1);
    }
    if (p->category >= 0) {
        assay_json_put_text(json, "class", t->category_name[p->category]);
    }
    assay_json_end_object(json);
}

static void json_faults(assay_json *json, const validation *v)
{
    assay_json_begin_array(json);
    for (int i = 0; i < ASSAY_FAULTS; i++) {
        const assay_fault_kind *kind = assay_fault_of((assay_annotation_fault)i);
        if (v->faults.count[i] == 0) {
            continue;
        }
        assay_json_begin_object(json);
        assay_json_put_text(json, "check", kind->name);
        assay_json_put_text(json, "severity", severity_names[kind->severity]);
        assay_json_put_int(json, "count", v->faults.count[i]);
        assay_json_put_text(json, "what", kind->what);
        assay_json_put_text(json, "effect", kind->effect);
        assay_json_key(json, "places");
        assay_json_begin_array(json);
        for (int64_t k = 0; k < v->faults.count[i] && k < ASSAY_FAULT_PLACES; k++) {
            if (has_place(&v->faults.places[i][k])) {
                json_place(json, v, &v->faults.places[i][k]);
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
    assay_json_put_text(&json, "path", v->source->path);
    assay_json_put_text(&json, "format", assay_annotation_format_name(v->notes.format));
    assay_json_put_text(&json, "digest", v->notes.digest);
    assay_json_put_int(&json, "images", v->truth->n_images);
    assay_json_put_int(&json, "objects", v->truth->objects.n);
    assay_json_put_int(&json, "classes", v->truth->n_categories);
    assay_json_put_bool(&json, "files_checked", v->looked);
    assay_json_put_text(&json, "worst", severity_names[assay_faults_worst(&v->faults)]);
    assay_json_key(&json, "faults");
    json_faults(&json, v);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

assay_status assay_validate(int32_t *worst, char **json, char **text, assay_context *context,
                            const assay_validate_request *request, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_annotation_options options = {0};
    validation v = {.source = &request->source};
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
    ASSAY_GOTO(assay_annotations_truth(&v.truth, &v.notes, request->source.path, &options, err),
               done);
    ASSAY_GOTO(assay_annotation_check(&v.faults, v.truth, err), done);
    ASSAY_GOTO(check_files(&v, context, err), done);
    *worst = assay_faults_worst(&v.faults);
    if (json != NULL) {
        ASSAY_GOTO(to_json(json, &v, err), done);
    }
    if (text != NULL) {
        ASSAY_GOTO(to_text(text, &v, err), done);
    }
done:
    assay_coco_truth_free(v.truth);
    assay_arena_free(v.arena);
    return status;
}
