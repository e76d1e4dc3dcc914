/**
 * @file hierarchy.h
 * A hierarchy of classes in the form of Open Images: nested objects with LabelName and Subcategory. The
 * outermost object holds everything together and is no class itself. A class may stand in several
 * places; everything that stands above one of them is broader than it.
 */
#ifndef ASSAY_CODEC_HIERARCHY_H
#define ASSAY_CODEC_HIERARCHY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct assay_hierarchy assay_hierarchy;

/** Texts of more than 64 MiB, more than 2^20 classes or 2^22 pairs of a class and a broader one are
 *  ASSAY_ELIMIT; what is not of this form is ASSAY_EFORMAT. */
ASSAY_NODISCARD assay_status assay_hierarchy_read(assay_hierarchy **out, const char *text,
                                                  size_t size, assay_error *err);
void assay_hierarchy_free(assay_hierarchy *h);

int64_t assay_hierarchy_size(const assay_hierarchy *h);
/** The class with this LabelName; -1 = there is none. */
int64_t assay_hierarchy_find(const assay_hierarchy *h, const char *name);
/** All classes broader than this one, ascending, each once. */
const int64_t *assay_hierarchy_broader(int64_t *n, const assay_hierarchy *h, int64_t node);

#endif
