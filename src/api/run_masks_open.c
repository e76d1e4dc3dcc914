/* Truth, images and predictions of a run about segmentation. */
#include <inttypes.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/folder_walk.h"
#include "api/run_masks.h"
#include "api/segment_slice.h"
#include "api/segmentation.h"
#include "base/alloc.h"
#include "base/text.h"

static assay_status at_mark(assay_status status, const assay_run *run, const assay_mark *mark,
                            const char *what, const char *name, assay_error *err)
{
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s:%d:%d: %s %s", run->plan->path, mark->line, mark->column, what,
                           name);
    }
    return status;
}

/* ---- images ---- */

static size_t stem_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(slash != NULL ? slash : name, '.');
    return dot != NULL ? (size_t)(dot - name) : strlen(name);
}

/* The image of every label map: the file of the same name, whatever the ending. Both lists are sorted,
 * so the next one is near. */
static assay_status find_images(const char **out, assay_run *run, int32_t d, assay_error *err)
{
    const assay_segment_truth *t = &run->masks->truth[d];
    const char *root = run->plan->data[d].root;
    const char **images = NULL;
    int64_t n = 0;
    int64_t next = 0;
    ASSAY_TRY(assay_folder_walk(&images, &n, root, assay_image_endings, run->arena, err));
    for (int64_t i = 0; i < t->n; i++) {
        const char *map = t->file[i];
        size_t size = map != NULL ? stem_of(map) : 0;
        for (int64_t tried = 0; tried < n && out[i] == NULL && map != NULL; tried++, next++) {
            next = next < n ? next : 0;
            if (stem_of(images[next]) == size && strncmp(images[next], map, size) == 0) {
                out[i] = images[next];
            }
        }
        if (out[i] == NULL) {
            return assay_fail(err, ASSAY_ENOTFOUND,
                              "%s: there is no image for the label map %s (the names must be the "
                              "same up to the ending)",
                              root, map != NULL ? map : "without a name");
        }
    }
    return ASSAY_OK;
}

static assay_status open_images(assay_run *run, int32_t d, const char *const *names,
                                assay_error *err)
{
    int64_t n = run->masks->truth[d].n;
    assay_dataset_file *files = assay_arena_alloc(run->arena, (size_t)n + 1, sizeof *files);
    if (files == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        const char *path = assay_path_join(run->arena, run->plan->data[d].root, names[i]);
        if (path == NULL) {
            return assay_fail_memory(err);
        }
        files[i] = (assay_dataset_file){.id = names[i], .path = path};
    }
    return assay_run_boxes_open_images(run, d, files, err);
}

/* ---- truth ---- */

static assay_status read_truth(const char ***names, assay_run *run, int32_t d, assay_error *err)
{
    const assay_plan_data *data = &run->plan->data[d];
    assay_segment_truth *t = &run->masks->truth[d];
    assay_run_truth *images = &run->boxes->truth[d];
    *names = NULL;
    if (data->path == NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "segmentation needs the truth: give the data set a path (a folder of "
                          "label maps, or a panoptic file)");
    }
    ASSAY_TRY(
        assay_segment_truth_open(t, data->path, data->class_names, data->ignore, run->arena, err));
    if (data->root != NULL) {
        *names = assay_arena_alloc(run->arena, (size_t)t->n + 1, sizeof **names);
        if (*names == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(find_images(*names, run, d, err));
    }
    ASSAY_TRY(assay_segment_images_of(&images->truth, t, *names, err));
    return assay_segment_digest(images->notes.digest, data->path, run->context, run->arena, err);
}

assay_status assay_run_masks_truth(assay_run *run, int32_t d, assay_error *err)
{
    const char **names = NULL;
    return read_truth(&names, run, d, err);
}

static assay_status open_data(assay_run *run, int32_t d, assay_error *err)
{
    const char **names = NULL;
    ASSAY_TRY(read_truth(&names, run, d, err));
    if (names != NULL) {
        ASSAY_TRY(open_images(run, d, names, err));
    }
    if (run->data[d] != NULL && run->data[d]->n_skipped > 0) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%" PRId64 " of %" PRId64 " images cannot be read; the first: %s: %s",
                          run->data[d]->n_skipped, run->masks->truth[d].n,
                          run->data[d]->skipped[0].where, run->data[d]->skipped[0].reason);
    }
    ASSAY_TRY(assay_run_boxes_clusters(run, d, err));
    assay_run_log(run, ASSAY_LOG_INFO, "data %s: %" PRId64 " %s", run->plan->data[d].name,
                  run->masks->truth[d].n,
                  run->masks->truth[d].segments != NULL ? "images with segments" : "label maps");
    return ASSAY_OK;
}

/* ---- what is asked for ---- */

static assay_status list_metrics(assay_run *run, assay_error *err)
{
    const assay_plan *plan = run->plan;
    const char **names = assay_arena_alloc(run->arena, (size_t)plan->n_metrics + 1, sizeof *names);
    if (names == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < plan->n_metrics; i++) {
        names[i] = plan->metrics[i]->op->name;
    }
    run->masks->metrics = names;
    run->masks->boundary = assay_segment_needs_boundary(names);
    return ASSAY_OK;
}

/* A requirement on segments needs segments, and one on pixels label maps. */
static assay_status check_requirements(const assay_run *run, assay_error *err)
{
    for (int32_t i = 0; i < run->plan->n_requirements; i++) {
        const assay_plan_requirement *q = &run->plan->requirements[i];
        if (q->tree != ASSAY_TREE_NONE || q->metric == NULL) {
            continue;
        }
        int32_t d = run->plan->contexts[q->context].data;
        const char *const names[] = {q->metric, NULL};
        ASSAY_TRY(
            at_mark(assay_segment_check_metrics(names, run->masks->truth[d].segments != NULL, err),
                    run, &q->mark, "requirement", q->id, err));
    }
    return ASSAY_OK;
}

assay_status assay_run_masks_new(assay_run *run, assay_error *err)
{
    const assay_plan *plan = run->plan;
    ASSAY_TRY(assay_run_boxes_new(run, err));
    assay_run_masks *m = assay_arena_alloc(run->arena, 1, sizeof *m);
    if (m == NULL) {
        return assay_fail_memory(err);
    }
    m->truth = assay_arena_alloc(run->arena, (size_t)plan->n_data + 1, sizeof *m->truth);
    m->cells = assay_arena_alloc(run->arena, (size_t)plan->n_models * (size_t)plan->n_contexts + 1,
                                 sizeof *m->cells);
    if (m->truth == NULL || m->cells == NULL) {
        return assay_fail_memory(err);
    }
    run->masks = m;
    return list_metrics(run, err);
}

/* A model that is asked needs photographs, and truth as label maps. */
static assay_status check_data(const assay_run *run, int32_t m, assay_error *err)
{
    for (int32_t c = 0; c < run->plan->n_contexts; c++) {
        int32_t d = run->plan->contexts[c].data;
        if (!assay_run_wanted(run, m, c)) {
            continue;
        }
        if (run->masks->truth[d].segments != NULL) {
            return assay_fail(err, ASSAY_EINVAL,
                              "the model gives a class per pixel, and data %s are panoptic "
                              "segments: give the truth as a folder of label maps",
                              run->plan->data[d].name);
        }
        if (run->data[d] == NULL) {
            return assay_fail(err, ASSAY_EINVAL,
                              "the model needs the photographs: give data %s a `root`, the folder "
                              "of the images",
                              run->plan->data[d].name);
        }
    }
    return ASSAY_OK;
}

static assay_status open_model(assay_run *run, int32_t m, assay_error *err)
{
    const assay_plan_model *model = &run->plan->models[m];
    ASSAY_TRY(assay_model_open_spec(&run->models[m], &model->spec, !model->has_input, model->name,
                                    run->arena, err));
    if (!assay_model_is_segmenter(run->models[m])) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the model gives no class per pixel: its description must say `output: "
                          "{decoder: semantic}`; or give label maps or a panoptic file as "
                          "`predictions`");
    }
    assay_run_log(run, ASSAY_LOG_INFO, "model %s: %s, %s", model->name, run->models[m]->spec.path,
                  run->models[m]->backend_version);
    return check_data(run, m, err);
}

static assay_status open_given(assay_run *run, int32_t m, assay_error *err)
{
    const assay_plan_model *model = &run->plan->models[m];
    char digest[ASSAY_DIGEST_HEX];
    if (model->predictions == NULL) {
        return open_model(run, m, err);
    }
    if (assay_file_kind(model->predictions) == 0) {
        return assay_fail(err, ASSAY_ENOTFOUND, "%s: there is no such folder or file",
                          model->predictions);
    }
    ASSAY_TRY(assay_segment_digest(digest, model->predictions, run->context, run->arena, err));
    run->boxes->given_digest[m] = assay_arena_strdup(run->arena, digest);
    return run->boxes->given_digest[m] != NULL ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_run_masks_open(assay_run *run, assay_error *err)
{
    const assay_plan *plan = run->plan;
    ASSAY_TRY(assay_run_masks_new(run, err));
    for (int32_t d = 0; d < plan->n_data; d++) {
        ASSAY_TRY(at_mark(open_data(run, d, err), run, &plan->data[d].mark, "data",
                          plan->data[d].name, err));
    }
    for (int32_t m = 0; m < plan->n_models; m++) {
        ASSAY_TRY(at_mark(open_given(run, m, err), run, &plan->models[m].mark, "model",
                          plan->models[m].name, err));
    }
    return check_requirements(run, err);
}

void assay_run_masks_dispose(assay_run *run)
{
    for (int32_t d = 0; run->masks != NULL && d < run->plan->n_data; d++) {
        assay_segment_truth_close(&run->masks->truth[d]);
    }
}
