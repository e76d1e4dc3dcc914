/** @file test_values.h  Results of a test per class: no averages, as the mean of p-values says
 *  nothing. States are those of ranked.h. */
#ifndef ASSAY_OPS_SHARED_TEST_VALUES_H
#define ASSAY_OPS_SHARED_TEST_VALUES_H

#include "ops/shared/ranked.h"

/** Measures: every class in order. */
assay_status assay_test_values_finish(assay_result *out, const void *state, const void *params,
                                      const assay_rows *shape, assay_error *err);

#endif
