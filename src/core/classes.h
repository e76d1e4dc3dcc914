/**
 * @file classes.h
 * From class names as they stand in data to class indices: the one place that decides in which
 * order classes come when nobody said.
 */
#ifndef ASSAY_CORE_CLASSES_H
#define ASSAY_CORE_CLASSES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text_index.h"

/** More different targets than this are not classes but a measured quantity, or ids. */
enum { ASSAY_CLASSES_MOST = 100000 };

typedef struct assay_classes {
    assay_arena *arena; /* borrowed: holds the names */
    assay_text_index *index;
    const char **names;
    int32_t n;
    int32_t capacity;
    int fixed; /* the names were given: nothing is added */
} assay_classes;

/** `names` is NULL-terminated, or NULL to collect names as they come. A name given twice or empty is
 *  ASSAY_EINVAL. The arena must live as long as the names are used. */
ASSAY_NODISCARD assay_status assay_classes_init(assay_classes *classes, assay_arena *arena,
                                                const char *const *names, assay_error *err);
/** Index of a name of `size` bytes, blanks at its ends left out; -1 when the names are fixed and it
 *  is none of them, or when nothing but blanks is there. Names that are not fixed yet are added. */
ASSAY_NODISCARD assay_status assay_classes_index(int32_t *out, assay_classes *classes,
                                                 const char *name, size_t size, assay_error *err);
/** Put collected names into order, numbers by value, otherwise by bytes, and fill moved[old] = new
 *  (moved has room for classes->n). Fixed names stay as they are. */
ASSAY_NODISCARD assay_status assay_classes_sort(int32_t *moved, assay_classes *classes,
                                                assay_error *err);
/** The names with ", " between, for messages; at most a few hundred bytes. In the arena. */
const char *assay_classes_text(const assay_classes *classes);
void assay_classes_dispose(assay_classes *classes);

#endif
