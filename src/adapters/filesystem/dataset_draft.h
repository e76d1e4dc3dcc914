/**
 * @file dataset_draft.h
 * A dataset on its way: what the readers of the sources fill and assay_dataset_open finishes.
 * Internal to this folder.
 */
#ifndef ASSAY_ADAPTERS_FILESYSTEM_DATASET_DRAFT_H
#define ASSAY_ADAPTERS_FILESYSTEM_DATASET_DRAFT_H

#include "adapters/filesystem/dataset_open.h"
#include "core/classes.h"

typedef struct assay_datum_draft {
    const char *id;   /* well-formed UTF-8 */
    const char *path; /* file; NULL for arrays */
    int64_t row;      /* of the manifest or array, from 0 */
    int32_t target;   /* code in draft->classes; -1 = none */
    const char *bad;  /* why it is left out; NULL = good so far */
} assay_datum_draft;

/** What the scan finds out about a datum. */
typedef struct assay_datum_scan {
    char digest[ASSAY_DIGEST_HEX]; /* of the encoded bytes, or of the array's slice */
    assay_image_stats stats;
    int64_t file_size;
    assay_image_format format;
    int measured;
    char *bad; /* assay_free; NULL = good */
} assay_datum_scan;

typedef struct assay_dataset_draft {
    const char *path;
    const assay_dataset_options *options;
    assay_arena *arena;
    const char *name;
    int64_t n;
    int64_t capacity;
    assay_datum_draft *data;
    assay_classes classes;
    int has_targets;
    assay_table *manifest; /* rows as in the file; NULL for folders and arrays */
    int is_table_file;     /* rows of bad data are named by row and line */
    int64_t ignored;       /* hidden files and files outside of class folders */
    const assay_dataset_source *source;
    void *self; /* of the source; for files made at the end */
} assay_dataset_draft;

/** Append a datum; id and path must live in the arena. */
ASSAY_NODISCARD assay_status assay_draft_add(assay_dataset_draft *draft, const char *id,
                                             const char *path, int64_t row, assay_error *err);
/** Set the class of the last datum, or make the datum bad. NULL text: no target stands there. */
ASSAY_NODISCARD assay_status assay_draft_target(assay_dataset_draft *draft, const char *text,
                                                assay_error *err);
/** Datum i is bad: with skip_bad remember the reason, else fail with it. */
ASSAY_NODISCARD assay_status assay_draft_bad(assay_dataset_draft *draft, int64_t i,
                                             assay_error *err, const char *format, ...)
    ASSAY_PRINTF(4, 5);
/** Where datum i stands, for messages: "m.csv: row 17 (line 18)" or the path of the file. */
void assay_draft_place(char *out, size_t size, const assay_dataset_draft *draft, int64_t i);
/** The text with bytes that are not UTF-8 as \xNN; in the arena. */
const char *assay_draft_text(assay_dataset_draft *draft, const char *text, assay_error *err);

ASSAY_NODISCARD assay_status assay_draft_read_folder(assay_dataset_draft *draft, assay_error *err);
ASSAY_NODISCARD assay_status assay_draft_read_manifest(assay_dataset_draft *draft,
                                                       assay_error *err);
/** The images of a file of COCO annotations. */
ASSAY_NODISCARD assay_status assay_draft_read_coco(assay_dataset_draft *draft, assay_error *err);
/** IDX, NPY and NPZ. */
ASSAY_NODISCARD assay_status assay_draft_read_array(assay_dataset_draft *draft, assay_error *err);

/** Digest (and measurements, when asked for) of every good datum; scans has draft->n elements. */
ASSAY_NODISCARD assay_status assay_draft_scan(assay_datum_scan *scans, assay_dataset_draft *draft,
                                              assay_error *err);

/** Bytes that identify datum i of an array source, for its digest: element type, shape, values. */
ASSAY_NODISCARD assay_status assay_array_digest(char out[ASSAY_DIGEST_HEX], int64_t *size,
                                                const void *self, int64_t row, assay_error *err);
/** Image of row `row` of an array source. */
ASSAY_NODISCARD assay_status assay_array_image(assay_image *out, const void *self, int64_t row,
                                               assay_error *err);
/** Tell the array source which of its rows are data; `rows` must outlive the source. */
void assay_array_select(void *self, const int64_t *rows);

/** True for failures that are the fault of one datum and not of the machine. */
int assay_status_is_bad_datum(assay_status status);

#endif
