/**
 * @file coco_read.h
 * Annotations and results in the COCO data format (Lin et al. 2014), read as a stream into columns.
 * Nothing is looked up or joined here: ids are as written. Errors name line, byte and row.
 */
#ifndef ASSAY_CODEC_COCO_READ_H
#define ASSAY_CODEC_COCO_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/json_scan.h"
#include "codec/rle.h"

/** Bits of assay_coco_rows.has */
enum {
    ASSAY_COCO_BOX = 1,
    ASSAY_COCO_AREA = 2,
    ASSAY_COCO_CROWD = 4, /* the member iscrowd is there */
    ASSAY_COCO_POLYGONS = 8,
    ASSAY_COCO_RUNS = 16
};

/** Bits of assay_coco_rows.flags: what annotators say about an object; evaluation by COCO's rules does
 *  not ask. */
enum {
    ASSAY_OBJECT_DIFFICULT = 1,
    ASSAY_OBJECT_TRUNCATED = 2, /* cut off by the edge of the image */
    ASSAY_OBJECT_OCCLUDED = 4,  /* hidden in part */
    ASSAY_OBJECT_HIDDEN = 8,    /* hidden for the larger part; with OCCLUDED */
    ASSAY_OBJECT_IGNORE = 16,   /* the member ignore is set */
    ASSAY_OBJECT_GROUP = 32     /* one box around several (group-of) */
};

/** Outlines and run lengths of all rows, one behind the other. */
typedef struct assay_coco_shapes {
    int64_t *first;  /* per row: its first part, or the first character of its run lengths */
    int64_t *count;  /* per row: how many; 0 without a shape */
    int32_t *height; /* per row: of the runs, as written */
    int32_t *width;
    int64_t *part;   /* per part: its first number; and one more that ends the last part */
    double *numbers; /* x, y, x, y, ... */
    char *counts;    /* run lengths as compressed text, a fifth of what they take as numbers */
    int64_t n_parts, n_numbers, n_counts;
} assay_coco_shapes;

/** Keypoints of all rows: x, y, visibility (0 = not annotated), x, y, ... */
typedef struct assay_coco_points {
    int64_t *first;   /* per row: its first number */
    int32_t *count;   /* per row: how many keypoints; 0 = none */
    int32_t *visible; /* per row: num_keypoints as written; -1 = not given */
    double *numbers;
    int64_t n_numbers;
} assay_coco_points;

/** A list of category ids per image. */
typedef struct assay_coco_lists {
    int64_t *first; /* per image, and one more; NULL = no image has the member */
    int64_t *ids;
    int64_t n_ids;
    int64_t given; /* images that have the member */
} assay_coco_lists;

/** A scalar member of an image that has no meaning of its own here: metadata for slices. */
typedef struct assay_coco_extra {
    int64_t image; /* row */
    int32_t column;
    bool is_text;
    double number; /* booleans are 0 and 1 */
    char *text;    /* NULL = not usable */
} assay_coco_extra;

/** All of them in the order of the file; at most 256 names. */
typedef struct assay_coco_extras {
    int32_t n_columns;
    char **names;
    int64_t n, room;
    assay_coco_extra *entries;
} assay_coco_extras;

typedef struct assay_coco_rows {
    int64_t n;
    int64_t *id; /* truth; results have none, they count from 1 */
    int64_t *image, *category;
    double *box;   /* 4 per row: left, top, width, height */
    double *area;  /* truth only, as written */
    double *score; /* results only */
    uint8_t *crowd, *has;
    uint8_t *flags; /* truth only */
    assay_coco_shapes shapes;
    assay_coco_points points;
} assay_coco_rows;

typedef struct assay_coco_truth {
    int64_t n_images;
    int64_t *image_id;
    char **image_file;                   /* as written; NULL = not given */
    int32_t *image_height, *image_width; /* 0 = not given */
    int64_t n_categories;
    int64_t *category_id;
    char **category_name;
    char *category_frequency; /* LVIS: 'r' rare, 'c' common, 'f' frequent; 0 = not given */
    assay_coco_lists absent;  /* neg_category_ids: classes that are known not to be in the image */
    assay_coco_lists partial; /* not_exhaustive_category_ids: not all objects are annotated */
    assay_coco_rows objects;
    assay_coco_extras extras; /* with the option extras */
} assay_coco_truth;

typedef struct assay_coco_options {
    bool masks;         /* read segmentations too */
    bool keypoints;     /* read keypoints too */
    bool extras;        /* keep the scalar members of images */
    int64_t most_rows;  /* 0 = 2^31 */
    size_t most_values; /* numbers and runs of all shapes; 0 = 2^31 */
    size_t window;      /* of the scan */
} assay_coco_options;

/** The mask of a row that has run lengths; the runs live in the arena. */
ASSAY_NODISCARD assay_status assay_coco_mask(assay_rle *out, const assay_coco_shapes *shapes,
                                             int64_t row, assay_arena *arena, assay_error *err);

/** The truth: an object with images, annotations and categories, in any order. Every annotation has
 *  id, image_id and category_id; members that are not known are skipped. options may be NULL. */
ASSAY_NODISCARD assay_status assay_coco_read_truth(assay_coco_truth **out, assay_read_fn read,
                                                   void *context, const assay_coco_options *options,
                                                   assay_error *err);
void assay_coco_truth_free(assay_coco_truth *truth);

/** The results: a list of objects with image_id, category_id, score and bbox and/or segmentation. */
ASSAY_NODISCARD assay_status assay_coco_read_results(assay_coco_rows **out, assay_read_fn read,
                                                     void *context,
                                                     const assay_coco_options *options,
                                                     assay_error *err);
void assay_coco_results_free(assay_coco_rows *rows);

#endif
