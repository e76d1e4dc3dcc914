/**
 * @file annotation_check.h
 * What is wrong, doubtful or remarkable about annotations or results, and what evaluation does with it.
 */
#ifndef ASSAY_CORE_ANNOTATION_CHECK_H
#define ASSAY_CORE_ANNOTATION_CHECK_H

#include "codec/coco_read.h"

typedef enum assay_severity {
    ASSAY_SEVERITY_NOTE = 1, /* worth knowing */
    ASSAY_SEVERITY_WARNING,  /* changes results */
    ASSAY_SEVERITY_ERROR     /* evaluation refuses the set */
} assay_severity;

typedef enum assay_annotation_fault {
    ASSAY_FAULT_NO_IMAGES,
    ASSAY_FAULT_NO_CLASSES,
    ASSAY_FAULT_NO_BOX,
    ASSAY_FAULT_SHORT_OUTLINE,
    ASSAY_FAULT_NO_IMAGE_SIZE,
    ASSAY_FAULT_UNLISTED_IMAGE,
    ASSAY_FAULT_UNLISTED_CLASS,
    ASSAY_FAULT_REPEATED_ID,
    ASSAY_FAULT_ID_ZERO,
    ASSAY_FAULT_REPEATED_IMAGE_ID,
    ASSAY_FAULT_REPEATED_FILE,
    ASSAY_FAULT_REPEATED_CLASS_ID,
    ASSAY_FAULT_REPEATED_CLASS_NAME,
    ASSAY_FAULT_NEGATIVE_BOX,
    ASSAY_FAULT_EMPTY_BOX,
    ASSAY_FAULT_OUTSIDE,
    ASSAY_FAULT_PARTLY_OUTSIDE,
    ASSAY_FAULT_SHARES,
    ASSAY_FAULT_REPEATED_BOX,
    ASSAY_FAULT_TWO_CLASSES,
    ASSAY_FAULT_FLAT_OUTLINE,
    ASSAY_FAULT_OUTLINE_OUTSIDE,
    ASSAY_FAULT_MASK_SIZE,
    ASSAY_FAULT_AREA,
    ASSAY_FAULT_MISSING_FILE,
    ASSAY_FAULT_UNREADABLE_FILE,
    ASSAY_FAULT_SIZE_DIFFERS,
    ASSAY_FAULT_UNLISTED_FILE,
    ASSAY_FAULT_OTHER_SHAPE,
    ASSAY_FAULT_BARE_IMAGE,
    ASSAY_FAULT_BARE_CLASS,
    ASSAY_FAULT_NO_CROWD,
    ASSAY_FAULT_NO_AREA,
    /* of results */
    ASSAY_RESULT_UNLISTED_IMAGE,
    ASSAY_RESULT_NO_SHAPE,
    ASSAY_RESULT_UNLISTED_CLASS,
    ASSAY_RESULT_NO_BOX,
    ASSAY_RESULT_UNUSED_BOX,
    ASSAY_RESULT_NEGATIVE_BOX,
    ASSAY_RESULT_EMPTY_BOX,
    ASSAY_RESULT_OUTSIDE,
    ASSAY_RESULT_PARTLY_OUTSIDE,
    ASSAY_RESULT_REPEATED_BOX,
    ASSAY_RESULT_MASK_SIZE,
    ASSAY_RESULT_OVER_CAP,
    ASSAY_RESULT_ONE_SCORE,
    ASSAY_RESULT_SCORE_RANGE,
    ASSAY_RESULT_TIED_SCORE,
    ASSAY_RESULT_BARE_IMAGE,
    ASSAY_RESULT_BARE_CLASS,
    ASSAY_FAULTS
} assay_annotation_fault;

typedef struct assay_fault_kind {
    const char *name; /* "box_outside" */
    assay_severity severity;
    const char *what;   /* "boxes that lie wholly outside of their image" */
    const char *effect; /* what evaluation does */
} assay_fault_kind;

const assay_fault_kind *assay_fault_of(assay_annotation_fault fault);

enum { ASSAY_FAULT_PLACES = 5 };

/** Where: rows of the truth, `object` of what was checked (objects or results); -1 = does not apply. */
typedef struct assay_fault_place {
    int64_t image, object, category;
} assay_fault_place;

typedef struct assay_annotation_faults {
    int64_t count[ASSAY_FAULTS];
    assay_fault_place places[ASSAY_FAULTS][ASSAY_FAULT_PLACES]; /* the first ones */
} assay_annotation_faults;

void assay_fault_add(assay_annotation_faults *faults, assay_annotation_fault fault, int64_t image,
                     int64_t object, int64_t category);
/** Everything that can be seen without the image files. Time grows as n log n. */
ASSAY_NODISCARD assay_status assay_annotation_check(assay_annotation_faults *out,
                                                    const assay_coco_truth *truth,
                                                    assay_error *err);
/** The same of results, for this truth. */
ASSAY_NODISCARD assay_status assay_results_check(assay_annotation_faults *out,
                                                 const assay_coco_rows *results,
                                                 const assay_coco_truth *truth, assay_error *err);
/** The worst severity among the faults; 0 = none. */
int assay_faults_worst(const assay_annotation_faults *faults);

#endif
