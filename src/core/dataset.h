/**
 * @file dataset.h
 * The dataset: ordered data, targets and metadata columns; immutable once opened; has a digest.
 * Sources (folder, manifest, IDX, NPY/NPZ) live in adapters and fill this struct.
 */
#ifndef ASSAY_CORE_DATASET_H
#define ASSAY_CORE_DATASET_H

#include <stdint.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/parallel.h"
#include "codec/image.h"
#include "codec/image_decode.h"
#include "core/table.h"

/** Why a datum was left out; listed in the evidence and in the report. */
typedef struct assay_skip {
    const char *id;
    const char *where;  /* file, row */
    const char *reason; /* one line */
} assay_skip;

typedef struct assay_dataset assay_dataset;

/** Implemented by each source. Functions may be called from any number of threads. */
typedef struct assay_dataset_source {
    /** Encoded bytes of datum i as they are on disk (for digests, for black-box models); *out is
     *  from assay_alloc and becomes the caller's. NULL function: the source holds pixels only. */
    assay_status (*bytes)(const assay_dataset *dataset, int64_t i, uint8_t **out, size_t *size,
                          assay_error *err);
    /** Decoded image of datum i; `out` is {0} before. *format (may be NULL) gets the file format. */
    assay_status (*image)(const assay_dataset *dataset, int64_t i, assay_image *out,
                          assay_image_format *format, size_t *file_size, assay_error *err);
    void (*free)(void *self);
} assay_dataset_source;

struct assay_dataset {
    assay_arena *arena; /* owned */
    const char *name;   /* what people call it */
    const char *path;   /* what was opened */
    int64_t n;
    const char **ids; /* unique */
    int32_t *targets; /* class index; -1 = none */
    int32_t classes;
    const char **class_names;
    assay_table *metadata; /* n rows: manifest columns, then computed image columns */
    int64_t n_skipped;
    assay_skip *skipped;
    char digest[ASSAY_DIGEST_HEX]; /* ids, targets, class names and the content of every datum */
    const assay_dataset_source *source;
    void *self; /* the source's own state */
};

void assay_dataset_free(assay_dataset *dataset);

/** Reading images with context in the message ("field: row 17 (a/b.png): ..."). */
ASSAY_NODISCARD assay_status assay_dataset_image(const assay_dataset *dataset, int64_t i,
                                                 assay_image *out, assay_error *err);

/** Image measurements that become metadata columns and can be used in slices. */
typedef struct assay_image_stats {
    int32_t width, height, channels;
    double mean;      /* of luma, 0..1 */
    double contrast;  /* RMS: standard deviation of luma, 0..0.5 (Peli 1990) */
    double sharpness; /* variance of the 3x3 Laplacian of luma in 0..1 units (Pech-Pacheco 2000) */
    double entropy;   /* Shannon entropy of the 256-bin luma histogram, bit */
} assay_image_stats;

ASSAY_NODISCARD assay_status assay_image_measure(assay_image_stats *out, const assay_image *image,
                                                 assay_error *err);

#endif
