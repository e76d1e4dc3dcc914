/** @file metric_data.h  Predictions to check metrics on, and their evaluation. */
#ifndef ASSAY_TESTS_OPERATION_METRIC_DATA_H
#define ASSAY_TESTS_OPERATION_METRIC_DATA_H

#include "core/evaluate.h"
#include "operation/harness.h"

/** scores: 0, 4 or 8 bytes each. */
assay_predictions *harness_predictions(int64_t n, int32_t classes, int scores);
void harness_score(assay_predictions *p, int64_t i, int32_t k, double value);
/** Probabilities that favour the target; every fifth row has few values, so that there are ties. */
assay_predictions *harness_random_predictions(int64_t n, int32_t classes, int scores,
                                              uint64_t seed);

typedef struct harness_evaluation {
    assay_arena *arena; /* to be freed */
    assay_result result;
} harness_evaluation;

harness_evaluation harness_evaluate(const assay_predictions *p, const uint8_t *mask,
                                    const assay_args *args, int64_t replicates, int threads);

/** Equal, or both NaN. */
bool harness_same(double a, double b);
/** Within tolerance, relative to b when it is above one; 0 = the same. */
bool harness_close(double a, double b, double tolerance);

#endif
