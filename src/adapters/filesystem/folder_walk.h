/** @file folder_walk.h  All files below a folder, and the sizes of images from their headers. */
#ifndef ASSAY_ADAPTERS_FILESYSTEM_FOLDER_WALK_H
#define ASSAY_ADAPTERS_FILESYSTEM_FOLDER_WALK_H

#include "base/arena.h"

/** Paths below `folder`, relative to it, in byte order folder by folder; hidden ones are left out.
 *  `endings` is a NULL-terminated list of extensions (".txt"), whatever their case; NULL = all files.
 *  Texts in the arena. Links that lead back and more than 32 levels are ASSAY_EFORMAT. */
ASSAY_NODISCARD assay_status assay_folder_walk(const char ***paths, int64_t *n, const char *folder,
                                               const char *const *endings, assay_arena *arena,
                                               assay_error *err);

/** Width and height of an image file, as it is shown (after EXIF orientation). */
ASSAY_NODISCARD assay_status assay_image_file_size(int32_t *width, int32_t *height,
                                                   const char *path, assay_error *err);

/** NULL-terminated: ".jpg", ".jpeg", ".png", ... */
extern const char *const assay_image_endings[];

#endif
