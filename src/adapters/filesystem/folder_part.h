/** @file folder_part.h  A folder on its way to its final name: whole or not there at all. */
#ifndef ASSAY_ADAPTERS_FILESYSTEM_FOLDER_PART_H
#define ASSAY_ADAPTERS_FILESYSTEM_FOLDER_PART_H

#include <stdbool.h>

#include "base/arena.h"

typedef struct assay_folder_part {
    assay_arena *arena;    /* borrowed */
    const char *path;      /* the final name */
    const char *temporary; /* NULL = committed or not begun */
} assay_folder_part;

/** The final name must not exist, or be an empty folder. Files are written below part->temporary, with
 *  assay_file_put; all of them are made safe at once when the folder gets its name. */
ASSAY_NODISCARD assay_status assay_folder_part_begin(assay_folder_part *part, const char *path,
                                                     assay_arena *arena, assay_error *err);
ASSAY_NODISCARD assay_status assay_folder_part_commit(assay_folder_part *part, assay_error *err);
/** Remove what was not committed. */
void assay_folder_part_dispose(assay_folder_part *part);

/** A link to `target` (made absolute) at `path`; false when the file system has none. */
bool assay_link_make(const char *path, const char *target);

#endif
