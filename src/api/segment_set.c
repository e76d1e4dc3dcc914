#include "api/segment_set.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/folder_walk.h"
#include "base/alloc.h"
#include "base/text.h"

enum { LARGEST_FILE = 1 << 30, EXAMPLES = 3 };

static const char *const endings[] = {".png", NULL};

assay_status assay_segment_read_map(assay_label_map *out, const char *folder, const char *name,
                                    assay_error *err)
{
    char path[4096];
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (name == NULL || name[0] == '/' || strstr(name, "..") != NULL ||
        snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return assay_fail(err, ASSAY_EFORMAT, "the file name '%s' leads out of its folder",
                          name != NULL ? name : "");
    }
    ASSAY_TRY(assay_file_read(&bytes, &size, path, LARGEST_FILE, err));
    assay_status status = assay_label_map_decode(out, bytes, size, NULL, err);
    assay_free(bytes);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    return status;
}

/* ---- digests ---- */

typedef struct digesting {
    const char *folder;
    const char **names;
    char (*digest)[ASSAY_DIGEST_HEX];
} digesting;

static assay_status digest_one(void *payload, int64_t i, int worker, assay_error *err)
{
    const digesting *d = payload;
    char path[4096];
    (void)worker;
    if (snprintf(path, sizeof path, "%s/%s", d->folder, d->names[i]) >= (int)sizeof path) {
        return assay_fail(err, ASSAY_ELIMIT, "%s/%s: the path is too long", d->folder, d->names[i]);
    }
    return assay_file_digest(d->digest[i], path, err);
}

assay_status assay_segment_digest_maps(char out[ASSAY_DIGEST_HEX], const char *listing,
                                       const char *const *names,
                                       const char (*digests)[ASSAY_DIGEST_HEX],
                                       const int64_t *order, int64_t n, assay_error *err)
{
    assay_digest *digest = NULL;
    ASSAY_TRY(assay_digest_new(&digest, err));
    assay_digest_text(digest, listing);
    for (int64_t i = 0; i < n; i++) {
        int64_t at = order != NULL ? order[i] : i;
        assay_digest_text(digest, names[at]);
        assay_digest_text(digest, digests[at]);
    }
    assay_status status = assay_digest_hex(out, digest, err);
    assay_digest_free(digest);
    return status;
}

assay_status assay_segment_digest(char out[ASSAY_DIGEST_HEX], const char *path,
                                  const assay_context *context, assay_arena *arena,
                                  assay_error *err)
{
    digesting d = {.folder = path};
    char listing[ASSAY_DIGEST_HEX] = "";
    int64_t n = 0;
    assay_status status = ASSAY_OK;
    if (assay_file_kind(path) != 2) {
        ASSAY_TRY(assay_file_digest(listing, path, err));
        ASSAY_TRY(assay_segment_folder_of(&d.folder, path, arena, err));
    }
    ASSAY_TRY(assay_folder_walk(&d.names, &n, d.folder, endings, arena, err));
    d.digest = assay_alloc((size_t)n + 1, sizeof *d.digest);
    if (d.digest == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(assay_parallel(n, context->threads, digest_one, &d, &context->cancel, err), done);
    status = assay_segment_digest_maps(out, listing, d.names,
                                       (const char(*)[ASSAY_DIGEST_HEX])d.digest, NULL, n, err);
done:
    assay_free(d.digest);
    return status;
}

/* ---- truth ---- */

static assay_status read_options(assay_segment_truth *t, const char *const *classes,
                                 const char *ignore, assay_error *err)
{
    while (classes != NULL && classes[t->n_names] != NULL) {
        t->n_names++;
    }
    if (t->n_names > ASSAY_SEGMENTATION_CLASSES) {
        return assay_fail(err, ASSAY_ELIMIT, "more than %d classes", ASSAY_SEGMENTATION_CLASSES);
    }
    t->names = classes;
    t->ignore = 255;
    if (ignore != NULL && strcmp(ignore, "none") == 0) {
        t->ignore = -1;
    } else if (ignore != NULL && (!assay_text_to_i64(&t->ignore, ignore) || t->ignore < 0)) {
        return assay_fail(err, ASSAY_EINVAL, "ignore is '%s', expected a label or 'none'", ignore);
    }
    return ASSAY_OK;
}

assay_status assay_segment_truth_open(assay_segment_truth *out, const char *path,
                                      const char *const *classes, const char *ignore,
                                      assay_arena *arena, assay_error *err)
{
    int kind = assay_file_kind(path);
    *out = (assay_segment_truth){.arena = arena, .path = path, .folder = path};
    if (kind == 1) {
        if (ignore != NULL || (classes != NULL && classes[0] != NULL)) {
            return assay_fail(err, ASSAY_EINVAL,
                              "ignore and classes belong to folders of label maps; a panoptic file "
                              "lists its classes");
        }
        return assay_segment_open_panoptic(out, err);
    }
    if (kind != 2) {
        return assay_fail(err, ASSAY_ENOTFOUND,
                          "%s is neither a folder of label maps (PNG) nor a panoptic file", path);
    }
    ASSAY_TRY(read_options(out, classes, ignore, err));
    ASSAY_TRY(assay_folder_walk(&out->file, &out->n, path, endings, arena, err));
    return out->n > 0 ? ASSAY_OK
                      : assay_fail(err, ASSAY_EFORMAT, "%s: there are no PNG files", path);
}

void assay_segment_truth_close(assay_segment_truth *truth)
{
    assay_panoptic_free(truth->segments);
    truth->segments = NULL;
}

/* ---- gathering ---- */

assay_status assay_segment_keep(assay_segment_image *image, const assay_segment_row *rows,
                                int64_t n, assay_error *err)
{
    image->rows = assay_alloc_raw((size_t)n + 1, sizeof *rows);
    if (image->rows == NULL) {
        return assay_fail_memory(err);
    }
    if (n > 0) {
        memcpy(image->rows, rows, (size_t)n * sizeof *rows);
    }
    image->n = n;
    return ASSAY_OK;
}

assay_status assay_segment_gather(assay_segment_found *out, const assay_segment_truth *truth,
                                  const assay_segment_image *images, assay_error *err)
{
    assay_arena *arena = truth->arena;
    size_t n = (size_t)truth->n;
    int64_t total = 0;
    for (int64_t i = 0; i < truth->n; i++) {
        total += images[i].n;
    }
    int64_t *first = assay_arena_alloc(arena, n + 1, sizeof *first);
    assay_segment_row *rows = assay_arena_alloc(arena, (size_t)total + 1, sizeof *rows);
    out->width = assay_arena_alloc(arena, n + 1, sizeof *out->width);
    out->height = assay_arena_alloc(arena, n + 1, sizeof *out->height);
    if (first == NULL || rows == NULL || out->width == NULL || out->height == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < truth->n; i++) {
        first[i + 1] = first[i] + images[i].n;
        out->width[i] = images[i].width;
        out->height[i] = images[i].height;
        if (images[i].n > 0) {
            memcpy(rows + first[i], images[i].rows, (size_t)images[i].n * sizeof *rows);
        }
    }
    out->sample.n = truth->n;
    out->sample.first = first;
    out->sample.rows = rows;
    return ASSAY_OK;
}

/* ---- label maps ---- */

typedef struct job {
    const assay_segment_truth *truth;
    const char *predictions;
    assay_segmentation_options options;
    assay_segment_image *images;
    int64_t **confusion; /* per worker */
    assay_segmentation_scratch *scratch;
    assay_segment_counts *counts; /* per worker: room for all classes */
    assay_segment_row *rows;      /* per worker: one more */
} job;

static assay_status count_maps(job *j, int64_t i, int worker, const assay_label_map *truth,
                               const assay_label_map *predicted, assay_error *err)
{
    int32_t classes = j->options.classes;
    assay_segment_counts *counts = j->counts + (int64_t)worker * classes;
    assay_segment_row *rows = j->rows + (int64_t)worker * (classes + 1);
    int32_t n = 0;
    if (truth->colored || predicted->colored) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s/%s has three channels; label maps are grey or have a palette",
                          truth->colored ? j->truth->folder : j->predictions, j->truth->file[i]);
    }
    assay_status status = assay_segmentation_count(
        counts, &n, j->confusion[worker], truth, predicted, &j->options, &j->scratch[worker], err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s/%s", j->predictions, j->truth->file[i]);
        return status;
    }
    for (int32_t k = 0; k < n; k++) {
        assay_segment_row_semantic(&rows[k], &counts[k]);
    }
    bool any = assay_segment_row_image(&rows[n], counts, n, classes);
    j->images[i].width = truth->width;
    j->images[i].height = truth->height;
    return assay_segment_keep(&j->images[i], rows, n + any, err);
}

static assay_status count_pair(void *payload, int64_t i, int worker, assay_error *err)
{
    job *j = payload;
    assay_label_map truth = {0};
    assay_label_map predicted = {0};
    const char *name = j->truth->file[i];
    assay_status status = assay_segment_read_map(&truth, j->truth->folder, name, err);
    if (status == ASSAY_OK) {
        status = assay_segment_read_map(&predicted, j->predictions, name, err);
    }
    if (status == ASSAY_OK) {
        status = count_maps(j, i, worker, &truth, &predicted, err);
    }
    assay_label_map_dispose(&truth);
    assay_label_map_dispose(&predicted);
    return status;
}

static assay_status workers_new(job *j, int workers, assay_error *err)
{
    size_t classes = (size_t)j->options.classes;
    size_t w = (size_t)workers;
    j->images = assay_alloc((size_t)j->truth->n + 1, sizeof *j->images);
    j->confusion = assay_alloc(w, sizeof(int64_t *));
    j->scratch = assay_alloc(w, sizeof *j->scratch);
    j->counts = assay_alloc(w * classes, sizeof *j->counts);
    j->rows = assay_alloc(w * (classes + 1), sizeof *j->rows);
    if (j->images == NULL || j->confusion == NULL || j->scratch == NULL || j->counts == NULL ||
        j->rows == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t k = 0; k < w; k++) {
        j->confusion[k] = assay_alloc(classes * (classes + 1), sizeof **j->confusion);
        if (j->confusion[k] == NULL) {
            return assay_fail_memory(err);
        }
    }
    return ASSAY_OK;
}

static void workers_free(job *j, int workers)
{
    for (int64_t i = 0; j->images != NULL && i < j->truth->n; i++) {
        assay_free(j->images[i].rows);
    }
    for (int w = 0; w < workers; w++) {
        if (j->confusion != NULL) {
            assay_free(j->confusion[w]);
        }
        if (j->scratch != NULL) {
            assay_segmentation_scratch_dispose(&j->scratch[w]);
        }
    }
    assay_free(j->images);
    assay_free(j->confusion);
    assay_free(j->scratch);
    assay_free(j->counts);
    assay_free(j->rows);
}

/* The classes up to the last one that occurs or is named; rows of whole images move behind it. */
static void cut_classes(assay_segment_found *out, const assay_segment_truth *truth, int32_t wide)
{
    assay_segment_row *rows = (assay_segment_row *)(uintptr_t)out->sample.rows;
    int64_t n = out->sample.first[truth->n];
    int32_t last = truth->n_names - 1;
    for (int64_t r = 0; r < n; r++) {
        int32_t k = rows[r].class_index;
        last = k < wide && k > last ? k : last;
    }
    for (int64_t r = 0; r < n; r++) {
        rows[r].class_index = rows[r].class_index == wide ? last + 1 : rows[r].class_index;
    }
    out->sample.classes = last + 1;
}

static assay_status name_classes(assay_segment_found *out, const assay_segment_truth *truth,
                                 assay_error *err)
{
    size_t n = (size_t)out->sample.classes;
    const char **names = assay_arena_alloc(truth->arena, n + 1, sizeof *names);
    if (names == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t k = 0; k < out->sample.classes; k++) {
        names[k] = k < truth->n_names ? truth->names[k] : assay_arena_printf(truth->arena, "%d", k);
        if (names[k] == NULL) {
            return assay_fail_memory(err);
        }
    }
    out->names = names;
    return ASSAY_OK;
}

static assay_status gather(assay_segment_found *out, const job *j, int workers, assay_error *err)
{
    int32_t wide = j->options.classes;
    ASSAY_TRY(assay_segment_gather(out, j->truth, j->images, err));
    out->sample.kind = &assay_segment_semantic;
    out->sample.boundary = !j->options.no_boundary;
    cut_classes(out, j->truth, wide);
    ASSAY_TRY(name_classes(out, j->truth, err));
    int32_t classes = out->sample.classes;
    out->confusion = assay_arena_alloc(j->truth->arena, (size_t)classes * ((size_t)classes + 1) + 1,
                                       sizeof *out->confusion);
    if (out->confusion == NULL) {
        return assay_fail_memory(err);
    }
    for (int w = 0; w < workers; w++) {
        for (int32_t t = 0; t < classes; t++) {
            for (int32_t p = 0; p <= classes; p++) {
                int64_t n = j->confusion[w][(int64_t)t * (wide + 1) + (p == classes ? wide : p)];
                out->confusion[(int64_t)t * (classes + 1) + p] += n;
                out->strange += p == classes ? n : 0;
            }
        }
        out->strange_truth += j->scratch[w].strange;
    }
    return ASSAY_OK;
}

/* Every image of the truth has a prediction; others than those are counted. */
static assay_status check_names(assay_segment_found *out, const assay_segment_truth *truth,
                                const char *predictions, assay_error *err)
{
    const char **predicted = NULL;
    const char *missing = NULL;
    int64_t n = 0;
    int64_t absent = 0;
    if (assay_file_kind(predictions) != 2) {
        return assay_fail(err, ASSAY_ENOTFOUND, "%s is no folder of label maps (PNG)%s",
                          predictions,
                          assay_file_kind(predictions) == 1
                              ? "; the truth is one, so the predictions must be one too"
                              : "");
    }
    ASSAY_TRY(assay_folder_walk(&predicted, &n, predictions, endings, truth->arena, err));
    for (int64_t i = 0; i < truth->n; i++) {
        const char *path = assay_path_join(truth->arena, predictions, truth->file[i]);
        if (path == NULL) {
            return assay_fail_memory(err);
        }
        if (assay_file_kind(path) != 1) {
            absent++;
            missing = missing != NULL ? missing : path;
        }
    }
    if (absent > 0) {
        return assay_fail(err, ASSAY_ENOTFOUND,
                          "%s: there is no prediction for an image of %s (%" PRId64 " of %" PRId64
                          " are missing; the names must be the same)",
                          missing, truth->path, absent, truth->n);
    }
    out->unused = n - truth->n;
    return ASSAY_OK;
}

assay_status assay_segment_count(assay_segment_found *out, const assay_segment_truth *truth,
                                 const char *predictions, bool boundary,
                                 const assay_context *context, assay_error *err)
{
    *out = (assay_segment_found){0};
    if (truth->segments != NULL) {
        return assay_segment_count_panoptic(out, truth, predictions, context, err);
    }
    job j = {
        .truth = truth,
        .predictions = predictions,
        .options = {.classes = truth->n_names > 0 ? truth->n_names : ASSAY_SEGMENTATION_CLASSES,
                    .ignore = truth->ignore,
                    .no_boundary = !boundary}};
    ASSAY_TRY(check_names(out, truth, predictions, err));
    int workers = assay_parallel_workers(truth->n, context->threads);
    assay_status status = workers_new(&j, workers, err);
    if (status == ASSAY_OK) {
        status = assay_parallel(truth->n, context->threads, count_pair, &j, &context->cancel, err);
    }
    if (status == ASSAY_OK) {
        status = gather(out, &j, workers, err);
    }
    workers_free(&j, workers);
    return status;
}
