/** @file panoptic.h  Panoptic quality in assay evaluate --task segmentation. Inside src/api only. */
#ifndef ASSAY_API_PANOPTIC_H
#define ASSAY_API_PANOPTIC_H

#include "api/context.h"
#include "assay/evaluate.h"
#include "core/measure.h"
#include "core/panoptic.h"

enum { ASSAY_PANOPTIC_GROUPS = 3, ASSAY_PANOPTIC_NUMBERS = 3 };

/** One evaluation, as its renderers see it; everything in the arena but the two files. */
typedef struct assay_panoptic_report {
    const assay_evaluate_request *request;
    assay_arena *arena;
    assay_panoptic *truth, *predicted;
    double level;
    int64_t replicates;
    uint64_t seed;
    int64_t n_images, unused;
    int32_t classes;
    assay_panoptic_counts *sums; /* per class */
    int64_t *first;              /* per image, and one more: into counts */
    assay_panoptic_counts *counts;
    assay_result measures; /* PQ, SQ, RQ of all, things, stuff; then of every class */
} assay_panoptic_report;

/** The truth is a panoptic JSON file. */
ASSAY_NODISCARD assay_status assay_evaluate_panoptic(char **json, char **table,
                                                     assay_context *context,
                                                     const assay_evaluate_request *request,
                                                     assay_error *err);
ASSAY_NODISCARD assay_status assay_panoptic_json(char **out, const assay_panoptic_report *report,
                                                 assay_error *err);
ASSAY_NODISCARD assay_status assay_panoptic_table(char **out, const assay_panoptic_report *report,
                                                  assay_error *err);

#endif
