/** @file segment_set.h  Truth and predictions of segmentations: found, read, counted. Inside src/api
 *  only. */
#ifndef ASSAY_API_SEGMENT_SET_H
#define ASSAY_API_SEGMENT_SET_H

#include "api/context.h"
#include "assay/evaluate.h"
#include "base/digest.h"
#include "codec/panoptic_read.h"
#include "core/segment_sample.h"

/** Label maps in a folder, or a panoptic file with its folder. All but `segments` in the arena. */
typedef struct assay_segment_truth {
    assay_arena *arena; /* borrowed */
    const char *path, *folder;
    int64_t n;
    const char **file;        /* of the label maps, relative to the folder */
    assay_panoptic *segments; /* owned; NULL = label maps */
    const char *const *names; /* declared classes */
    int32_t n_names;          /* 0 = as many classes as labels occur */
    int64_t ignore;           /* -1 = none */
} assay_segment_truth;

/** `classes` (NULL-terminated, may be NULL) and `ignore` (a label, "none", NULL = 255) are for label maps.
 *  On failure, too, the caller closes the truth. */
ASSAY_NODISCARD assay_status assay_segment_truth_open(assay_segment_truth *out, const char *path,
                                                      const char *const *classes,
                                                      const char *ignore, assay_arena *arena,
                                                      assay_error *err);
void assay_segment_truth_close(assay_segment_truth *truth);

/** Predictions held against a truth; everything in the truth's arena. */
typedef struct assay_segment_found {
    assay_segment_sample sample;
    const char *const *names; /* of the classes */
    int64_t *confusion;    /* label maps: classes x (classes + 1), rows = truth, last = no class */
    int64_t segments;      /* panoptic: of the predictions */
    int64_t unused;        /* predictions without a truth: left out */
    int64_t strange_truth; /* pixels whose true label is no class and not ignored: left out */
    int64_t strange;       /* pixels predicted as no class: missed */
    int32_t *width, *height; /* per image */
} assay_segment_found;

ASSAY_NODISCARD assay_status assay_segment_count(assay_segment_found *out,
                                                 const assay_segment_truth *truth,
                                                 const char *predictions, bool boundary,
                                                 const assay_context *context, assay_error *err);

/** Of a folder: all its label maps with their names; of a panoptic file: it and those of its folder. */
ASSAY_NODISCARD assay_status assay_segment_digest(char out[ASSAY_DIGEST_HEX], const char *path,
                                                  const assay_context *context, assay_arena *arena,
                                                  assay_error *err);
/** The same of n label maps whose digests are known; `listing`: of the panoptic file, or "". Names in `order`
 *  (NULL = as they stand) are sorted. */
ASSAY_NODISCARD assay_status assay_segment_digest_maps(
    char out[ASSAY_DIGEST_HEX], const char *listing, const char *const *names,
    const char (*digests)[ASSAY_DIGEST_HEX], const int64_t *order, int64_t n, assay_error *err);
ASSAY_NODISCARD assay_status assay_segment_read_map(assay_label_map *out, const char *folder,
                                                    const char *name, assay_error *err);
/** "x/panoptic.json" has its label maps in "x/panoptic". */
ASSAY_NODISCARD assay_status assay_segment_folder_of(const char **out, const char *path,
                                                     assay_arena *arena, assay_error *err);

/** Predictions to be looked at image by image. */
typedef struct assay_segment_view {
    const assay_segment_truth *truth;
    const char *folder;        /* of the predicted label maps */
    assay_panoptic *predicted; /* owned; NULL = label maps */
    int64_t *partner;          /* per image of the truth, with segments */
    int32_t classes;
} assay_segment_view;

/** The classes of an image's pixels; ASSAY_SEGMENT_NOTHING = none. Owned. */
enum { ASSAY_SEGMENT_NOTHING = 65535 };
typedef struct assay_segment_pixels {
    int32_t width, height;
    uint16_t *truth, *predicted;
} assay_segment_pixels;

ASSAY_NODISCARD assay_status assay_segment_view_open(assay_segment_view *out,
                                                     const assay_segment_truth *truth,
                                                     const char *predictions, int32_t classes,
                                                     assay_error *err);
void assay_segment_view_close(assay_segment_view *view);
ASSAY_NODISCARD assay_status assay_segment_view_pixels(assay_segment_pixels *out,
                                                       const assay_segment_view *view,
                                                       int64_t image, assay_error *err);
void assay_segment_pixels_dispose(assay_segment_pixels *pixels);

/* Between the files about segment sets. */

/** The predictions of a panoptic file: read, its classes numbered, its images paired with the truth's. */
ASSAY_NODISCARD assay_status assay_segment_read_panoptic(assay_segment_view *out,
                                                         const assay_segment_truth *truth,
                                                         const char *predictions, assay_error *err);

/** One image's rows while others are counted. */
typedef struct assay_segment_image {
    assay_segment_row *rows; /* owned */
    int64_t n;
    int32_t width, height;
} assay_segment_image;

/** Keep n rows. */
ASSAY_NODISCARD assay_status assay_segment_keep(assay_segment_image *image,
                                                const assay_segment_row *rows, int64_t n,
                                                assay_error *err);
/** All images one behind the other, with their sizes. */
ASSAY_NODISCARD assay_status assay_segment_gather(assay_segment_found *out,
                                                  const assay_segment_truth *truth,
                                                  const assay_segment_image *images,
                                                  assay_error *err);
ASSAY_NODISCARD assay_status assay_segment_open_panoptic(assay_segment_truth *truth,
                                                         assay_error *err);
ASSAY_NODISCARD assay_status assay_segment_count_panoptic(assay_segment_found *out,
                                                          const assay_segment_truth *truth,
                                                          const char *predictions,
                                                          const assay_context *context,
                                                          assay_error *err);

#endif
