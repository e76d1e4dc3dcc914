/** @file detection_internal.h  What the parts of the detection engine share. */
#ifndef ASSAY_CORE_DETECTION_INTERNAL_H
#define ASSAY_CORE_DETECTION_INTERNAL_H

#include "base/arena.h"
#include "codec/oriented.h"
#include "codec/rle.h"
#include "core/detection.h"

/** Objects and detections of one class in one image. */
typedef struct assay_cell {
    int32_t category, image;     /* ranks of the ids */
    int64_t objects, detections; /* first in assay_pairing.objects, .detections */
    int64_t n_detections;
    int64_t kept; /* first in the kept columns */
    int32_t n_objects;
    int32_t n_kept; /* detections within the largest cap */
    bool partial;   /* not all objects are annotated: what hits none is ignored */
} assay_cell;

/** Truth and results put together: rows by class, then image, then place in the file. */
typedef struct assay_pairing {
    const assay_coco_truth *truth;
    const assay_coco_rows *results;
    const assay_protocol *protocol;
    const assay_detection_slice *slice;
    int64_t *objects, *detections; /* rows */
    bool boxed;                    /* results have boxes, which give their areas too */
} assay_pairing;

/** How a detection lies on the object that it hits at the first threshold. */
typedef struct assay_fit {
    double overlap;
    double distance; /* of the centres, in pixels; this and the following of boxes only, else NaN */
    double offset;   /* the same over the square root of the object's area */
    double scale;    /* 1 - overlap when both lie on one centre */
} assay_fit;

struct assay_detection {
    assay_protocol protocol;
    int threads;
    const assay_cancel *cancel;
    int64_t n_images, n_categories, n_cells, n_kept;
    int64_t n_inside;     /* images in the slice */
    uint8_t *inside;      /* per image; NULL = all */
    int64_t *image_id;    /* ascending */
    int64_t *image_row;   /* in the truth */
    int64_t *category_id; /* ascending */
    int64_t *category_row;
    char *frequency; /* per class; NULL = not known */
    assay_cell *cells;
    int32_t *cell_positives; /* per cell and area range: objects that count */
    int64_t *cell_first;     /* per class, and one more */
    int64_t *kept_first;     /* per class, and one more */
    /* detections within the cap; by class, and inside a class by falling score once sorted */
    double *score;
    int32_t *image;
    int32_t *place;     /* in its image and class, from 0 */
    int32_t *row;       /* of the results */
    uint16_t *hit;      /* per area range: bit t = matched at threshold t */
    uint16_t *skip;     /* per area range: bit t = ignored at threshold t */
    int64_t *positives; /* per class and area range */
    assay_fit *fit;     /* details; or NULL */
    int64_t *address;   /* per image: what addresses its weight; NULL = its id */
    int64_t n_clusters; /* 0 = every image for itself */
    int shown;          /* comparisons: which of the two halves of the images a replicate shows */
    assay_detection_notes notes;
};

/** Fill the ranks, cells and rows. */
ASSAY_NODISCARD assay_status assay_detection_pair(assay_pairing *pairing, assay_detection *d,
                                                  assay_error *err);
void assay_pairing_dispose(assay_pairing *pairing);

/** Distinct ids ascending, and for each the last row that has it, as COCO's index does. */
ASSAY_NODISCARD assay_status assay_rank_ids(int64_t **ids, int64_t **rows, int64_t *n,
                                            int64_t *repeated, const int64_t *from, int64_t n_from,
                                            assay_error *err);
/** Rank of an id, or -1. Rows of one image mostly follow each other: *hint is the last answer. */
int64_t assay_rank_of(const int64_t *ids, int64_t n, int64_t id, int64_t *hint);

/** An object or a detection with its shape; the mask lives in an arena. */
typedef struct assay_thing {
    double box[4];
    double area;
    assay_rle mask;
    uint32_t pixels; /* of the mask */
    int64_t row;
    assay_hull hull;      /* turned boxes */
    const double *points; /* keypoints of the row, or NULL */
    int32_t n_points, n_visible;
    bool crowd;      /* takes any number of detections, over their own area */
    bool group;      /* the same, for what found no single object (Open Images) */
    uint8_t ignored; /* bit a: in area range a */
} assay_thing;

/** Fill in an object or detection; errors do not name the row. An object without canvas gets no mask. `height`, `width` and `image_id` are
 *  those of its image. */
typedef struct assay_canvas {
    int64_t image_id;
    int32_t height, width;
} assay_canvas;
ASSAY_NODISCARD assay_status assay_thing_object(assay_thing *out, const assay_pairing *pairing,
                                                int64_t row, const assay_canvas *canvas,
                                                assay_arena *arena, assay_error *err);
ASSAY_NODISCARD assay_status assay_thing_detection(assay_thing *out, const assay_pairing *pairing,
                                                   int64_t row, const assay_canvas *canvas,
                                                   assay_arena *arena, assay_error *err);
/** Overlap of a detection with an object under the protocol; `crowd`: over the detection's area. */
double assay_thing_overlap(const assay_thing *detection, const assay_thing *object,
                           const assay_protocol *protocol, bool crowd);
/** Object keypoint similarity. */
double assay_keypoint_similarity(const assay_thing *detection, const assay_thing *object,
                                 const assay_protocol *protocol);

/** How images count in replicates: Poisson(1) times; or once or not at all, by a coin that image i of
 *  the first half shows and its namesake in the second half the other side of. */
enum { ASSAY_SHOWN_ALL, ASSAY_SHOWN_FIRST, ASSAY_SHOWN_SECOND };

/** Weights of all images for the replicates 16 * block ...: image x 16. */
void assay_detection_weights(int32_t *weights, const assay_detection *d, uint64_t seed,
                             int64_t block);

/** The order in which numpy adds: blocks of at most 128 in eight lanes, halves joined pairwise. */
double assay_numpy_sum(const double *v, int64_t n);

#endif
