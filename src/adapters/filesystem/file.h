/** @file file.h  Files: bounded reads, atomic writes, folder listings in byte order of names. */
#ifndef ASSAY_ADAPTERS_FILESYSTEM_FILE_H
#define ASSAY_ADAPTERS_FILESYSTEM_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"

/** Read a regular file of at most `limit` bytes (0 = 4 GiB) into *out (assay_free), NUL-terminated
 *  beyond size. Missing = ASSAY_ENOTFOUND; a directory or device = ASSAY_EFORMAT. */
ASSAY_NODISCARD assay_status assay_file_read(uint8_t **out, size_t *size, const char *path,
                                             size_t limit, assay_error *err);
/** Write to a temporary name in the same folder, fsync, rename: the final name never holds half a
 *  file, whatever happens. The temporary file is removed on failure. */
ASSAY_NODISCARD assay_status assay_file_write(const char *path, const void *bytes, size_t size,
                                              assay_error *err);
/** A new file, written plainly: for files below a folder that gets its name when all are safe
 *  (folder_part.h), where making each one safe by itself would take most of the time. */
ASSAY_NODISCARD assay_status assay_file_put(const char *path, const void *bytes, size_t size,
                                            assay_error *err);
/** A file on its way to its final name, for writers that do not hold all bytes in memory. Write to
 *  `descriptor`, or to the file that /proc/self/fd/<descriptor> names. Zero-initialise with
 *  descriptor -1. A final name that is a device or a pipe is written directly. */
typedef struct assay_file_part {
    int descriptor;  /* -1 = closed */
    char *temporary; /* owned; NULL = written directly */
    char *path;      /* owned: the final name */
} assay_file_part;

ASSAY_NODISCARD assay_status assay_file_part_begin(assay_file_part *part, const char *path,
                                                   assay_error *err);
/** fsync, rename, fsync the folder. On failure nothing is left; dispose is still allowed. */
ASSAY_NODISCARD assay_status assay_file_part_commit(assay_file_part *part, assay_error *err);
/** Remove what was not committed. */
void assay_file_part_dispose(assay_file_part *part);

/** The folder and its parents. */
ASSAY_NODISCARD assay_status assay_folder_make(const char *path, assay_error *err);
/** 0 nothing, 1 regular file, 2 folder, 3 something else (follows links). */
int assay_file_kind(const char *path);
/** Names (not paths) in a folder, sorted by bytes, without . and .. ; texts in the arena. */
ASSAY_NODISCARD assay_status assay_folder_list(const char ***names, int64_t *n, const char *path,
                                               assay_arena *arena, assay_error *err);
/** SHA-256 of a file's content, streamed. */
ASSAY_NODISCARD assay_status assay_file_digest(char out[ASSAY_DIGEST_HEX], const char *path,
                                               assay_error *err);
/** Size of a regular file in bytes; -1 when it cannot be told. */
int64_t assay_file_size(const char *path);
/** "folder/name" in the arena; `name` alone when it is absolute. NULL when memory is out. */
char *assay_path_join(assay_arena *arena, const char *folder, const char *name);
/** The folder part of a path ("." when there is none), in the arena. */
char *assay_path_folder(assay_arena *arena, const char *path);

#endif
