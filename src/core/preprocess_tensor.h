/** @file preprocess_tensor.h  Processed pixels to the elements of the model's input. */
#ifndef ASSAY_CORE_PREPROCESS_TENSOR_H
#define ASSAY_CORE_PREPROCESS_TENSOR_H

#include "core/preprocess_steps.h"

bool assay_tensor_is_integer(assay_dtype type);

/** The region (1 or 3 channels; 8 bit, or float when `type` is not an integer) with colour order,
 *  scaling and layout; fills channels * height * width elements. */
ASSAY_NODISCARD assay_status assay_region_to_tensor(void *out, assay_dtype type,
                                                    const assay_region *region,
                                                    const assay_preprocess *preprocess,
                                                    assay_error *err);

#endif
