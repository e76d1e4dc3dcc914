/* Finished rows of an attack on disk, so that one that was interrupted goes on and one that is done need not
 * be done again. One folder per attack; each file holds some rows, for one set of settings. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "api/attack.h"
#include "assay/version.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "base/text.h"

static const char magic[] = "assay attack rows 1\n";
enum { HEAD = sizeof magic - 1 + ASSAY_DIGEST_HEX - 1 };

/* Where a row lies; file < 0 = nowhere. */
typedef struct place {
    int32_t file;
    int64_t offset, size;
} place;

struct assay_resume {
    assay_arena *arena;
    assay_attack_store store;
    const char *folder;
    char key[ASSAY_DIGEST_HEX];
    int64_t n;
    place *places; /* n */
    const char **files;
};

/* ---- the key -------------------------------------------------------------------------------- */

static void add_model(assay_digest *digest, const assay_model *model)
{
    if (model != NULL) {
        assay_digest_text(digest, model->digest);
        const assay_preprocess *p = &model->spec.preprocess;
        assay_digest_i64(digest, (int64_t)model->spec.scores);
        assay_digest_i64(digest, (int64_t)p->color);
        assay_digest_real(digest, p->scale);
        for (int c = 0; c < 3; c++) {
            assay_digest_real(digest, p->mean[c]);
            assay_digest_real(digest, p->std[c]);
        }
    } else {
        assay_digest_text(digest, "-");
    }
}

static void add_options(assay_digest *digest, const assay_attack_options *o)
{
    assay_digest_i64(digest, (int64_t)o->norm);
    assay_digest_i64(digest, o->n_eps);
    for (int32_t e = 0; e < o->n_eps; e++) {
        assay_digest_real(digest, o->eps[e]);
    }
    assay_digest_i64(digest, o->n_models);
    for (int32_t m = 0; m < o->n_models; m++) {
        add_model(digest, o->models[m]);
    }
    assay_digest_i64(digest, o->n_transfer);
    for (int32_t t = 0; t < o->n_transfer; t++) {
        add_model(digest, o->transfer[t]);
    }
    add_model(digest, o->substitute);
    assay_digest_i64(digest, o->budget);
    assay_digest_i64(digest, o->repeats);
    assay_digest_real(digest, o->noise);
    assay_digest_i64(digest, (int64_t)o->seed);
}

/* The pixels themselves, as the preparation left them: all of them, as one image may have changed. */
static assay_status add_images(assay_digest *digest, const assay_attack_images *images,
                               assay_error *err)
{
    size_t size = (size_t)images->channels * (size_t)images->height * (size_t)images->width;
    float *pixels = assay_alloc(size, sizeof *pixels);
    assay_status status = pixels == NULL ? assay_fail_memory(err) : ASSAY_OK;
    for (int64_t i = 0; status == ASSAY_OK && i < images->n; i++) {
        assay_digest_text(digest, images->ids[i]);
        assay_digest_i64(digest, images->labels[i]);
        assay_digest_i64(digest, images->targets != NULL ? images->targets[i] : -2);
        if (images->labels[i] >= 0) {
            status = images->read(images->payload, i, pixels, err);
            assay_digest_update(digest, pixels, size * sizeof *pixels);
        }
    }
    if (images->donors != NULL) {
        assay_digest_update(digest, images->donors,
                            (size_t)images->n_donors * size * sizeof *images->donors);
    }
    assay_free(pixels);
    return status;
}

static assay_status make_key(char *key, const assay_attack_images *images,
                             const assay_attack_options *options, assay_error *err)
{
    assay_digest *digest = NULL;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    ASSAY_TRY(assay_digest_new(&digest, err));
    assay_status status = assay_args_text(&text, options->attack, err);
    if (status == ASSAY_OK) {
        assay_digest_text(digest, ASSAY_VERSION);
        assay_digest_text(digest, text.data != NULL ? text.data : "");
        assay_digest_i64(digest, options->attack->op->revision);
        add_options(digest, options);
        status = add_images(digest, images, err);
    }
    if (status == ASSAY_OK) {
        status = assay_digest_hex(key, digest, err);
    }
    assay_digest_free(digest);
    assay_buffer_dispose(&text);
    return status;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* The rows of one file; a file that is cut short or of other settings counts for nothing from there on. */
static void index_file(assay_resume *r, int32_t number)
{
    FILE *file = fopen(r->files[number], "rb");
    char head[HEAD];
    int64_t record[2];
    int64_t size = assay_file_size(r->files[number]);
    int64_t at = HEAD;
    if (file == NULL) {
        return;
    }
    bool good = fread(head, 1, HEAD, file) == HEAD && memcmp(head, magic, sizeof magic - 1) == 0 &&
                memcmp(head + sizeof magic - 1, r->key, ASSAY_DIGEST_HEX - 1) == 0;
    while (good && fread(record, 1, sizeof record, file) == sizeof record) {
        at += (int64_t)sizeof record;
        good = record[0] >= 0 && record[0] < r->n && record[1] > 0 && record[1] <= size - at;
        if (good) {
            r->places[record[0]] = (place){number, at, record[1]};
            at += record[1];
            good = fseek(file, (long)at, SEEK_SET) == 0;
        }
    }
    (void)fclose(file);
}

static assay_status get(void *payload, int64_t i, assay_buffer *out, assay_error *err)
{
    const assay_resume *r = payload;
    const place *p = &r->places[i];
    if (p->file < 0) {
        return ASSAY_OK;
    }
    char *bytes = assay_alloc((size_t)p->size, 1);
    FILE *file = fopen(r->files[p->file], "rb");
    assay_status status = bytes == NULL ? assay_fail_memory(err) : ASSAY_OK;
    if (status == ASSAY_OK && file != NULL && fseek(file, (long)p->offset, SEEK_SET) == 0 &&
        fread(bytes, 1, (size_t)p->size, file) == (size_t)p->size) {
        assay_buffer_append(out, bytes, (size_t)p->size);
        status = assay_buffer_status(out, err);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    assay_free(bytes);
    return status;
}

/* Named by the first row: rows are never kept twice, so names do not meet. */
static assay_status put(void *payload, const int64_t *row, const int64_t *at, int64_t n,
                        const char *bytes, assay_error *err)
{
    const assay_resume *r = payload;
    char path[4200];
    assay_buffer text;
    if (snprintf(path, sizeof path, "%s/%s-%" PRId64 ".rows", r->folder, r->key, row[0]) >=
        (int)sizeof path) {
        return assay_fail(err, ASSAY_EINVAL, "the path %s is too long", r->folder);
    }
    assay_buffer_init(&text, (size_t)1 << 33);
    assay_buffer_append(&text, magic, sizeof magic - 1);
    assay_buffer_append(&text, r->key, ASSAY_DIGEST_HEX - 1);
    for (int64_t k = 0; k < n; k++) {
        const int64_t record[2] = {row[k], at[k + 1] - at[k]};
        assay_buffer_append(&text, (const char *)record, sizeof record);
        assay_buffer_append(&text, bytes + at[k], (size_t)record[1]);
    }
    assay_status status = assay_buffer_status(&text, err);
    if (status == ASSAY_OK) {
        status = assay_file_write(path, text.data, text.size, err);
    }
    assay_buffer_dispose(&text);
    return status;
}

/* Files of other settings are of no use any more. */
static assay_status open_files(assay_resume *r, assay_error *err)
{
    const char **names = NULL;
    int64_t n = 0;
    ASSAY_TRY(assay_folder_list(&names, &n, r->folder, r->arena, err));
    r->files = assay_arena_alloc(r->arena, (size_t)n + 1, sizeof *r->files);
    if (r->files == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n && i < INT32_MAX; i++) {
        r->files[i] = assay_path_join(r->arena, r->folder, names[i]);
        if (r->files[i] == NULL) {
            return assay_fail_memory(err);
        }
        if (!assay_text_ends(names[i], ".rows")) {
            continue;
        }
        if (assay_text_starts(names[i], r->key)) {
            index_file(r, (int32_t)i);
        } else {
            (void)remove(r->files[i]);
        }
    }
    return ASSAY_OK;
}

assay_status assay_resume_open(assay_resume **out, const char *folder,
                               const assay_attack_images *images,
                               const assay_attack_options *options, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    *out = NULL;
    ASSAY_TRY(assay_folder_make(folder, err));
    ASSAY_TRY(assay_arena_new(&arena, (size_t)1 << 32, err));
    assay_resume *r = assay_arena_alloc(arena, 1, sizeof *r);
    if (r == NULL) {
        assay_arena_free(arena);
        return assay_fail_memory(err);
    }
    r->arena = arena;
    r->folder = folder;
    r->n = images->n;
    r->store = (assay_attack_store){.payload = r, .get = get, .put = put};
    r->places = assay_arena_alloc(arena, (size_t)r->n + 1, sizeof *r->places);
    if (r->places == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < r->n; i++) {
        r->places[i].file = -1;
    }
    ASSAY_GOTO(make_key(r->key, images, options, err), done);
    ASSAY_GOTO(open_files(r, err), done);
    *out = r;
    arena = NULL;
done:
    assay_arena_free(arena);
    return status;
}

const assay_attack_store *assay_resume_store(const assay_resume *resume)
{
    return resume != NULL ? &resume->store : NULL;
}

void assay_resume_free(assay_resume *resume)
{
    if (resume != NULL) {
        assay_arena_free(resume->arena);
    }
}
