/** @file temp_folder.h  A folder of its own for a test, removed afterwards. */
#ifndef ASSAY_TESTS_SUPPORT_TEMP_FOLDER_H
#define ASSAY_TESTS_SUPPORT_TEMP_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct temp_folder {
    char path[256];
    char joined[8][512]; /* the last eight names */
    int next;
} temp_folder;

static inline int temp_folder_make(temp_folder *folder)
{
    memset(folder, 0, sizeof *folder);
    const char *base = getenv("TMPDIR");
    (void)snprintf(folder->path, sizeof folder->path, "%s/assay-test-XXXXXX",
                   base != NULL && strlen(base) < 200 ? base : "/tmp");
    return mkdtemp(folder->path) != NULL ? 0 : -1;
}

static inline int temp_folder_remove_one(const char *path, const struct stat *info, int flag,
                                         struct FTW *where)
{
    (void)info;
    (void)flag;
    (void)where;
    return remove(path);
}

static inline void temp_folder_remove(temp_folder *folder)
{
    (void)nftw(folder->path, temp_folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/** "folder/name"; valid until eight more were asked for. */
static inline const char *temp_path(temp_folder *folder, const char *name)
{
    char *out = folder->joined[folder->next++ % 8];
    size_t length = strlen(folder->path);
    size_t more = strlen(name) < 250 ? strlen(name) : 250;
    memcpy(out, folder->path, length);
    out[length] = '/';
    memcpy(out + length + 1, name, more);
    out[length + 1 + more] = '\0';
    return out;
}

static inline int temp_write(temp_folder *folder, const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(temp_path(folder, name), "wb");
    if (file == NULL) {
        return -1;
    }
    int failed = fwrite(bytes, 1, size, file) != size;
    return fclose(file) != 0 || failed ? -1 : 0;
}

static inline int temp_text(temp_folder *folder, const char *name, const char *text)
{
    return temp_write(folder, name, text, strlen(text));
}

static inline int temp_mkdir(temp_folder *folder, const char *name)
{
    return mkdir(temp_path(folder, name), 0777);
}

#endif
