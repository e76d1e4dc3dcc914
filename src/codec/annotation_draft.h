/**
 * @file annotation_draft.h
 * The one form of truth and results (codec/coco_read.h) out of formats that name images by file and
 * classes by name or number. Ids are given at the end: images whose names are all different whole
 * numbers keep these (000000000139.jpg is 139), else they count from 1 in the order of their names.
 */
#ifndef ASSAY_CODEC_ANNOTATION_DRAFT_H
#define ASSAY_CODEC_ANNOTATION_DRAFT_H

#include "codec/coco_read.h"

typedef struct assay_annotation_draft assay_annotation_draft;

/** One object or detection. Rows are what _image and _category gave. */
typedef struct assay_annotation {
    int64_t image, category;
    double box[4];    /* left, top, width, height; of the outline when `unboxed` */
    bool unboxed;     /* there is an outline only */
    const double *xy; /* outline: x, y, x, y, ...; NULL = none; borrowed */
    int64_t points;
    const int64_t
        *ends; /* outline of several parts: the point behind the last one of each; NULL = one
                            part */
    int64_t parts;
    const double
        *keypoints;      /* x, y, visibility (0 = not annotated), x, ...; NULL = none; borrowed */
    int64_t n_keypoints; /* kept when the options ask for keypoints */
    double score;        /* results */
    bool crowd;          /* neither found nor missed */
    uint8_t flags;
} assay_annotation;

/** A truth. The limits of `options` hold (NULL = the usual ones). */
ASSAY_NODISCARD assay_status assay_annotation_draft_new(assay_annotation_draft **out,
                                                        const assay_coco_options *options,
                                                        assay_error *err);
/** Results: images and classes are those of the truth, which must outlive the draft. */
ASSAY_NODISCARD assay_status assay_annotation_draft_results(assay_annotation_draft **out,
                                                            const assay_coco_truth *truth,
                                                            const assay_coco_options *options,
                                                            assay_error *err);
void assay_annotation_draft_free(assay_annotation_draft *draft);
/** Whether it takes results. */
bool assay_annotation_draft_scored(const assay_annotation_draft *draft);

/** Row of the image with this file name; new in a truth, where a size above 0 is noted. In results it
 *  is found by its name, by the name without folder and extension, or by its id; ASSAY_EFORMAT when
 *  the truth does not list it or lists several that it may be. */
ASSAY_NODISCARD assay_status assay_annotation_draft_image(int64_t *row,
                                                          assay_annotation_draft *draft,
                                                          const char *file, size_t size,
                                                          int32_t width, int32_t height,
                                                          assay_error *err);
/** Size of an image that is in the draft; 0 = unknown. */
void assay_annotation_draft_extent(int32_t *width, int32_t *height,
                                   const assay_annotation_draft *draft, int64_t row);
/** Row of the class with this name; new in a truth. In results -1 when the truth has no such class
 *  (rows of it are kept and counted later). */
ASSAY_NODISCARD assay_status assay_annotation_draft_category(int64_t *row,
                                                             assay_annotation_draft *draft,
                                                             const char *name, size_t size,
                                                             assay_error *err);
/** Row of class number `index` (from 0): of the order of entry in a truth (-1 beyond it), of the
 *  ascending ids in results. */
int64_t assay_annotation_draft_class(const assay_annotation_draft *draft, int64_t index);
/** Numbers must be finite, width and height at least 0 (else ASSAY_EFORMAT, without a place). */
ASSAY_NODISCARD assay_status assay_annotation_draft_add(assay_annotation_draft *draft,
                                                        const assay_annotation *annotation,
                                                        assay_error *err);

/** Hand the truth over. `numbered`: ids of classes are their order of entry from `first`; else they
 *  count from 1 in the order of their names. Objects count from 1. */
ASSAY_NODISCARD assay_status assay_annotation_draft_truth(assay_coco_truth **out,
                                                          assay_annotation_draft *draft,
                                                          bool numbered, int64_t first,
                                                          assay_error *err);
/** Hand the results over. */
ASSAY_NODISCARD assay_status assay_annotation_draft_rows(assay_coco_rows **out,
                                                         assay_annotation_draft *draft,
                                                         assay_error *err);

/** Area inside an outline (0 for fewer than 3 points), whichever way it turns. */
double assay_outline_area(const double *xy, int64_t points);
/** Smallest box around the points. */
void assay_outline_box(double box[4], const double *xy, int64_t points);

#endif
