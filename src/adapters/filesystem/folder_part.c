#include "adapters/filesystem/folder_part.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/filesystem/file.h"

enum { OPEN_FOLDERS = 16 };

assay_status assay_folder_part_begin(assay_folder_part *part, const char *path, assay_arena *arena,
                                     assay_error *err)
{
    const char **names = NULL;
    int64_t n = 0;
    size_t length = strlen(path);
    *part = (assay_folder_part){.arena = arena, .path = path};
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    int kind = assay_file_kind(path);
    if (kind == 2) {
        ASSAY_TRY(assay_folder_list(&names, &n, path, arena, err));
    }
    if (n > 0 || (kind != 0 && kind != 2)) {
        return assay_fail(err, ASSAY_EIO, "%s is there already; name a new folder", path);
    }
    part->path = assay_arena_printf(arena, "%.*s", (int)length, path);
    const char *temporary =
        assay_arena_printf(arena, "%.*s.part-%ld", (int)length, path, (long)getpid());
    if (part->path == NULL || temporary == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_folder_make(temporary, err));
    part->temporary = temporary;
    return ASSAY_OK;
}

assay_status assay_folder_part_commit(assay_folder_part *part, assay_error *err)
{
    int fd = open(part->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) != 0) {
        assay_status status = assay_fail_errno(err, ASSAY_EIO, "cannot write %s", part->path);
        if (fd >= 0) {
            (void)close(fd);
        }
        return status;
    }
    (void)close(fd);
    if (rename(part->temporary, part->path) != 0) {
        return assay_fail_errno(err, ASSAY_EIO, "cannot move the finished folder to %s",
                                part->path);
    }
    part->temporary = NULL;
    return ASSAY_OK;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path) != 0 && errno != ENOENT;
}

void assay_folder_part_dispose(assay_folder_part *part)
{
    if (part->temporary != NULL) {
        (void)nftw(part->temporary, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
        part->temporary = NULL;
    }
}

bool assay_link_make(const char *path, const char *target)
{
    char whole[PATH_MAX];
    return realpath(target, whole) != NULL && symlink(whole, path) == 0;
}
