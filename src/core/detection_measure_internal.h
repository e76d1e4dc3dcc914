/** @file detection_measure_internal.h  What the parts of assay_detection_measure share. */
#ifndef ASSAY_CORE_DETECTION_MEASURE_INTERNAL_H
#define ASSAY_CORE_DETECTION_MEASURE_INTERNAL_H

#include "core/detection_internal.h"
#include "core/detection_measure.h"

typedef struct assay_detecting {
    assay_result *out;
    const assay_coco_truth *truth;
    const assay_coco_rows *results;
    assay_detection_request request; /* defaults filled in; replicates 0 = none */
    assay_detection *detection;
    assay_interval_rule rule;
    bool tables;   /* not at further points */
    bool resample; /* there are replicates */
} assay_detecting;

/** Append a measure; NaN = undefined for `reason`. Texts live as long as the arena; params may be
 *  NULL. NULL when memory is out. */
assay_measure *assay_detecting_add(const assay_detecting *c, const char *metric, const char *params,
                                   const char *class_name, double value, int64_t n,
                                   const char *reason);
/** What request.analyses asks for beside AP. */
ASSAY_NODISCARD assay_status assay_detecting_analyse(const assay_detecting *detecting,
                                                     assay_detection_summary *summary,
                                                     assay_error *err);
/** Name of class k. */
const char *assay_detecting_class(const assay_detecting *c, int64_t k);

#endif
