/** @file run_again.h  How an evaluation looks at itself (run_self_check.c): measures computed a second
 *  time, and relations between evaluations that must hold. Inside src/api only. */
#ifndef ASSAY_API_RUN_AGAIN_H
#define ASSAY_API_RUN_AGAIN_H

#include "api/run.h"

/** A measure of scores by its definition, row after row, over the rows with mask[i] != 0
 *  (NULL = all); NaN for those that are not computed again. */
double assay_run_again(const assay_measure *measure, const assay_predictions *predictions,
                       const uint8_t *mask);

/** Metamorphic relations on whole, labelled data: no measure changes when the rows come in the opposite
 *  order, and none when the classes do (but where a class's place is part of its definition). Adds to the
 *  run's counts, and a finding for each measure that changes. */
ASSAY_NODISCARD assay_status assay_run_metamorphic(assay_run *run, const assay_run_cell *cell,
                                                   const assay_predictions *predictions,
                                                   assay_error *err);

#endif
