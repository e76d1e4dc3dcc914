#include "adapters/filesystem/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/sort.h"

enum { STREAM_BLOCK = 1 << 18, GROW_STEP = 1 << 16, NAME_TRIES = 16 };

static assay_status fail_open(const char *path, assay_error *err)
{
    if (errno == ENOENT || errno == ENOTDIR) {
        return assay_fail_errno(err, ASSAY_ENOTFOUND, "%s", path);
    }
    return assay_fail_errno(err, ASSAY_EIO, "cannot open %s", path);
}

/* O_NONBLOCK: a pipe without a writer must not hang the program; regular files ignore it. */
static assay_status open_regular(int *descriptor, struct stat *info, const char *path,
                                 assay_error *err)
{
    *descriptor = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return fail_open(path, err);
    }
    assay_status status = ASSAY_OK;
    if (fstat(fd, info) != 0) {
        status = assay_fail_errno(err, ASSAY_EIO, "cannot look at %s", path);
    } else if (S_ISDIR(info->st_mode)) {
        status = assay_fail(err, ASSAY_EFORMAT, "%s is a folder, not a file", path);
    } else if (!S_ISREG(info->st_mode)) {
        status =
            assay_fail(err, ASSAY_EFORMAT, "%s is a device or a pipe, not a regular file", path);
    }
    if (status != ASSAY_OK) {
        (void)close(fd);
        return status;
    }
    *descriptor = fd;
    return ASSAY_OK;
}

static assay_status fail_large(const char *path, size_t limit, assay_error *err)
{
    return assay_fail(err, ASSAY_ELIMIT, "%s is larger than the limit of %zu bytes", path, limit);
}

assay_status assay_file_read(uint8_t **out, size_t *size, const char *path, size_t limit,
                             assay_error *err)
{
    *out = NULL;
    *size = 0;
    limit = limit > 0 ? limit : (size_t)4 << 30;
    struct stat info = {0};
    int fd = -1;
    ASSAY_TRY(open_regular(&fd, &info, path, err));
    assay_status status = ASSAY_OK;
    uint8_t *bytes = NULL;
    size_t used = 0;
    /* The size that stat tells is a hint: the file may change, and some (in /proc) say 0. */
    size_t capacity = (size_t)info.st_size + 1;
    if (info.st_size < 0 || (uint64_t)info.st_size > limit) {
        ASSAY_GOTO(fail_large(path, limit, err), done);
    }
    bytes = assay_alloc_raw(capacity, 1);
    if (bytes == NULL) {
        ASSAY_GOTO(assay_fail_memory(err), done);
    }
    for (;;) {
        if (used == capacity) {
            size_t bigger = capacity + capacity / 2 + GROW_STEP;
            uint8_t *moved = assay_realloc(bytes, capacity, bigger, 1);
            if (moved == NULL) {
                ASSAY_GOTO(assay_fail_memory(err), done);
            }
            bytes = moved;
            capacity = bigger;
        }
        ssize_t got = read(fd, bytes + used, capacity - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            ASSAY_GOTO(assay_fail_errno(err, ASSAY_EIO, "cannot read %s", path), done);
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
        if (used > limit) {
            ASSAY_GOTO(fail_large(path, limit, err), done);
        }
    }
    bytes[used] = 0; /* used < capacity here: the last read found the end with room left */
    *out = bytes;
    *size = used;
    bytes = NULL;
done:
    assay_free(bytes);
    (void)close(fd);
    return status;
}

assay_status assay_file_digest(char out[ASSAY_DIGEST_HEX], const char *path, assay_error *err)
{
    out[0] = '\0';
    struct stat info;
    int fd = -1;
    assay_digest *digest = NULL;
    uint8_t *block = NULL;
    ASSAY_TRY(open_regular(&fd, &info, path, err));
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(assay_digest_new(&digest, err), done);
    block = assay_alloc_raw(STREAM_BLOCK, 1);
    if (block == NULL) {
        ASSAY_GOTO(assay_fail_memory(err), done);
    }
    for (;;) {
        ssize_t got = read(fd, block, STREAM_BLOCK);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            ASSAY_GOTO(assay_fail_errno(err, ASSAY_EIO, "cannot read %s", path), done);
        }
        if (got == 0) {
            break;
        }
        assay_digest_update(digest, block, (size_t)got);
    }
    status = assay_digest_hex(out, digest, err);
done:
    assay_free(block);
    assay_digest_free(digest);
    (void)close(fd);
    return status;
}

/* Length of the folder part with its slash; 0 when there is none. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

static assay_status open_temporary(assay_file_part *part, assay_error *err)
{
    size_t folder = folder_length(part->path);
    size_t capacity = folder + 64;
    part->temporary = assay_alloc(capacity, 1);
    if (part->temporary == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(part->temporary, part->path, folder);
    for (int i = 0; i < NAME_TRIES; i++) {
        uint64_t number = 0;
        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
            return assay_fail_errno(err, ASSAY_EIO, "cannot make a temporary name");
        }
        (void)snprintf(part->temporary + folder, capacity - folder, ".assay-%016" PRIx64 ".part",
                       number);
        part->descriptor = open(part->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (part->descriptor >= 0) {
            return ASSAY_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    assay_status status = assay_fail_errno(err, ASSAY_EIO, "cannot write %s", part->path);
    assay_free(part->temporary);
    part->temporary = NULL;
    return status;
}

assay_status assay_file_part_begin(assay_file_part *part, const char *path, assay_error *err)
{
    *part = (assay_file_part){.descriptor = -1};
    if (path == NULL || path[0] == '\0') {
        return assay_fail(err, ASSAY_EINVAL, "the name of the file to write is empty");
    }
    part->path = assay_strdup(path);
    if (part->path == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = ASSAY_OK;
    switch (assay_file_kind(path)) {
    case 2:
        status = assay_fail(err, ASSAY_EIO, "cannot write %s: it is a folder", path);
        break;
    case 3: /* renaming onto a device would replace it */
        part->descriptor = open(path, O_WRONLY | O_CLOEXEC);
        if (part->descriptor < 0) {
            status = assay_fail_errno(err, ASSAY_EIO, "cannot write %s", path);
        }
        break;
    default:
        status = open_temporary(part, err);
        break;
    }
    if (status != ASSAY_OK) {
        assay_file_part_dispose(part);
    }
    return status;
}

static void sync_folder(const char *path)
{
    char folder[4096];
    size_t length = folder_length(path);
    if (length >= sizeof folder) {
        return;
    }
    memcpy(folder, length > 0 ? path : ".", length > 0 ? length : 1);
    folder[length > 0 ? length : 1] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); /* not every file system can; the content itself is safe already */
        (void)close(fd);
    }
}

assay_status assay_file_part_commit(assay_file_part *part, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int direct = part->temporary == NULL;
    if (!direct && fsync(part->descriptor) != 0) {
        status = assay_fail_errno(err, ASSAY_EIO, "cannot write %s", part->path);
    }
    if (close(part->descriptor) != 0 && status == ASSAY_OK && errno != EINTR) {
        status = assay_fail_errno(err, ASSAY_EIO, "cannot write %s", part->path);
    }
    part->descriptor = -1;
    if (status == ASSAY_OK && !direct) {
        if (rename(part->temporary, part->path) != 0) {
            status = assay_fail_errno(err, ASSAY_EIO, "cannot write %s", part->path);
        } else {
            assay_free(part->temporary);
            part->temporary = NULL;
            sync_folder(part->path);
        }
    }
    assay_file_part_dispose(part);
    return status;
}

void assay_file_part_dispose(assay_file_part *part)
{
    if (part->descriptor >= 0) {
        (void)close(part->descriptor);
    }
    if (part->temporary != NULL) {
        (void)unlink(part->temporary);
    }
    assay_free(part->temporary);
    assay_free(part->path);
    *part = (assay_file_part){.descriptor = -1};
}

static assay_status write_all(int fd, const uint8_t *bytes, size_t size, const char *path,
                              assay_error *err)
{
    while (size > 0) {
        size_t step = size < ((size_t)1 << 30) ? size : (size_t)1 << 30;
        ssize_t done = write(fd, bytes, step);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return assay_fail_errno(err, ASSAY_EIO, "cannot write %s", path);
        }
        bytes += done;
        size -= (size_t)done;
    }
    return ASSAY_OK;
}

assay_status assay_file_write(const char *path, const void *bytes, size_t size, assay_error *err)
{
    assay_file_part part = {.descriptor = -1};
    ASSAY_TRY(assay_file_part_begin(&part, path, err));
    assay_status status = write_all(part.descriptor, bytes, size, path, err);
    if (status == ASSAY_OK) {
        status = assay_file_part_commit(&part, err);
    }
    assay_file_part_dispose(&part);
    return status;
}

assay_status assay_file_put(const char *path, const void *bytes, size_t size, assay_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return assay_fail_errno(err, ASSAY_EIO, "cannot write %s", path);
    }
    assay_status status = write_all(fd, bytes, size, path, err);
    if (close(fd) != 0 && status == ASSAY_OK && errno != EINTR) {
        status = assay_fail_errno(err, ASSAY_EIO, "cannot write %s", path);
    }
    return status;
}

assay_status assay_folder_make(const char *path, assay_error *err)
{
    if (path == NULL || path[0] == '\0') {
        return assay_fail(err, ASSAY_EINVAL, "the name of the folder to make is empty");
    }
    char *part = assay_strdup(path);
    if (part == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = ASSAY_OK;
    for (size_t i = 1; status == ASSAY_OK; i++) {
        if (part[i] != '/' && part[i] != '\0') {
            continue;
        }
        char kept = part[i];
        part[i] = '\0';
        if (mkdir(part, 0777) != 0) {
            int reason = errno;
            int kind = assay_file_kind(part);
            if (kind == 1 || kind == 3) {
                status = assay_fail(err, ASSAY_EIO, "cannot make the folder %s: %s is a file", path,
                                    part);
            } else if (kind != 2) {
                errno = reason;
                status = assay_fail_errno(err, ASSAY_EIO, "cannot make the folder %s", path);
            }
        }
        part[i] = kept;
        if (kept == '\0') {
            break;
        }
    }
    assay_free(part);
    return status;
}

int assay_file_kind(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return 0;
    }
    return S_ISREG(info.st_mode) ? 1 : S_ISDIR(info.st_mode) ? 2 : 3;
}

int64_t assay_file_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) ? (int64_t)info.st_size : -1;
}

static assay_status read_names(const char ***names, int64_t *n, DIR *folder, const char *path,
                               assay_arena *arena, assay_error *err)
{
    int64_t capacity = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL) {
            return errno == 0 ? ASSAY_OK
                              : assay_fail_errno(err, ASSAY_EIO, "cannot list the folder %s", path);
        }
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
            continue;
        }
        if (*n == capacity) {
            int64_t bigger = capacity > 0 ? 2 * capacity : 64;
            const char **moved = assay_arena_alloc(arena, (size_t)bigger, sizeof *moved);
            if (moved == NULL) {
                return assay_fail_memory(err);
            }
            if (*n > 0) {
                memcpy(moved, *names, (size_t)*n * sizeof *moved);
            }
            *names = moved;
            capacity = bigger;
        }
        (*names)[*n] = assay_arena_strdup(arena, name);
        if ((*names)[*n] == NULL) {
            return assay_fail_memory(err);
        }
        (*n)++;
    }
}

static assay_status sort_names(const char **names, int64_t n, assay_error *err)
{
    if (n < 2) {
        return ASSAY_OK;
    }
    int64_t *order = assay_alloc((size_t)n, sizeof *order);
    const char **sorted = assay_alloc((size_t)n, sizeof *sorted);
    assay_status status = order != NULL && sorted != NULL ? ASSAY_OK : assay_fail_memory(err);
    if (status == ASSAY_OK) {
        status = assay_sort_order_text(order, names, n, err);
    }
    if (status == ASSAY_OK) {
        for (int64_t i = 0; i < n; i++) {
            sorted[i] = names[order[i]];
        }
        memcpy(names, sorted, (size_t)n * sizeof *sorted);
    }
    assay_free(order);
    assay_free(sorted);
    return status;
}

assay_status assay_folder_list(const char ***names, int64_t *n, const char *path,
                               assay_arena *arena, assay_error *err)
{
    *names = NULL;
    *n = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        if (errno == ENOENT) {
            return assay_fail_errno(err, ASSAY_ENOTFOUND, "%s", path);
        }
        return assay_fail_errno(err, ASSAY_EIO, "cannot list the folder %s", path);
    }
    assay_status status = read_names(names, n, folder, path, arena, err);
    (void)closedir(folder);
    if (status == ASSAY_OK) {
        status = sort_names(*names, *n, err);
    }
    if (status != ASSAY_OK) {
        *names = NULL;
        *n = 0;
    }
    return status;
}

char *assay_path_join(assay_arena *arena, const char *folder, const char *name)
{
    if (name[0] == '/' || folder == NULL || folder[0] == '\0' || strcmp(folder, ".") == 0) {
        return assay_arena_strdup(arena, name);
    }
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    return assay_arena_printf(arena, "%s%s%s", folder, slash, name);
}

char *assay_path_folder(assay_arena *arena, const char *path)
{
    size_t length = folder_length(path);
    if (length == 0) {
        return assay_arena_strdup(arena, ".");
    }
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    return assay_arena_printf(arena, "%.*s", (int)length, path);
}
