/** @file evaluate_sets.h  The task multilabel of assay_evaluate_file. */
#ifndef ASSAY_API_EVALUATE_SETS_H
#define ASSAY_API_EVALUATE_SETS_H

#include "assay/evaluate.h"
#include "core/predictions.h"

/** What is measured when nobody says; NULL-terminated. */
extern const char *const assay_multilabel_metrics[];

/** Read the predictions that the request names; parsed thresholds go to the arena. */
ASSAY_NODISCARD assay_status assay_evaluate_read_sets(assay_predictions **out,
                                                      const assay_evaluate_request *request,
                                                      assay_arena *arena, assay_error *err);

#endif
