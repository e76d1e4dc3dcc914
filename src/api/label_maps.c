#include "api/label_maps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/batch_store.h"
#include "adapters/filesystem/file.h"
#include "api/segment_set.h"
#include "base/sort.h"

typedef struct job {
    const assay_label_maps_request *q;
    assay_arena *arena;
    char (*digest)[ASSAY_DIGEST_HEX]; /* of every datum's file */
    int64_t *order;                   /* of the data by the names of their files */
    const char *list;                 /* the table beside the folder */
    char key[ASSAY_DIGEST_HEX];
} job;

const char *assay_label_map_name(assay_arena *arena, const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *dot = strrchr(slash != NULL ? slash : image, '.');
    int stem = dot != NULL ? (int)(dot - image) : (int)strlen(image);
    return assay_arena_printf(arena, "%.*s.png", stem, image);
}

/* ---- the folder ---- */

static assay_status path_of(char out[4096], const job *j, int64_t image, assay_error *err)
{
    int n = snprintf(out, 4096, "%s/%s", j->q->folder, j->q->files[image]);
    return n > 0 && n < 4096 ? ASSAY_OK
                             : assay_fail(err, ASSAY_ELIMIT, "%s/%s: the path is too long",
                                          j->q->folder, j->q->files[image]);
}

static assay_status save(void *payload, char digest[ASSAY_DIGEST_HEX], int64_t image,
                         const void *png, size_t size, assay_error *err)
{
    job *j = payload;
    char path[4096];
    ASSAY_TRY(path_of(path, j, image, err));
    ASSAY_TRY(assay_digest_bytes(digest, png, size, err));
    memcpy(j->digest[image], digest, ASSAY_DIGEST_HEX);
    return assay_file_write(path, png, size, err);
}

/* The digest of the file that is there; false = there is none. */
static bool digest_file(job *j, int64_t image)
{
    char path[4096];
    return path_of(path, j, image, NULL) == ASSAY_OK && assay_file_kind(path) == 1 &&
           assay_file_digest(j->digest[image], path, NULL) == ASSAY_OK;
}

static bool there(void *payload, int64_t image, const char *digest)
{
    job *j = payload;
    return digest_file(j, image) && strcmp(j->digest[image], digest) == 0;
}

static const char *file_at(const job *j, int64_t rank)
{
    return j->q->files[j->order[rank]];
}

/* Two images with the same map are a mistake. */
static assay_status sort_files(job *j, assay_error *err)
{
    ASSAY_TRY(assay_sort_order_text(j->order, j->q->files, j->q->data->n, err));
    for (int64_t i = 1; i < j->q->data->n; i++) {
        if (strcmp(file_at(j, i - 1), file_at(j, i)) == 0) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "two images would have the label map %s: their names must differ in "
                              "more than the ending",
                              file_at(j, i));
        }
    }
    return ASSAY_OK;
}

static assay_status make_folders(const job *j, assay_error *err)
{
    const char *last = NULL;
    ASSAY_TRY(assay_folder_make(j->q->folder, err));
    for (int64_t i = 0; i < j->q->data->n; i++) {
        const char *path = assay_path_join(j->arena, j->q->folder, file_at(j, i));
        const char *folder = path != NULL ? assay_path_folder(j->arena, path) : NULL;
        if (folder == NULL) {
            return assay_fail_memory(err);
        }
        if (last == NULL || strcmp(last, folder) != 0) {
            ASSAY_TRY(assay_folder_make(folder, err));
            last = folder;
        }
    }
    return ASSAY_OK;
}

/* Maps never replace something that is not known to be such. */
static assay_status check_folder(const job *j, assay_error *err)
{
    const char **names = NULL;
    int64_t n = 0;
    int kind = assay_file_kind(j->q->folder);
    if (kind == 0 || assay_file_kind(j->list) == 1 || assay_file_kind(j->q->store) == 2) {
        return ASSAY_OK;
    }
    if (kind != 2) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%s is a file: label maps are written into a folder, one PNG per image",
                          j->q->folder);
    }
    ASSAY_TRY(assay_folder_list(&names, &n, j->q->folder, j->arena, err));
    return n == 0 ? ASSAY_OK
                  : assay_fail(err, ASSAY_EINVAL,
                               "%s holds other files (\"%s\", ...): name a new or empty folder",
                               j->q->folder, names[0]);
}

/* ---- what the maps are of ---- */

static assay_status digest_all(char out[ASSAY_DIGEST_HEX], const job *j, assay_error *err)
{
    return assay_segment_digest_maps(out, "", j->q->files,
                                     (const char(*)[ASSAY_DIGEST_HEX])j->digest, j->order,
                                     j->q->data->n, err);
}

/* Of the predictions, of how classes are written, and of the files. */
static assay_status make_key(job *j, assay_error *err)
{
    const assay_label_maps_request *q = j->q;
    assay_digest *sum = NULL;
    ASSAY_TRY(assay_digest_new(&sum, err));
    assay_digest_text(sum, q->key);
    assay_digest_i64(sum, q->labels->classes);
    for (int32_t k = 0; k < q->model->spec.classes; k++) {
        assay_digest_i64(sum, q->labels->label[k]);
    }
    for (int64_t i = 0; i < q->data->n; i++) {
        assay_digest_text(sum, q->files[i]);
    }
    assay_status status = assay_digest_hex(j->key, sum, err);
    assay_digest_free(sum);
    return status;
}

static assay_status write_list(const job *j, const char *digest, assay_error *err)
{
    const assay_label_maps_request *q = j->q;
    const assay_args *perturbation = q->options->perturbation;
    assay_table *table = NULL;
    assay_column *image = NULL;
    assay_column *file = NULL;
    assay_buffer text;
    assay_status status = ASSAY_OK;
    assay_buffer_init(&text, 0);
    if (perturbation != NULL) {
        ASSAY_GOTO(assay_args_text(&text, perturbation, err), done);
    }
    const char *const notes[] = {"assay.key",
                                 j->key,
                                 "assay.digest",
                                 digest,
                                 "assay.model",
                                 q->model->digest,
                                 "assay.data",
                                 q->data->digest,
                                 "assay.perturbation",
                                 text.data != NULL ? text.data : "none",
                                 "assay.backend",
                                 q->model->backend_version,
                                 NULL};
    ASSAY_GOTO(assay_table_new(&table, q->data->n, 0, err), done);
    ASSAY_GOTO(assay_table_add(&image, table, "image", ASSAY_COLUMN_TEXT, err), done);
    ASSAY_GOTO(assay_table_add(&file, table, "file", ASSAY_COLUMN_TEXT, err), done);
    image = &table->columns[0];
    for (int64_t i = 0; i < q->data->n; i++) {
        image->texts[i] = q->data->ids[i];
        file->texts[i] = q->files[i];
        image->valid[i] = file->valid[i] = 1;
    }
    status = assay_duckdb_write_table_noted(j->list, table, notes, err);
done:
    assay_table_free(table);
    assay_buffer_dispose(&text);
    return status;
}

/* The maps that are there already are exactly what would be computed. */
static bool reuse(assay_label_maps_summary *out, job *j)
{
    if (j->q->fresh || assay_file_kind(j->list) != 1 ||
        !assay_duckdb_has_note(j->list, "assay.key", j->key)) {
        return false;
    }
    for (int64_t i = 0; i < j->q->data->n; i++) {
        if (!digest_file(j, i)) {
            return false;
        }
    }
    out->reused = digest_all(out->digest, j, NULL) == ASSAY_OK &&
                  assay_duckdb_has_note(j->list, "assay.digest", out->digest);
    return out->reused;
}

static assay_status compute(assay_label_maps_summary *out, job *j, assay_error *err)
{
    const assay_segment_sink sink = {.save = save, .there = there, .payload = j};
    assay_predict_options options = *j->q->options;
    assay_batch_store *store = NULL;
    ASSAY_TRY(assay_batch_store_open(&store, j->q->store, j->key, j->q->fresh, err));
    options.store = store;
    assay_status status =
        assay_segment_predict(j->q->model, j->q->data, j->q->labels, &options, &sink, err);
    if (status == ASSAY_OK) {
        status = assay_batch_store_flush(store, err);
    }
    if (status == ASSAY_OK) {
        status = digest_all(out->digest, j, err);
    }
    if (status == ASSAY_OK) {
        status = write_list(j, out->digest, err);
    }
    assay_batch_store_close(store);
    if (status == ASSAY_OK && !j->q->keep_store) {
        assay_batch_store_remove(j->q->store);
    }
    return status;
}

assay_status assay_label_maps_predict(assay_label_maps_summary *out,
                                      const assay_label_maps_request *request, assay_arena *arena,
                                      assay_error *err)
{
    job j = {.q = request, .arena = arena};
    *out = (assay_label_maps_summary){0};
    j.list = assay_arena_printf(arena, "%s.parquet", request->folder);
    j.digest = assay_arena_alloc(arena, (size_t)request->data->n + 1, sizeof *j.digest);
    j.order = assay_arena_alloc(arena, (size_t)request->data->n + 1, sizeof *j.order);
    if (j.list == NULL || j.digest == NULL || j.order == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(sort_files(&j, err));
    ASSAY_TRY(make_key(&j, err));
    ASSAY_TRY(check_folder(&j, err));
    if (reuse(out, &j)) {
        return ASSAY_OK;
    }
    ASSAY_TRY(make_folders(&j, err));
    return compute(out, &j, err);
}
