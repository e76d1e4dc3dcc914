#include "adapters/filesystem/folder_walk.h"

#include <string.h>
#include <sys/stat.h>

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/file_stream.h"
#include "base/alloc.h"
#include "base/text.h"
#include "codec/image_decode.h"

enum { DEEPEST = 32, HEAD = 1 << 16, LARGEST_IMAGE = 1 << 30 };

const char *const assay_image_endings[] = {".jpg",  ".jpeg", ".png", ".bmp", ".tif", ".tiff",
                                           ".webp", ".pgm",  ".ppm", ".pnm", NULL};

/* The folders from the top down to this one: a link back to one of them has no end. */
typedef struct ancestor {
    const struct ancestor *above;
    dev_t device;
    ino_t number;
} ancestor;

typedef struct walk {
    assay_arena *arena;
    const char *const *endings;
    const char **paths;
    int64_t n, room;
} walk;

static assay_status add(walk *w, const char *path, assay_error *err)
{
    if (w->n == w->room) {
        int64_t more = w->room * 2 + 256;
        void *grown = assay_realloc(w->paths, (size_t)w->room * sizeof *w->paths, (size_t)more,
                                    sizeof *w->paths);
        if (grown == NULL) {
            return assay_fail_memory(err);
        }
        w->paths = grown;
        w->room = more;
    }
    w->paths[w->n++] = path;
    return ASSAY_OK;
}

static bool wanted(const walk *w, const char *name)
{
    bool any = w->endings == NULL;
    for (const char *const *e = w->endings; !any && *e != NULL; e++) {
        any = assay_text_ends_nocase(name, *e);
    }
    return any;
}

static assay_status enter(ancestor *self, const ancestor *above, const char *path, assay_error *err)
{
    struct stat info;
    int depth = 0;
    if (stat(path, &info) != 0) {
        return assay_fail_errno(err, ASSAY_EIO, "cannot look at the folder %s", path);
    }
    *self = (ancestor){above, info.st_dev, info.st_ino};
    for (; above != NULL; above = above->above) {
        if ((above->device == self->device && above->number == self->number) || ++depth > DEEPEST) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "%s leads back to a folder that contains it, or lies more than %d "
                              "folders deep",
                              path, (int)DEEPEST);
        }
    }
    return ASSAY_OK;
}

static assay_status walk_folder(walk *w, const char *path, const char *relative,
                                const ancestor *above, assay_error *err)
{
    const char **names = NULL;
    int64_t n = 0;
    ancestor self = {0};
    ASSAY_TRY(enter(&self, above, path, err));
    ASSAY_TRY(assay_folder_list(&names, &n, path, w->arena, err));
    for (int64_t i = 0; i < n; i++) {
        if (names[i][0] == '.') {
            continue;
        }
        const char *below = assay_path_join(w->arena, path, names[i]);
        const char *name = assay_path_join(w->arena, relative, names[i]);
        if (below == NULL || name == NULL) {
            return assay_fail_memory(err);
        }
        if (assay_file_kind(below) == 2) {
            ASSAY_TRY(walk_folder(w, below, name, &self, err));
        } else if (wanted(w, name)) {
            ASSAY_TRY(add(w, name, err));
        }
    }
    return ASSAY_OK;
}

assay_status assay_folder_walk(const char ***paths, int64_t *n, const char *folder,
                               const char *const *endings, assay_arena *arena, assay_error *err)
{
    walk w = {.arena = arena, .endings = endings};
    *paths = NULL;
    *n = 0;
    assay_status status = walk_folder(&w, folder, "", NULL, err);
    if (status == ASSAY_OK) {
        *paths = assay_arena_alloc(arena, (size_t)w.n + 1, sizeof **paths);
        status = *paths != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    if (status == ASSAY_OK && w.n > 0) {
        memcpy(*paths, w.paths, (size_t)w.n * sizeof **paths);
        *n = w.n;
    }
    assay_free(w.paths);
    return status;
}

assay_status assay_image_file_size(int32_t *width, int32_t *height, const char *path,
                                   assay_error *err)
{
    assay_file_stream *stream = NULL;
    assay_image_format format = ASSAY_IMAGE_UNKNOWN;
    size_t size = 0;
    size_t got = 0;
    uint8_t *bytes = NULL;
    ASSAY_TRY(assay_file_stream_open(&stream, path, err));
    uint8_t *head = assay_alloc_raw(HEAD, 1);
    assay_status status = head != NULL ? ASSAY_OK : assay_fail_memory(err);
    while (status == ASSAY_OK && size < HEAD) {
        status = assay_file_stream_read(stream, head + size, HEAD - size, &got, err);
        if (got == 0) {
            break;
        }
        size += got;
    }
    assay_file_stream_close(stream);
    /* Mostly the beginning suffices; otherwise the whole file has the word. */
    if (status == ASSAY_OK &&
        assay_image_probe(width, height, &format, head, size, NULL, NULL) != ASSAY_OK) {
        status = assay_file_read(&bytes, &size, path, LARGEST_IMAGE, err);
        if (status == ASSAY_OK) {
            status = assay_image_probe(width, height, &format, bytes, size, NULL, err);
            if (status != ASSAY_OK) {
                assay_error_prefix(err, "%s", path);
            }
        }
    }
    assay_free(head);
    assay_free(bytes);
    return status;
}
