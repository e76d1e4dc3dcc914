/** @file segmentation.h  assay evaluate --task segmentation. Inside src/api only. */
#ifndef ASSAY_API_SEGMENTATION_H
#define ASSAY_API_SEGMENTATION_H

#include "api/segment_set.h"
#include "base/json_write.h"

/** One evaluation, as its renderers see it; everything in the arena. */
typedef struct assay_segmentation_report {
    const assay_evaluate_request *request;
    assay_arena *arena;
    assay_segment_request asked; /* level, replicates (0 = no bootstrap), seed, metrics */
    assay_segment_truth truth;
    assay_segment_found found;
    int64_t images, units; /* of the slice */
    const double *sums;    /* of every class: ASSAY_SEGMENT_WIDTH numbers */
    assay_result measures; /* the statistics, then those of every class */
} assay_segmentation_report;

/** As assay_evaluate_file, whose request has been checked. */
ASSAY_NODISCARD assay_status assay_evaluate_segmentation(char **json, char **table,
                                                         assay_context *context,
                                                         const assay_evaluate_request *request,
                                                         assay_error *err);
ASSAY_NODISCARD assay_status assay_segmentation_json(char **out,
                                                     const assay_segmentation_report *report,
                                                     assay_error *err);
ASSAY_NODISCARD assay_status assay_segmentation_table(char **out,
                                                      const assay_segmentation_report *report,
                                                      assay_error *err);
/** The measure of a metric over all classes (params NULL = any) or of a class; NULL = none. */
const assay_measure *assay_segmentation_find(const assay_result *measures, const char *metric,
                                             const char *params, const char *class_name);
/** What was met while reading, one sentence each with its count; returns how many. */
enum { ASSAY_SEGMENT_REMARKS = 3 };
int assay_segment_remarks(const char *texts[ASSAY_SEGMENT_REMARKS],
                          int64_t counts[ASSAY_SEGMENT_REMARKS], const assay_segment_found *found);
/** Metrics by name: each must be one of segmentations. */
ASSAY_NODISCARD assay_status assay_segment_check_metrics(const char *const *metrics, bool panoptic,
                                                         assay_error *err);

#endif
