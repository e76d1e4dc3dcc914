/** @file result_parts.h  One file of COCO results, read by several threads. Inside src/api only. */
#ifndef ASSAY_API_RESULT_PARTS_H
#define ASSAY_API_RESULT_PARTS_H

#include "codec/coco_parts.h"

enum { ASSAY_RESULT_PARTS = 32 };

/** Zero-initialise. */
typedef struct assay_result_parts {
    const char *path;
    int n; /* 0 = the file is not worth it */
    uint64_t begin[ASSAY_RESULT_PARTS + 1];
    assay_coco_rows *rows[ASSAY_RESULT_PARTS]; /* NULL = not as guessed */
} assay_result_parts;

/** Guess where the parts begin; a file that cannot be opened has none. */
ASSAY_NODISCARD assay_status assay_result_parts_plan(assay_result_parts *parts, const char *path,
                                                     assay_error *err);
/** Read part i; distinct parts may be read at the same time. */
ASSAY_NODISCARD assay_status assay_result_parts_read(assay_result_parts *parts, int i,
                                                     const assay_coco_options *options,
                                                     assay_error *err);
/** *out = all rows, or NULL when the file has to be read in one piece. */
ASSAY_NODISCARD assay_status assay_result_parts_join(assay_coco_rows **out,
                                                     assay_result_parts *parts,
                                                     const assay_coco_options *options,
                                                     assay_error *err);
void assay_result_parts_dispose(assay_result_parts *parts);

#endif
