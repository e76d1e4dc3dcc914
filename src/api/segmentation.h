/** @file segmentation.h  assay evaluate --task segmentation. Inside src/api only. */
#ifndef ASSAY_API_SEGMENTATION_H
#define ASSAY_API_SEGMENTATION_H

#include "api/context.h"
#include "assay/evaluate.h"
#include "base/json_write.h"
#include "core/measure.h"
#include "core/segmentation.h"

/** One evaluation, as its renderers see it; everything in the arena. */
typedef struct assay_segmentation_report {
    const assay_evaluate_request *request;
    assay_arena *arena;
    double level;
    int64_t replicates; /* 0 = no bootstrap */
    uint64_t seed;
    int64_t ignore; /* -1 = none */
    const char *const *names;
    int64_t n_names; /* 0 = classes have numbers only */
    int64_t n_images;
    int64_t unused; /* predictions without a truth */
    int32_t classes;
    assay_segment_sums *sums; /* per class */
    int64_t *confusion;       /* classes x (classes + 1), rows = truth */
    assay_segmentation_images images;
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

/** Parts of the results that label maps and panoptic segments have in common: "data" and "contexts"
 *  (rows: of the truth and of the predictions), "measures", and all from "remarks" to the end. */
void assay_segmentation_put_inputs(assay_json *json, const char *const paths[2],
                                   const int64_t rows[2], int64_t images);
void assay_segmentation_put_measures(assay_json *json, const assay_result *result);
void assay_segmentation_put_end(assay_json *json, int64_t unused);

#endif
