/**
 * @file hierarchy_expand.h
 * Evaluation with a hierarchy of classes (Kuznetsova et al. 2020, The Open Images Dataset V4, section on
 * the challenge): an object of a class is one of every broader class too; a class known to be absent
 * from an image means that all narrower ones are.
 */
#ifndef ASSAY_CORE_HIERARCHY_EXPAND_H
#define ASSAY_CORE_HIERARCHY_EXPAND_H

#include "codec/coco_read.h"
#include "codec/hierarchy.h"

typedef struct assay_expansion {
    int64_t objects;  /* that were added */
    int64_t results;  /* that were added */
    int64_t absences; /* entries of neg_category_ids that were added */
    int64_t strange;  /* classes of the truth that the hierarchy does not have: they stay alone */
} assay_expansion;

/** Classes are found by their names. Added objects get ids of their own, behind the largest. When no
 *  class of the truth is in the hierarchy: ASSAY_EFORMAT. Failure leaves a truth that can be freed only. */
ASSAY_NODISCARD assay_status assay_hierarchy_expand_truth(assay_expansion *out,
                                                          assay_coco_truth *truth,
                                                          const assay_hierarchy *h,
                                                          assay_error *err);
/** Every result is one of all broader classes too, with the same score. */
ASSAY_NODISCARD assay_status assay_hierarchy_expand_results(assay_expansion *out,
                                                            assay_coco_rows *results,
                                                            const assay_coco_truth *truth,
                                                            const assay_hierarchy *h,
                                                            assay_error *err);

#endif
