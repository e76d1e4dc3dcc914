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
/** "folder/name" in the arena; `name` alone when it is absolute. NULL when memory is out. */
char *assay_path_join(assay_arena *arena, const char *folder, const char *name);
/** The folder part of a path ("." when there is none), in the arena. */
char *assay_path_folder(assay_arena *arena, const char *path);

#endif
