/**
 * @file annotation_write.h
 * Truth or results as text in the formats that annotations come in. What a format cannot carry is
 * counted, never dropped in silence.
 */
#ifndef ASSAY_CODEC_ANNOTATION_WRITE_H
#define ASSAY_CODEC_ANNOTATION_WRITE_H

#include "base/buffer.h"
#include "codec/coco_read.h"

/** Rows by image. */
typedef struct assay_annotation_view {
    const assay_coco_truth *truth;
    const assay_coco_rows *rows; /* the truth's objects, or results for it */
    bool results;
    int64_t *first;     /* per image of the truth, and one more */
    int64_t *row;       /* rows image by image, in the order of the file */
    int64_t *category;  /* per row of `rows`: row of its class, -1 = not listed */
    int64_t *number;    /* per class: its place by ascending id, from 0 */
    int64_t *by_number; /* the classes by ascending id */
    int32_t pose; /* YOLO: so many keypoints follow every box, in place of outlines; 0 = none */
} assay_annotation_view;

/** What could not be carried; 0 = did not occur. */
typedef struct assay_annotation_losses {
    int64_t unlisted;  /* objects of images or classes that are not listed: left out */
    int64_t unboxed;   /* objects without a box or outline: left out */
    int64_t foreign;   /* objects of classes that the format does not have: left out */
    int64_t outlines;  /* outlines: the box is kept */
    int64_t parts;     /* outlines of several parts: the box is kept */
    int64_t masks;     /* masks as run lengths: the box is kept */
    int64_t crowds;    /* crowds: they become ordinary objects */
    int64_t flags;     /* objects with attributes (difficult, truncated, occluded) */
    int64_t areas;     /* areas that neither box nor outline give */
    int64_t rounded;   /* boxes that had to be rounded to whole pixels */
    int64_t keypoints; /* objects with keypoints: these are left out */
    int64_t renamed;   /* objects of classes whose names have blanks: written with "-" */
    int64_t bare;      /* images without objects, which vanish */
    int64_t classes;   /* classes without objects, which vanish */
} assay_annotation_losses;

/** results NULL = the truth's objects. Both must outlive the view. */
ASSAY_NODISCARD assay_status assay_annotation_view_new(assay_annotation_view *out,
                                                       const assay_coco_truth *truth,
                                                       const assay_coco_rows *results,
                                                       assay_annotation_losses *losses,
                                                       assay_error *err);
void assay_annotation_view_dispose(assay_annotation_view *view);

/** Whole documents; the buffer's status tells of failures. */
void assay_write_coco(assay_buffer *out, const assay_annotation_view *view,
                      assay_annotation_losses *losses);
void assay_write_data_yaml(assay_buffer *out, const assay_annotation_view *view);
/** The file of one image. */
typedef void (*assay_annotation_write_fn)(assay_buffer *out, const assay_annotation_view *view,
                                          int64_t image, assay_annotation_losses *losses);
void assay_write_yolo(assay_buffer *out, const assay_annotation_view *view, int64_t image,
                      assay_annotation_losses *losses);
void assay_write_voc(assay_buffer *out, const assay_annotation_view *view, int64_t image,
                     assay_annotation_losses *losses);
void assay_write_labelme(assay_buffer *out, const assay_annotation_view *view, int64_t image,
                         assay_annotation_losses *losses);
void assay_write_visdrone(assay_buffer *out, const assay_annotation_view *view, int64_t image,
                          assay_annotation_losses *losses);
void assay_write_dota(assay_buffer *out, const assay_annotation_view *view, int64_t image,
                      assay_annotation_losses *losses);

/** DOTA results of one class in one image: lines of image, score and four corners. */
void assay_write_dota_results(assay_buffer *out, const assay_annotation_view *view, int64_t image,
                              const char *name, int64_t category, assay_annotation_losses *losses);
/** Four corners of a row: its outline when that has as many (true), else those of its box. */
bool assay_annotation_corners(double out[8], const assay_annotation_view *view, int64_t row,
                              const double box[4]);
/** Box of a row, from the outline when there is no other; false when there is neither. */
bool assay_annotation_box(double box[4], const assay_annotation_view *view, int64_t row);

#endif
