/** @file annotations_table.h  Boxes out of CSV, Parquet and JSON lines. Inside src/api only. */
#ifndef ASSAY_API_ANNOTATIONS_TABLE_H
#define ASSAY_API_ANNOTATIONS_TABLE_H

#include "api/annotations.h"
#include "codec/annotation_draft.h"

/** Rows of a table into the draft; options->columns names columns, the others are found by name. */
ASSAY_NODISCARD assay_status assay_annotations_table(assay_annotation_draft *draft,
                                                     const char *path,
                                                     const assay_annotation_options *options,
                                                     assay_error *err);

#endif
