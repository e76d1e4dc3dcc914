/** @file sort.h  Stable sorts with a total order: ties are broken by index, so results never depend
 *  on the sort's implementation. NaN sorts last. */
#ifndef ASSAY_BASE_SORT_H
#define ASSAY_BASE_SORT_H

#include <stdint.h>

#include "base/error.h"

/** Fill order[0..n) with the permutation that sorts keys ascending (or descending), ties by index. */
ASSAY_NODISCARD assay_status assay_sort_order(int64_t *order, const double *keys, int64_t n,
                                              int descending, assay_error *err);
/** The same for texts, ascending by strcmp; NULL sorts last. */
ASSAY_NODISCARD assay_status assay_sort_order_text(int64_t *order, const char *const *keys,
                                                   int64_t n, assay_error *err);

#endif
