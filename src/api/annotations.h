/**
 * @file annotations.h
 * Truth and results in whatever format they stand. Inside src/api only.
 */
#ifndef ASSAY_API_ANNOTATIONS_H
#define ASSAY_API_ANNOTATIONS_H

#include "base/arena.h"
#include "base/digest.h"
#include "codec/coco_read.h"
#include "codec/voc_read.h"

typedef enum assay_annotation_format {
    ASSAY_ANNOTATIONS_COCO = 1,
    ASSAY_ANNOTATIONS_YOLO,
    ASSAY_ANNOTATIONS_VOC,
    ASSAY_ANNOTATIONS_LABELME,
    ASSAY_ANNOTATIONS_VISDRONE,
    ASSAY_ANNOTATIONS_DOTA,
    ASSAY_ANNOTATIONS_TABLE
} assay_annotation_format;
enum { ASSAY_ANNOTATION_FORMATS = 7 };

/** "coco", "yolo", "voc", "labelme", "visdrone", "dota", "table". */
const char *assay_annotation_format_name(assay_annotation_format format);

typedef struct assay_annotation_options {
    const char *format;         /* a name; NULL = told from the content */
    const char *images;         /* folder of the images; NULL = looked for */
    const char *split;          /* of a data.yaml; NULL = val, test or train */
    assay_voc_corners corners;  /* 0 = edges */
    const char *const *columns; /* tables: "image=path", ...; NULL-terminated; NULL = by name */
    bool masks;                 /* COCO: read segmentations too */
    bool keypoints;             /* COCO: read keypoints too */
    bool extras;                /* COCO: keep the scalar members of images */
    bool for_evaluation;        /* VisDrone: as the benchmark evaluates */
    bool digest;
    assay_coco_rows **rows; /* COCO results that were read already, taken over; or NULL */
} assay_annotation_options;

/** What was met on the way; 0 = did not occur. */
typedef struct assay_annotation_notes {
    assay_annotation_format format;
    char
        digest[ASSAY_DIGEST_HEX]; /* of all annotation files with their names; "" = not asked for */
    char images[4096];            /* folder that names of images are relative to; "" = not known */
    int64_t files;                /* annotation files that were read */
    int64_t bare_images;          /* images without an annotation file: no objects */
    int64_t orphans;              /* annotation files without an image: left out (YOLO) */
    int64_t other_shapes;         /* labelme: points and lines, which are no regions: left out */
} assay_annotation_notes;

/** One annotation file and its image. */
typedef struct assay_annotation_file {
    const char *path;  /* NULL = none: an image without objects */
    const char *image; /* path of the image; NULL = not found */
    const char *name;  /* file name of the image in the truth */
    bool ambiguous;    /* several images differ in their endings only: this is one of them */
} assay_annotation_file;

/** What a path stands for; everything in the arena. */
typedef struct assay_annotation_set {
    assay_annotation_format format;
    assay_annotation_file *files;
    int64_t n;
    const char **names; /* classes by number; NULL = not known */
    int64_t n_names;
    int32_t keypoints, keypoint_numbers; /* YOLO: of every object; 0 = none */
    int64_t orphans;
    const char *images; /* folder that names of images are relative to; NULL = not known */
} assay_annotation_set;

/** Tell the format and find all files. COCO and tables are one file each. `results`: predictions,
 *  which need no images. */
ASSAY_NODISCARD assay_status assay_annotation_find(assay_annotation_set *out, const char *path,
                                                   const assay_annotation_options *options,
                                                   bool results, assay_arena *arena,
                                                   assay_error *err);
/** The format of one file by its ending and beginning; 0 = it cannot be told. */
ASSAY_NODISCARD assay_status assay_annotation_sniff(int *format, const char *path,
                                                    assay_error *err);

/** What of the options a COCO reader needs. */
assay_coco_options assay_annotation_coco_options(const assay_annotation_options *options);

ASSAY_NODISCARD assay_status assay_annotations_truth(assay_coco_truth **out,
                                                     assay_annotation_notes *notes,
                                                     const char *path,
                                                     const assay_annotation_options *options,
                                                     assay_error *err);
/** Results for the truth. */
ASSAY_NODISCARD assay_status assay_annotations_results(
    assay_coco_rows **out, assay_annotation_notes *notes, const char *path,
    const assay_coco_truth *truth, const assay_annotation_options *options, assay_error *err);

#endif
