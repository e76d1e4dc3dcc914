/** @file label_sets.h  Rows with a set of classes each (multilabel): looking at one, and means over rows. */
#ifndef ASSAY_OPS_SHARED_LABEL_SETS_H
#define ASSAY_OPS_SHARED_LABEL_SETS_H

#include <string.h>

#include "ops/shared/confusion.h"

static inline bool assay_label_true(const assay_rows *rows, int64_t i, int32_t k)
{
    return rows->truth_set[i * rows->classes + k] != 0;
}

static inline double assay_label_score(const assay_rows *rows, int64_t i, int32_t k)
{
    int64_t at = i * rows->classes + k;
    return rows->scores_f64 != NULL ? rows->scores_f64[at] : (double)rows->scores_f32[at];
}

/** Number of true classes of row i. */
static inline int32_t assay_label_count(const assay_rows *rows, int64_t i)
{
    int32_t n = 0;
    for (int32_t k = 0; k < rows->classes; k++) {
        n += rows->truth_set[i * rows->classes + k];
    }
    return n;
}

/** The predicted set of row i is the true one. */
static inline bool assay_label_set_equal(const assay_rows *rows, int64_t i)
{
    int64_t at = i * rows->classes;
    return memcmp(rows->truth_set + at, rows->label_set + at, (size_t)rows->classes) == 0;
}

/** Over the true classes of row i, of which there are `truths` > 0: the share of true ones among the
 *  classes that score at least as high, averaged. */
double assay_label_precision(const assay_rows *rows, int64_t i, int64_t truths);
/** One measure from terms: the mean of the only value. */
ASSAY_NODISCARD assay_status assay_row_mean_finish(assay_result *out, const void *state,
                                                   const char *unit, assay_error *err);
/** The same over the rows whose second value is 1, not 0; a remark says when there are others. */
ASSAY_NODISCARD assay_status assay_defined_mean_finish(assay_result *out, const void *state,
                                                       const char *unit, assay_error *err);

#endif
