/** @file annotation_check_internal.h  What the checks of truth and of results share. */
#ifndef ASSAY_CORE_ANNOTATION_CHECK_INTERNAL_H
#define ASSAY_CORE_ANNOTATION_CHECK_INTERNAL_H

#include "core/annotation_check.h"

/** Rows by ascending id. */
typedef struct assay_id_order {
    const int64_t *ids;
    int64_t *order;
    int64_t n;
} assay_id_order;

typedef struct assay_row_checking {
    assay_annotation_faults *out;
    const assay_coco_truth *truth;
    const assay_coco_rows *rows; /* the objects of the truth, or results */
    bool scored;                 /* results */
    assay_id_order images, categories;
    int64_t *image, *category; /* per row: rows of the truth's lists, or -1 */
    uint8_t *used_image, *used_category;
    int64_t in_pixels; /* rows that cannot be shares */
} assay_row_checking;

/** Everything but `rows` and `scored`; dispose also after a failure. */
ASSAY_NODISCARD assay_status assay_row_checking_init(assay_row_checking *c, assay_error *err);
void assay_row_checking_dispose(assay_row_checking *c);
ASSAY_NODISCARD assay_status assay_id_order_make(assay_id_order *out, const int64_t *ids, int64_t n,
                                                 assay_error *err);
/** The first row with this id, or -1. */
int64_t assay_id_order_find(const assay_id_order *o, int64_t id);
/** Image, class, box, outline, mask of a row. */
void assay_row_check(assay_row_checking *c, int64_t row);
/** What can be said of all rows: shares instead of pixels, boxes that stand there twice. */
ASSAY_NODISCARD assay_status assay_rows_check(assay_row_checking *c, assay_error *err);

#endif
