#include "adapters/filesystem/dataset_open.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/filesystem/dataset_columns.h"
#include "adapters/filesystem/dataset_draft.h"
#include "adapters/filesystem/file.h"
#include "base/alloc.h"
#include "base/text.h"

static assay_status file_bytes(const assay_dataset *dataset, int64_t i, uint8_t **out, size_t *size,
                               assay_error *err)
{
    const char *const *paths = dataset->self;
    return assay_file_read(out, size, paths[i], (size_t)1 << 30, err);
}

static assay_status file_image(const assay_dataset *dataset, int64_t i, assay_image *out,
                               assay_image_format *format, size_t *file_size, assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    assay_image_format found = ASSAY_IMAGE_UNKNOWN;
    ASSAY_TRY(file_bytes(dataset, i, &bytes, &size, err));
    assay_status status = assay_image_decode(out, &found, bytes, size, NULL, err);
    if (format != NULL) {
        *format = found;
    }
    if (file_size != NULL) {
        *file_size = size;
    }
    assay_free(bytes);
    return status;
}

/* `self` is the array of paths, in the dataset's arena. */
static const assay_dataset_source file_functions = {.bytes = file_bytes, .image = file_image};

static int is_idx(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    return strstr(base, "-ubyte") != NULL || assay_text_ends_nocase(base, ".idx") ||
           assay_text_ends_nocase(base, ".idx.gz");
}

static int has_extension(const char *path, const char *const *extensions)
{
    for (size_t i = 0; extensions[i] != NULL; i++) {
        if (assay_text_ends_nocase(path, extensions[i])) {
            return 1;
        }
    }
    return 0;
}

static assay_status read_files(assay_dataset_draft *draft, assay_error *err)
{
    for (int64_t i = 0; i < draft->options->n_files; i++) {
        const assay_dataset_file *file = &draft->options->files[i];
        const char *id = assay_draft_text(draft, file->id, err);
        const char *path = assay_arena_strdup(draft->arena, file->path);
        if (id == NULL || path == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_draft_add(draft, id, path, i, err));
    }
    return ASSAY_OK;
}

static assay_status read_source(assay_dataset_draft *draft, assay_error *err)
{
    static const char *const tables[] = {".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", NULL};
    static const char *const arrays[] = {".npy", ".npz", NULL};
    const char *path = draft->path;
    if (draft->options->files != NULL) {
        return read_files(draft, err);
    }
    switch (assay_file_kind(path)) {
    case 0:
        return assay_fail(err, ASSAY_ENOTFOUND, "%s: there is no such file or folder", path);
    case 2:
        return assay_draft_read_folder(draft, err);
    default:
        break;
    }
    if (has_extension(path, tables)) {
        return assay_draft_read_manifest(draft, err);
    }
    if (assay_text_ends_nocase(path, ".json")) {
        return assay_draft_read_coco(draft, err);
    }
    if (has_extension(path, arrays) || is_idx(path)) {
        return assay_draft_read_array(draft, err);
    }
    return assay_fail(err, ASSAY_EFORMAT,
                      "%s is not a dataset: expected a folder of class folders, a manifest (.csv, "
                      ".tsv, .parquet, .jsonl), COCO annotations (.json), an IDX file "
                      "(...-images-idx3-ubyte), .npy or .npz",
                      path);
}

/* The later one of two data with one id is bad. */
static assay_status check_ids(assay_dataset_draft *draft, assay_error *err)
{
    assay_text_index *index = NULL;
    const char **ids = assay_alloc((size_t)draft->n, sizeof *ids);
    assay_status status = ids != NULL ? ASSAY_OK : assay_fail_memory(err);
    if (status == ASSAY_OK) {
        status = assay_text_index_new(&index, draft->n, err);
    }
    for (int64_t i = 0; status == ASSAY_OK && i < draft->n; i++) {
        int64_t found = -1;
        ids[i] = draft->data[i].id;
        status = assay_text_index_put(&found, index, ids, i, err);
        if (status == ASSAY_OK && found >= 0 && draft->data[i].bad == NULL) {
            status =
                assay_draft_bad(draft, i, err, "the id \"%s\" stands twice, first in row %" PRId64,
                                ids[i], draft->data[found].row + 1);
        }
    }
    assay_text_index_free(index);
    assay_free(ids);
    return status;
}

static assay_status sort_classes(assay_dataset_draft *draft, assay_error *err)
{
    int32_t *moved = assay_alloc((size_t)draft->classes.n, sizeof *moved);
    if (moved == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_classes_sort(moved, &draft->classes, err);
    for (int64_t i = 0; status == ASSAY_OK && i < draft->n; i++) {
        if (draft->data[i].target >= 0) {
            draft->data[i].target = moved[draft->data[i].target];
        }
    }
    assay_free(moved);
    return status;
}

/* Bad data into dataset->skipped; keep[k] = draft index of datum k. */
static assay_status separate(assay_dataset *dataset, int64_t *keep,
                             const assay_dataset_draft *draft, const assay_datum_scan *scans,
                             assay_error *err)
{
    int64_t bad = 0;
    for (int64_t i = 0; i < draft->n; i++) {
        bad += draft->data[i].bad != NULL || scans[i].bad != NULL;
    }
    dataset->skipped = assay_arena_alloc(dataset->arena, (size_t)bad, sizeof *dataset->skipped);
    if (dataset->skipped == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < draft->n; i++) {
        const assay_datum_draft *datum = &draft->data[i];
        const char *reason = datum->bad != NULL ? datum->bad : scans[i].bad;
        if (reason == NULL) {
            keep[dataset->n++] = i;
            continue;
        }
        assay_skip *skip = &dataset->skipped[dataset->n_skipped++];
        skip->id = datum->id;
        skip->reason = assay_arena_strdup(dataset->arena, reason);
        if (datum->path != NULL && !draft->is_table_file) {
            skip->where = datum->path;
        } else {
            int named = datum->path != NULL && datum->path[0] != '\0';
            skip->where = assay_arena_printf(dataset->arena, "%s: row %" PRId64 "%s%s%s",
                                             draft->path, datum->row + 1, named ? " (" : "",
                                             named ? datum->path : "", named ? ")" : "");
        }
        if (skip->reason == NULL || skip->where == NULL) {
            return assay_fail_memory(err);
        }
    }
    if (dataset->n == 0) {
        return bad == 0
                   ? assay_fail(err, ASSAY_EFORMAT, "%s holds no data", draft->path)
                   : assay_fail(err, ASSAY_EFORMAT,
                                "%s: all %" PRId64 " data are bad; the first: %s: %s", draft->path,
                                bad, dataset->skipped[0].where, dataset->skipped[0].reason);
    }
    return ASSAY_OK;
}

static assay_status take_data(assay_dataset *dataset, const int64_t *keep,
                              assay_dataset_draft *draft, assay_error *err)
{
    size_t n = (size_t)dataset->n;
    dataset->ids = assay_arena_alloc(dataset->arena, n, sizeof *dataset->ids);
    dataset->targets = assay_arena_alloc(dataset->arena, n, sizeof *dataset->targets);
    const char **paths = assay_arena_alloc(dataset->arena, n, sizeof *paths);
    int64_t *rows = assay_arena_alloc(dataset->arena, n, sizeof *rows);
    if (dataset->ids == NULL || dataset->targets == NULL || paths == NULL || rows == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t k = 0; k < n; k++) {
        const assay_datum_draft *datum = &draft->data[keep[k]];
        dataset->ids[k] = datum->id;
        dataset->targets[k] = datum->target;
        paths[k] = datum->path;
        rows[k] = datum->row;
    }
    dataset->class_names = draft->classes.names;
    dataset->classes = draft->classes.n;
    if (draft->self != NULL) {
        dataset->source = draft->source;
        dataset->self = draft->self;
        draft->self = NULL;
        assay_array_select(dataset->self, rows);
    } else {
        dataset->source = &file_functions;
        dataset->self = paths;
    }
    return ASSAY_OK;
}

static assay_status digest_of(assay_dataset *dataset, const int64_t *keep,
                              const assay_datum_scan *scans, assay_error *err)
{
    assay_digest *digest = NULL;
    ASSAY_TRY(assay_digest_new(&digest, err));
    assay_digest_text(digest, "assay dataset 1");
    assay_digest_i64(digest, dataset->n);
    assay_digest_i64(digest, dataset->classes);
    for (int32_t i = 0; i < dataset->classes; i++) {
        assay_digest_text(digest, dataset->class_names[i]);
    }
    for (int64_t k = 0; k < dataset->n; k++) {
        assay_digest_text(digest, dataset->ids[k]);
        assay_digest_i64(digest, dataset->targets[k]);
        assay_digest_text(digest, scans[keep[k]].digest);
    }
    assay_status status = assay_digest_hex(dataset->digest, digest, err);
    assay_digest_free(digest);
    return status;
}

static assay_status finish(assay_dataset **out, assay_dataset_draft *draft,
                           const assay_datum_scan *scans, assay_error *err)
{
    assay_dataset *dataset = assay_alloc(1, sizeof *dataset);
    int64_t *keep = assay_alloc((size_t)draft->n, sizeof *keep);
    assay_status status = dataset != NULL && keep != NULL ? ASSAY_OK : assay_fail_memory(err);
    if (status == ASSAY_OK) {
        dataset->arena = draft->arena;
        draft->arena = NULL;
        dataset->name = draft->name;
        dataset->path = draft->path;
        status = separate(dataset, keep, draft, scans, err);
    }
    if (status == ASSAY_OK) {
        status = take_data(dataset, keep, draft, err);
    }
    if (status == ASSAY_OK) {
        status = digest_of(dataset, keep, scans, err);
    }
    if (status == ASSAY_OK) {
        status = assay_dataset_make_columns(dataset, keep, draft, scans, err);
    }
    if (status == ASSAY_OK) {
        assay_log_write(draft->options->log, ASSAY_LOG_INFO,
                        "%s: %" PRId64 " data, %d classes, %" PRId64 " left out as bad, %" PRId64
                        " other files ignored",
                        dataset->name, dataset->n, (int)dataset->classes, dataset->n_skipped,
                        draft->ignored);
        *out = dataset;
        dataset = NULL;
    }
    assay_free(keep);
    assay_dataset_free(dataset);
    return status;
}

static const char *name_of(assay_arena *arena, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') {
        end--;
    }
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/') {
        begin--;
    }
    begin = begin == end ? 0 : begin;
    char *raw = assay_arena_printf(arena, "%.*s", (int)(end - begin), path + begin);
    char *name = raw != NULL ? assay_arena_alloc(arena, 3 * strlen(raw) + 1, 1) : NULL;
    if (name != NULL) {
        assay_text_printable(name, 3 * strlen(raw) + 1, raw);
    }
    return name;
}

static assay_status begin_draft(assay_dataset_draft *draft, const char *path,
                                const assay_dataset_options *options, assay_error *err)
{
    ASSAY_TRY(assay_arena_new(&draft->arena, (size_t)64 << 30, err));
    draft->options = options;
    draft->path = assay_arena_strdup(draft->arena, path);
    draft->name = options->name != NULL ? assay_arena_strdup(draft->arena, options->name)
                                        : name_of(draft->arena, path);
    if (draft->path == NULL || draft->name == NULL) {
        return assay_fail_memory(err);
    }
    return assay_classes_init(&draft->classes, draft->arena, options->class_names, err);
}

assay_status assay_dataset_open(assay_dataset **out, const char *path,
                                const assay_dataset_options *options, assay_error *err)
{
    *out = NULL;
    static const assay_dataset_options defaults = {0};
    assay_dataset_draft draft = {0};
    assay_datum_scan *scans = NULL;
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(begin_draft(&draft, path, options != NULL ? options : &defaults, err), done);
    ASSAY_GOTO(read_source(&draft, err), done);
    if (draft.n == 0) {
        ASSAY_GOTO(assay_fail(err, ASSAY_EFORMAT, "%s holds no data", path), done);
    }
    ASSAY_GOTO(check_ids(&draft, err), done);
    ASSAY_GOTO(sort_classes(&draft, err), done);
    scans = assay_alloc((size_t)draft.n, sizeof *scans);
    if (scans == NULL) {
        ASSAY_GOTO(assay_fail_memory(err), done);
    }
    ASSAY_GOTO(assay_draft_scan(scans, &draft, err), done);
    status = finish(out, &draft, scans, err);
done:
    for (int64_t i = 0; scans != NULL && i < draft.n; i++) {
        assay_free(scans[i].bad);
    }
    assay_free(scans);
    if (draft.self != NULL && draft.source != NULL) {
        draft.source->free(draft.self);
    }
    assay_table_free(draft.manifest);
    assay_classes_dispose(&draft.classes);
    assay_arena_free(draft.arena);
    return status;
}
