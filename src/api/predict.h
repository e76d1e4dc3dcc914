/** @file predict.h  The parts of assay_predict_file for detectors and segmentations. Inside src/api
 *  only. */
#ifndef ASSAY_API_PREDICT_H
#define ASSAY_API_PREDICT_H

#include "api/context.h"
#include "assay/predict.h"
#include "core/predict.h"

/** Boxes of a detector as COCO results or Parquet, by the extension of request->out. */
ASSAY_NODISCARD assay_status assay_predict_boxes(assay_predict_summary *out, assay_context *context,
                                                 const assay_predict_request *request,
                                                 assay_model *model, const assay_dataset *data,
                                                 const assay_predict_options *options,
                                                 const char *key, assay_arena *arena,
                                                 assay_error *err);

/** A folder of label maps with the names of the images, request->out. */
ASSAY_NODISCARD assay_status assay_predict_maps(assay_predict_summary *out,
                                                const assay_predict_request *request,
                                                assay_model *model, const assay_dataset *data,
                                                const assay_predict_options *options,
                                                const char *key, assay_arena *arena,
                                                assay_error *err);

#endif
