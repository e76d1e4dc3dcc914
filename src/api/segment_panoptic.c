/* Panoptic segmentations: a JSON file and a folder of label maps for the truth, and for predictions. */
#include <inttypes.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/file_stream.h"
#include "api/segment_set.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "base/text.h"

typedef struct job {
    const assay_segment_truth *truth;
    assay_segment_view view; /* of the predictions */
    assay_segment_image *images;
    assay_panoptic_counts *counts; /* per worker: classes */
    assay_segment_row *rows;       /* per worker: classes */
} job;

/* ---- reading ---- */

static assay_status read_json(assay_panoptic **out, const char *path, assay_error *err)
{
    assay_file_stream *stream = NULL;
    ASSAY_TRY(assay_file_stream_open(&stream, path, err));
    assay_status status = assay_panoptic_read(out, assay_file_stream_read, stream, 0, err);
    assay_file_stream_close(stream);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    return status;
}

assay_status assay_segment_folder_of(const char **out, const char *path, assay_arena *arena,
                                     assay_error *err)
{
    size_t n = strlen(path);
    n -= assay_text_ends_nocase(path, ".json") ? 5 : 0;
    *out = assay_arena_printf(arena, "%.*s", (int)n, path);
    if (*out == NULL) {
        return assay_fail_memory(err);
    }
    return n < strlen(path) && assay_file_kind(*out) == 2
               ? ASSAY_OK
               : assay_fail(err, ASSAY_ENOTFOUND,
                            "%s: the folder of its label maps is not there; it is called like the "
                            "file without .json",
                            path);
}

/* Ids of classes become rows of the truth's classes. */
static assay_status number_classes(assay_panoptic *p, const assay_panoptic *truth, const char *path,
                                   assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t *order = assay_alloc_raw((size_t)truth->n_categories, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(assay_sort_order_i64(order, truth->category_id, truth->n_categories, err), done);
    for (int64_t i = 0; i < p->n_segments; i++) {
        int64_t low = 0;
        int64_t high = truth->n_categories;
        while (low < high) {
            int64_t middle = low + (high - low) / 2;
            if (truth->category_id[order[middle]] < p->segments[i].category) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == truth->n_categories ||
            truth->category_id[order[low]] != p->segments[i].category) {
            status = assay_fail(err, ASSAY_EFORMAT,
                                "%s: segment %" PRId64 " has the class %" PRId64
                                ", which the truth's categories do not list",
                                path, p->segments[i].id, p->segments[i].category);
            goto done;
        }
        p->segments[i].category = order[low];
    }
done:
    assay_free(order);
    return status;
}

assay_status assay_segment_open_panoptic(assay_segment_truth *t, assay_error *err)
{
    ASSAY_TRY(assay_segment_folder_of(&t->folder, t->path, t->arena, err));
    ASSAY_TRY(read_json(&t->segments, t->path, err));
    const assay_panoptic *p = t->segments;
    if (p->n_categories == 0 || p->n_images == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "%s lists no %s", t->path,
                          p->n_images == 0 ? "annotations" : "categories");
    }
    for (int64_t i = 0; i < p->n_segments; i++) {
        if (p->segments[i].area < 0) {
            return assay_fail(err, ASSAY_EFORMAT, "%s: segment %" PRId64 " has no \"area\"",
                              t->path, p->segments[i].id);
        }
    }
    t->n = p->n_images;
    t->file = (const char **)p->file;
    t->names = (const char *const *)p->category_name;
    t->n_names = (int32_t)p->n_categories;
    t->ignore = -1;
    return number_classes(t->segments, t->segments, t->path, err);
}

static assay_status pair_images(assay_segment_view *v, assay_error *err)
{
    const assay_panoptic *t = v->truth->segments;
    const assay_panoptic *p = v->predicted;
    assay_status status = ASSAY_OK;
    int64_t *order = assay_alloc_raw((size_t)p->n_images, sizeof *order);
    v->partner = assay_arena_alloc(v->truth->arena, (size_t)t->n_images + 1, sizeof *v->partner);
    if (order == NULL || v->partner == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order_i64(order, p->image_id, p->n_images, err), done);
    for (int64_t i = 0; i < t->n_images; i++) {
        int64_t low = 0;
        int64_t high = p->n_images;
        while (low < high) {
            int64_t middle = low + (high - low) / 2;
            if (p->image_id[order[middle]] < t->image_id[i]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == p->n_images || p->image_id[order[low]] != t->image_id[i]) {
            status = assay_fail(err, ASSAY_EFORMAT, "there is no prediction for the image %" PRId64,
                                t->image_id[i]);
            goto done;
        }
        v->partner[i] = order[low];
    }
done:
    assay_free(order);
    return status;
}

assay_status assay_segment_read_panoptic(assay_segment_view *out, const assay_segment_truth *t,
                                         const char *predictions, assay_error *err)
{
    *out = (assay_segment_view){.truth = t, .classes = t->n_names};
    if (assay_file_kind(predictions) != 1) {
        return assay_fail(
            err, ASSAY_ENOTFOUND,
            "%s is no panoptic file (JSON); the truth is one, so the predictions must be one too",
            predictions);
    }
    ASSAY_TRY(assay_segment_folder_of(&out->folder, predictions, t->arena, err));
    ASSAY_TRY(read_json(&out->predicted, predictions, err));
    ASSAY_TRY(number_classes(out->predicted, t->segments, predictions, err));
    return pair_images(out, err);
}

/* ---- counting ---- */

static assay_status count_image(void *payload, int64_t i, int worker, assay_error *err)
{
    job *j = payload;
    const assay_panoptic *t = j->truth->segments;
    const assay_panoptic *p = j->view.predicted;
    int64_t partner = j->view.partner[i];
    int32_t classes = j->truth->n_names;
    assay_segment_image *image = &j->images[i];
    assay_panoptic_counts *counts = j->counts + (int64_t)worker * classes;
    assay_segment_row *rows = j->rows + (int64_t)worker * classes;
    int64_t n = 0;
    assay_label_map truth = {0};
    assay_label_map predicted = {0};
    assay_status status = assay_segment_read_map(&truth, j->truth->folder, t->file[i], err);
    if (status == ASSAY_OK) {
        status = assay_segment_read_map(&predicted, j->view.folder, p->file[partner], err);
    }
    if (status == ASSAY_OK) {
        const assay_panoptic_pair pair = {.truth = &truth,
                                          .predicted = &predicted,
                                          .truth_segments = t->segments + t->first[i],
                                          .predicted_segments = p->segments + p->first[partner],
                                          .n_truth = t->first[i + 1] - t->first[i],
                                          .n_predicted = p->first[partner + 1] - p->first[partner]};
        memset(counts, 0, (size_t)classes * sizeof *counts);
        status = assay_panoptic_count(counts, classes, &pair, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s/%s", j->view.folder, p->file[partner]);
        }
    }
    for (int32_t k = 0; status == ASSAY_OK && k < classes; k++) {
        if (counts[k].found + counts[k].missed + counts[k].false_alarms > 0) {
            counts[k].class_index = k;
            assay_segment_row_panoptic(&rows[n++], &counts[k]);
        }
    }
    image->width = truth.width;
    image->height = truth.height;
    assay_label_map_dispose(&truth);
    assay_label_map_dispose(&predicted);
    return status == ASSAY_OK ? assay_segment_keep(image, rows, n, err) : status;
}

static assay_status count_all(assay_segment_found *out, job *j, const assay_context *context,
                              assay_error *err)
{
    const assay_segment_truth *t = j->truth;
    size_t classes = (size_t)t->n_names;
    size_t workers = (size_t)assay_parallel_workers(t->n, context->threads);
    j->images = assay_alloc((size_t)t->n + 1, sizeof *j->images);
    j->counts = assay_alloc(workers * classes, sizeof *j->counts);
    j->rows = assay_alloc(workers * classes, sizeof *j->rows);
    if (j->images == NULL || j->counts == NULL || j->rows == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_parallel(t->n, context->threads, count_image, j, &context->cancel, err));
    return assay_segment_gather(out, t, j->images, err);
}

assay_status assay_segment_count_panoptic(assay_segment_found *out, const assay_segment_truth *t,
                                          const char *predictions, const assay_context *context,
                                          assay_error *err)
{
    assay_status status = ASSAY_OK;
    job j = {.truth = t};
    ASSAY_GOTO(assay_segment_read_panoptic(&j.view, t, predictions, err), done);
    ASSAY_GOTO(count_all(out, &j, context, err), done);
    out->sample.kind = &assay_segment_panoptic;
    out->sample.classes = t->n_names;
    out->sample.is_thing = t->segments->is_thing;
    out->names = t->names;
    out->segments = j.view.predicted->n_segments;
    out->unused = j.view.predicted->n_images - t->n;
done:
    for (int64_t i = 0; j.images != NULL && i < t->n; i++) {
        assay_free(j.images[i].rows);
    }
    assay_free(j.images);
    assay_free(j.counts);
    assay_free(j.rows);
    assay_segment_view_close(&j.view);
    return status;
}
