#include "adapters/onnxruntime/onnx_file.h"

#include <stdbool.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "base/alloc.h"
#include "base/text.h"
#include "onnx/scan.h"

enum { MOST_LOCATIONS = 1 << 16, PEEK = 512 };

/* Protobuf messages end below 2 GiB; larger models keep their weights in other files. */
static const size_t file_limit = (size_t)1 << 31;

typedef struct locations {
    assay_arena *arena;
    const char **names;
    size_t n, capacity;
} locations;

static assay_status add_location(void *payload, const char *location, size_t size, assay_error *err)
{
    locations *all = payload;
    for (size_t i = all->n; i-- > 0;) {
        if (strncmp(all->names[i], location, size) == 0 && all->names[i][size] == '\0') {
            return ASSAY_OK;
        }
    }
    if (size == 0 || memchr(location, '\0', size) != NULL || all->n == MOST_LOCATIONS) {
        return assay_fail(err, ASSAY_EFORMAT, "it names an impossible file for its weights");
    }
    if (all->n == all->capacity) {
        size_t capacity = all->capacity > 0 ? all->capacity * 2 : 16;
        const char **names = assay_arena_alloc(all->arena, capacity, sizeof *names);
        if (names == NULL) {
            return assay_fail_memory(err);
        }
        if (all->n > 0) {
            memcpy(names, all->names, all->n * sizeof *names);
        }
        all->names = names;
        all->capacity = capacity;
    }
    char *copy = assay_arena_alloc(all->arena, size + 1, 1);
    if (copy == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(copy, location, size);
    all->names[all->n++] = copy;
    return ASSAY_OK;
}

static bool is_text(const uint8_t *bytes, size_t size)
{
    size_t n = size < PEEK ? size : PEEK;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] < 0x20 && bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\t') {
            return false;
        }
    }
    return true;
}

/* Things that people hand over by mistake deserve their own name. */
static assay_status check_kind(const uint8_t *bytes, size_t size, assay_error *err)
{
    static const char lfs[] = "version https://git-lfs";
    if (size == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "the file is empty, expected an ONNX model");
    }
    if (size >= sizeof lfs - 1 && memcmp(bytes, lfs, sizeof lfs - 1) == 0) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "this is a Git LFS pointer, not the model itself: run `git lfs pull`");
    }
    if (size >= 4 && memcmp(bytes, "PK\003\004", 4) == 0) {
        return assay_fail(
            err, ASSAY_EFORMAT,
            "this is a zip archive (a PyTorch or Keras file?), expected an ONNX model: "
            "export it to ONNX");
    }
    if (is_text(bytes, size)) {
        return assay_fail(err, ASSAY_EFORMAT, "this is a text file, expected an ONNX model");
    }
    return ASSAY_OK;
}

static assay_status digest_with_data(char digest[ASSAY_DIGEST_HEX], const char *path,
                                     const locations *all, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_digest *sum = NULL;
    ASSAY_TRY(assay_digest_new(&sum, err));
    assay_digest_text(sum, digest);
    const char *folder = assay_path_folder(all->arena, path);
    for (size_t i = 0; i < all->n; i++) {
        char part[ASSAY_DIGEST_HEX];
        const char *file = assay_path_join(all->arena, folder, all->names[i]);
        if (folder == NULL || file == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
        if (assay_file_kind(file) == 0) {
            status = assay_fail(err, ASSAY_ENOTFOUND,
                                "its weights are in the file %s, which is missing: put it beside "
                                "the model",
                                all->names[i]);
            goto done;
        }
        ASSAY_GOTO(assay_file_digest(part, file, err), done);
        assay_digest_text(sum, all->names[i]);
        assay_digest_text(sum, part);
    }
    status = assay_digest_hex(digest, sum, err);
done:
    assay_digest_free(sum);
    return status;
}

assay_status assay_onnx_file_check(char digest[ASSAY_DIGEST_HEX], const char *path,
                                   assay_arena *arena, assay_error *err)
{
    assay_status status = ASSAY_OK;
    uint8_t *bytes = NULL;
    size_t size = 0;
    locations all = {.arena = arena};
    ASSAY_GOTO(assay_file_read(&bytes, &size, path, file_limit, err), done);
    ASSAY_GOTO(check_kind(bytes, size, err), named);
    ASSAY_GOTO(assay_onnx_scan(bytes, size, add_location, &all, err), named);
    ASSAY_GOTO(assay_digest_bytes(digest, bytes, size, err), named);
    assay_free(bytes);
    bytes = NULL;
    if (all.n > 0) {
        status = digest_with_data(digest, path, &all, err);
    }
named:
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
done:
    assay_free(bytes);
    return status;
}
