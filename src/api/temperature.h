/** @file temperature.h  What is written about temperature scaling. Inside src/api only. */
#ifndef ASSAY_API_TEMPERATURE_H
#define ASSAY_API_TEMPERATURE_H

#include "base/buffer.h"
#include "core/temperature.h"

/** The diagnostic with log loss and expected calibration error before and after. */
ASSAY_NODISCARD assay_status assay_temperature_measure(assay_temperature *out, assay_arena *arena,
                                                       const assay_predictions *predictions,
                                                       const uint8_t *mask,
                                                       const assay_evaluate_options *options,
                                                       assay_error *err);
/** The member "temperature". */
void assay_temperature_json(assay_json *json, const assay_temperature *t);
/** For a terminal. */
void assay_temperature_table(assay_buffer *out, const assay_temperature *t);

#endif
