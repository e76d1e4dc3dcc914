/** @file dataset_open.h  Opening datasets: the one function that knows all sources. */
#ifndef ASSAY_ADAPTERS_FILESYSTEM_DATASET_OPEN_H
#define ASSAY_ADAPTERS_FILESYSTEM_DATASET_OPEN_H

#include "core/dataset.h"

/** An image file, for data sets that somebody else has listed. */
typedef struct assay_dataset_file {
    const char *id, *path; /* live as long as the options */
} assay_dataset_file;

typedef struct assay_dataset_options {
    const char *name;        /* NULL = last part of the path */
    const char *target;      /* manifest column of the class; NULL = "target", else "label" */
    const char *path_column; /* NULL = "path" */
    const char *id_column;   /* NULL = "id", else the path */
    const char *root;        /* folder that paths are relative to; NULL = the manifest's folder */
    const char *labels;      /* IDX/NPY: file with the targets; NPZ: name of the array */
    const char *images;      /* NPZ: name of the image array; NULL = "images", "x", "data" or the
                                  only array of rank >= 3 */
    const char *const *class_names; /* NULL-terminated; NULL = from the data, sorted (numbers by
                                       value). A target that is not among them is a bad datum */
    int skip_bad; /* 1: leave bad data out, list them in dataset->skipped; 0: stop */
    int measure;  /* 1: decode every image once and add the columns width, height,
                                  channels, mean, contrast, sharpness, entropy, file_size, format */
    int threads;
    const assay_cancel *cancel;
    const assay_log *log;
    const char *cache; /* folder for computed columns, keyed by content; NULL = none */
    const assay_dataset_file *files; /* the data, in this order; the path is a name only then */
    int64_t n_files;
} assay_dataset_options;

/**
 * Open what `path` is: a folder of class sub-folders; a manifest .csv, .tsv, .parquet, .jsonl/.ndjson
 * (through DuckDB); COCO annotations .json, whose images are the data; an IDX file of images (*-images*-idx*-ubyte[.gz] or .idx; the labels file beside
 * it by MNIST's naming, or options->labels); .npy; .npz. Every image file is read once to compute
 * digests; bad data (missing, truncated, unknown class, duplicate id) stop with one line or are
 * skipped and listed, by skip_bad.
 */
ASSAY_NODISCARD assay_status assay_dataset_open(assay_dataset **out, const char *path,
                                                const assay_dataset_options *options,
                                                assay_error *err);

#endif
