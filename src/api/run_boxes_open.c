/* Truth, images and files of predictions of a run about detection. */
#include <inttypes.h>
#include <string.h>

#include "adapters/filesystem/dataset_open.h"
#include "adapters/filesystem/file.h"
#include "api/run_boxes.h"
#include "base/alloc.h"

enum { MOST_HIERARCHY = 1 << 26 };

assay_annotation_options assay_run_boxes_reading(const assay_run *run)
{
    const assay_plan_detection *d = &run->plan->detection;
    assay_iou_type iou = d->protocol.iou;
    return (assay_annotation_options){.masks = iou == ASSAY_IOU_MASK || iou == ASSAY_IOU_ORIENTED,
                                      .keypoints = iou == ASSAY_IOU_KEYPOINTS,
                                      .corners = d->voc_pixels ? ASSAY_VOC_PIXELS : ASSAY_VOC_EDGES,
                                      .digest = true};
}

assay_status assay_run_boxes_expand(assay_coco_rows *results, const assay_run *run,
                                    const assay_coco_truth *truth, assay_error *err)
{
    assay_expansion expansion = {0};
    return run->boxes->hierarchy == NULL || !run->plan->detection.expand_predictions
               ? ASSAY_OK
               : assay_hierarchy_expand_results(&expansion, results, truth, run->boxes->hierarchy,
                                                err);
}

/* The folder that a COCO file's names are relative to: the declared one, or the first of the usual
 * places where the first image is. */
static const char *image_root(const assay_run *run, const assay_plan_data *data,
                              const assay_coco_truth *truth)
{
    static const char *const places[] = {".", "images", "JPEGImages", "../images"};
    const char *folder = assay_path_folder(run->arena, data->path);
    if (data->root != NULL || folder == NULL || truth->n_images == 0 ||
        truth->image_file[0] == NULL) {
        return data->root != NULL ? data->root : folder;
    }
    for (size_t i = 0; i < ASSAY_COUNT(places); i++) {
        const char *root = i == 0 ? folder : assay_path_join(run->arena, folder, places[i]);
        const char *path =
            root != NULL ? assay_path_join(run->arena, root, truth->image_file[0]) : NULL;
        if (path != NULL && assay_file_kind(path) == 1) {
            return root;
        }
    }
    return folder;
}

/* Path of every image of the truth. */
static assay_status list_images(assay_dataset_file *files, assay_run *run, int32_t d,
                                const assay_annotation_options *options, assay_error *err)
{
    const assay_plan_data *data = &run->plan->data[d];
    const assay_coco_truth *truth = run->boxes->truth[d].truth;
    assay_annotation_set set = {0};
    const char *root = image_root(run, data, truth);
    int64_t next = 0;
    if (run->boxes->truth[d].notes.format != ASSAY_ANNOTATIONS_COCO) {
        ASSAY_TRY(assay_annotation_find(&set, data->path, options, false, run->arena, err));
    }
    for (int64_t i = 0; i < truth->n_images; i++) {
        const char *name = truth->image_file[i];
        if (name == NULL) {
            return assay_fail(err, ASSAY_EFORMAT, "%s: image %" PRId64 " has no file name",
                              data->path, truth->image_id[i]);
        }
        /* The truth lists the images in the order of the files, so this finds each at once. */
        const char *path = NULL;
        for (int64_t tried = 0; tried < set.n && path == NULL; tried++, next++) {
            next = next < set.n ? next : 0;
            path = set.files[next].name != NULL && strcmp(set.files[next].name, name) == 0
                       ? set.files[next].image
                       : NULL;
        }
        path = path != NULL     ? path
               : name[0] == '/' ? name
                                : assay_path_join(run->arena, root, name);
        if (path == NULL) {
            return assay_fail_memory(err);
        }
        files[i] = (assay_dataset_file){.id = name, .path = path};
    }
    return ASSAY_OK;
}

/* Images are needed by models that run; files of predictions do without. */
static bool needs_images(const assay_run *run, const assay_dataset_file *files, int64_t n)
{
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        if (run->models[m] != NULL) {
            return true;
        }
    }
    return n > 0 && assay_file_kind(files[0].path) == 1;
}

assay_status assay_run_boxes_open_images(assay_run *run, int32_t d, const assay_dataset_file *files,
                                         assay_error *err)
{
    const assay_plan_data *data = &run->plan->data[d];
    assay_run_truth *t = &run->boxes->truth[d];
    assay_dataset_options options = {.name = data->name,
                                     .files = files,
                                     .n_files = t->truth->n_images,
                                     .skip_bad = run->plan->skip_bad,
                                     .measure = 1,
                                     .threads = run->context->threads,
                                     .cancel = &run->context->cancel,
                                     .log = &run->context->log,
                                     .cache = run->request == NULL || run->request->check
                                                  ? NULL
                                                  : assay_path_join(run->arena, run->out, "cache")};
    ASSAY_TRY(assay_dataset_open(&run->data[d], data->path, &options, err));
    const assay_dataset *set = run->data[d];
    t->row = assay_arena_alloc(run->arena, (size_t)set->n + 1, sizeof *t->row);
    if (t->row == NULL) {
        return assay_fail_memory(err);
    }
    /* Both are in the order of the truth; bad images are missing from the data. */
    for (int64_t i = 0, row = 0; i < set->n; i++, row++) {
        while (row < t->truth->n_images && strcmp(t->truth->image_file[row], set->ids[i]) != 0) {
            row++;
        }
        t->row[i] = row;
    }
    assay_run_log(run, ASSAY_LOG_INFO,
                  "data %s: %" PRId64 " images, %" PRId64 " objects, %" PRId64 " images left out",
                  data->name, set->n, t->truth->objects.n, set->n_skipped);
    for (int64_t i = 0; i < set->n_skipped; i++) {
        assay_run_log(run, ASSAY_LOG_WARNING, "left out: %s: %s", set->skipped[i].where,
                      set->skipped[i].reason);
    }
    return ASSAY_OK;
}

/* Which images belong together, from a column of the data. */
assay_status assay_run_boxes_clusters(assay_run *run, int32_t d, assay_error *err)
{
    const char *name = run->plan->data[d].cluster;
    assay_run_truth *t = &run->boxes->truth[d];
    if (name == NULL) {
        return ASSAY_OK;
    }
    assay_detection_selection chosen = {0};
    const assay_detection_choice choice = {.cluster = name,
                                           .columns =
                                               run->data[d] != NULL ? run->data[d]->metadata : NULL,
                                           .row = t->row,
                                           .metadata = run->plan->data[d].metadata,
                                           .images_only = run->masks != NULL,
                                           .plan = true};
    size_t n = (size_t)t->truth->n_images;
    ASSAY_TRY(assay_detection_select(&chosen, t->truth, NULL, &choice, err));
    t->cluster = assay_arena_alloc(run->arena, n + 1, sizeof *t->cluster);
    if (t->cluster != NULL) {
        memcpy(t->cluster, chosen.cluster, n * sizeof *t->cluster);
    }
    assay_detection_selection_dispose(&chosen);
    return t->cluster != NULL ? ASSAY_OK : assay_fail_memory(err);
}

/* Slices and groups speak of what the truth knows of its images. */
static bool needs_extras(const assay_run *run, int32_t d)
{
    bool any = run->plan->data[d].cluster != NULL;
    for (int32_t c = 0; c < run->plan->n_contexts; c++) {
        const assay_plan_context *context = &run->plan->contexts[c];
        any |= context->data == d && context->where != NULL;
    }
    return any;
}

static assay_annotation_options truth_options(const assay_run *run, int32_t d)
{
    const assay_plan_data *data = &run->plan->data[d];
    assay_annotation_options options = assay_run_boxes_reading(run);
    options.format = data->format;
    options.images = data->root;
    options.extras = needs_extras(run, d);
    options.for_evaluation = true;
    return options;
}

assay_status assay_run_boxes_truth(assay_run *run, int32_t d, assay_error *err)
{
    const assay_plan_data *data = &run->plan->data[d];
    assay_run_truth *t = &run->boxes->truth[d];
    const assay_annotation_options options = truth_options(run, d);
    if (data->path == NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "detection needs the truth: give the data set a path (annotations)");
    }
    ASSAY_TRY(assay_annotations_truth(&t->truth, &t->notes, data->path, &options, err));
    if (run->boxes->hierarchy != NULL) {
        assay_expansion expansion = {0};
        ASSAY_TRY(assay_hierarchy_expand_truth(&expansion, t->truth, run->boxes->hierarchy, err));
        assay_run_log(run, ASSAY_LOG_INFO,
                      "data %s: %" PRId64 " objects were added for broader classes", data->name,
                      expansion.objects);
    }
    t->objects = t->truth->objects.n;
    return ASSAY_OK;
}

assay_status assay_run_boxes_open_data(assay_run *run, int32_t d, assay_error *err)
{
    const assay_annotation_options options = truth_options(run, d);
    const assay_run_truth *t = &run->boxes->truth[d];
    ASSAY_TRY(assay_run_boxes_truth(run, d, err));
    assay_dataset_file *files =
        assay_arena_alloc(run->arena, (size_t)t->truth->n_images + 1, sizeof *files);
    if (files == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(list_images(files, run, d, &options, err));
    if (needs_images(run, files, t->truth->n_images)) {
        ASSAY_TRY(assay_run_boxes_open_images(run, d, files, err));
    }
    return assay_run_boxes_clusters(run, d, err);
}

static assay_status open_model(assay_run *run, int32_t m, assay_error *err)
{
    const assay_plan_model *model = &run->plan->models[m];
    if (model->predictions != NULL) {
        return ASSAY_OK; /* read once the truth is known */
    }
    ASSAY_TRY(assay_model_open_spec(&run->models[m], &model->spec, !model->has_input, model->name,
                                    run->arena, err));
    if (!assay_model_is_detector(run->models[m]) || assay_model_is_segmenter(run->models[m])) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the model is no detector: its description must say `output: {decoder: "
                          "...}` (`assay describe decoder` lists them)");
    }
    assay_run_log(run, ASSAY_LOG_INFO, "model %s: %s, %s", model->name, run->models[m]->spec.path,
                  run->models[m]->backend_version);
    return ASSAY_OK;
}

static assay_status open_given(assay_run *run, int32_t m, assay_error *err)
{
    const assay_plan_model *model = &run->plan->models[m];
    const assay_annotation_options options = assay_run_boxes_reading(run);
    assay_annotation_notes notes;
    if (model->predictions == NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_annotations_results(&run->boxes->given[m], &notes, model->predictions,
                                        run->boxes->truth[model->data].truth, &options, err));
    ASSAY_TRY(assay_run_boxes_expand(run->boxes->given[m], run,
                                     run->boxes->truth[model->data].truth, err));
    run->boxes->given_digest[m] = assay_arena_strdup(run->arena, notes.digest);
    return run->boxes->given_digest[m] != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status open_hierarchy(assay_run *run, assay_error *err)
{
    const char *path = run->plan->detection.hierarchy;
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (path == NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_file_read(&bytes, &size, path, MOST_HIERARCHY, err));
    assay_status status =
        assay_hierarchy_read(&run->boxes->hierarchy, (const char *)bytes, size, err);
    if (status == ASSAY_OK) {
        status = assay_digest_bytes(run->boxes->hierarchy_digest, bytes, size, err);
    } else {
        assay_error_prefix(err, "%s", path);
    }
    assay_free(bytes);
    return status;
}

assay_status assay_run_boxes_new(assay_run *run, assay_error *err)
{
    const assay_plan *plan = run->plan;
    assay_run_boxes *b = assay_arena_alloc(run->arena, 1, sizeof *b);
    if (b == NULL) {
        return assay_fail_memory(err);
    }
    b->truth = assay_arena_alloc(run->arena, (size_t)plan->n_data + 1, sizeof *b->truth);
    b->given = assay_arena_alloc(run->arena, (size_t)plan->n_models + 1, sizeof *b->given);
    b->given_digest =
        assay_arena_alloc(run->arena, (size_t)plan->n_models + 1, sizeof *b->given_digest);
    b->matches = assay_arena_alloc(
        run->arena, (size_t)plan->n_models * (size_t)plan->n_contexts + 1, sizeof *b->matches);
    if (b->truth == NULL || b->given == NULL || b->given_digest == NULL || b->matches == NULL) {
        return assay_fail_memory(err);
    }
    b->shapes = assay_arena_alloc(run->arena, (size_t)plan->n_models * (size_t)plan->n_contexts + 1,
                                  sizeof *b->shapes);
    if (b->shapes == NULL) {
        return assay_fail_memory(err);
    }
    run->boxes = b;
    return open_hierarchy(run, err);
}

assay_status assay_run_boxes_open(assay_run *run, assay_error *err)
{
    const assay_plan *plan = run->plan;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_run_boxes_new(run, err));
    for (int32_t m = 0; m < plan->n_models; m++) {
        status = open_model(run, m, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s:%d:%d: model %s", plan->path, plan->models[m].mark.line,
                               plan->models[m].mark.column, plan->models[m].name);
            return status;
        }
    }
    for (int32_t d = 0; d < plan->n_data; d++) {
        status = assay_run_boxes_open_data(run, d, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s:%d:%d: data %s", plan->path, plan->data[d].mark.line,
                               plan->data[d].mark.column, plan->data[d].name);
            return status;
        }
    }
    for (int32_t m = 0; m < plan->n_models; m++) {
        status = open_given(run, m, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s:%d:%d: model %s", plan->path, plan->models[m].mark.line,
                               plan->models[m].mark.column, plan->models[m].name);
            return status;
        }
    }
    return ASSAY_OK;
}

void assay_run_boxes_dispose(assay_run *run)
{
    assay_run_boxes *b = run->boxes;
    if (b != NULL) {
        assay_hierarchy_free(b->hierarchy);
    }
    for (int32_t d = 0; b != NULL && d < run->plan->n_data; d++) {
        assay_coco_truth_free(b->truth[d].truth);
    }
    for (int32_t m = 0; b != NULL && m < run->plan->n_models; m++) {
        assay_coco_results_free(b->given[m]);
        for (int32_t c = 0; c < run->plan->n_contexts; c++) {
            assay_run_match *kept = assay_run_boxes_match(run, m, c);
            assay_detection_errors_free(kept->errors);
            assay_detection_free(kept->matched);
            assay_free(kept->images);
        }
    }
}
