/** @file units.h  Which rows depend on each other: images of one scene, frames of one flight. */
#ifndef ASSAY_CORE_UNITS_H
#define ASSAY_CORE_UNITS_H

#include "core/table.h"

/**
 * Number the distinct values of the cluster column, in their order: (*units)[row] in 0..*n_units-1, in
 * the arena. ASSAY_EINVAL when the table (NULL = none) has no such column or it holds real numbers,
 * ASSAY_EFORMAT, with the row, where a value is missing, and when there is one value only. `what` is
 * the option or key that named the column, `ids` those of the rows (NULL = the column id), `where` the file or data set; both for messages.
 */
ASSAY_NODISCARD assay_status assay_units_make(int64_t **units, int64_t *n_units, assay_arena *arena,
                                              assay_table *table, const char *const *ids,
                                              const char *column, const char *what,
                                              const char *where, assay_error *err);

#endif
