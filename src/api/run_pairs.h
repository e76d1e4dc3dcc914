/** @file run_pairs.h  Models compared on the images of a run, detections or segmentations. Inside src/api only. */
#ifndef ASSAY_API_RUN_PAIRS_H
#define ASSAY_API_RUN_PAIRS_H

#include "api/run.h"
#include "core/paired.h"

/** Words of a difference: why there may be none, and what its test is. */
typedef struct assay_run_pair_words {
    const char *undefined, *test;
} assay_run_pair_words;

/** One more difference of two cells; the measures name the metric. */
ASSAY_NODISCARD assay_status assay_run_add_pair(assay_run *run, const assay_run_cell *a,
                                                const assay_run_cell *b, const assay_measure *in_a,
                                                const assay_measure *in_b,
                                                const assay_paired *found,
                                                const assay_run_pair_words *words,
                                                assay_error *err);

/** `compare` for every two models that were measured in one context. */
ASSAY_NODISCARD assay_status assay_run_each_pair(
    assay_run *run, bool (*is_measured)(const assay_run *run, int32_t model, int32_t context),
    assay_status (*compare)(assay_run *run, int32_t a, int32_t b, int32_t context,
                            assay_error *err),
    assay_error *err);

#endif
