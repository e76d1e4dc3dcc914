/**
 * @file groups.h
 * Groups of people or things that are to be treated alike: every row belongs to one. They come from
 * one or several metadata columns; several give one group per combination that occurs.
 */
#ifndef ASSAY_CORE_GROUPS_H
#define ASSAY_CORE_GROUPS_H

#include "base/arena.h"
#include "base/error.h"
#include "core/table.h"

enum { ASSAY_GROUPS_MOST = 100 };

typedef struct assay_groups {
    int32_t n;
    const char *const *names; /* "sex=female, age 25 to 40" */
    const int32_t *of;        /* group of each row of the predictions, 0..n-1 */
    int32_t positive; /* the class that selection and rates speak of; -1 = each class in turn,
                                 against the rest */
} assay_groups;

/** What is asked of the groups by a metric that is measured within each of them. */
typedef enum assay_extreme {
    ASSAY_EXTREME_NONE = 0,
    ASSAY_EXTREME_WORST, /* by the metric's direction */
    ASSAY_EXTREME_BEST,
    ASSAY_EXTREME_LOWEST,
    ASSAY_EXTREME_HIGHEST,
    ASSAY_EXTREME_DIFFERENCE, /* highest less lowest */
    ASSAY_EXTREME_RATIO       /* lowest by highest */
} assay_extreme;

/** "worst", "best", "lowest", "highest", "difference", "ratio"; "none". */
const char *assay_extreme_name(assay_extreme extreme);
/** NONE when there is none of this name. */
assay_extreme assay_extreme_find(const char *name);

/** A column to group by. Numbers can be cut into ranges: `cuts` ascending, so that n_cuts + 1 ranges
 *  result, each from its lower cut (included) to the next (excluded). */
typedef struct assay_group_column {
    const char *name;
    const double *cuts;
    int32_t n_cuts; /* 0 = one group per value */
} assay_group_column;

/**
 * Groups of all rows of the table, in the arena, ordered by value (numbers by size, texts by bytes),
 * the first column first; a missing value is a group of its own, the last. `positive` is -1.
 * ASSAY_EINVAL names a column that is not there, the known ones, and what to do when there are over
 * ASSAY_GROUPS_MOST groups or fewer than two.
 */
ASSAY_NODISCARD assay_status assay_groups_make(assay_groups **out, assay_arena *arena,
                                               const assay_table *table,
                                               const assay_group_column *columns, int32_t n_columns,
                                               assay_error *err);

/** The groups of n rows from `first` on, of all rows or of those that `rows` lists; `space` holds n. */
const int32_t *assay_groups_rows(const assay_groups *groups, const int64_t *rows, int64_t first,
                                 int64_t n, int32_t *space);

#endif
