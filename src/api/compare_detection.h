/** @file compare_detection.h  assay compare --task detection. Inside src/api only. */
#ifndef ASSAY_API_COMPARE_DETECTION_H
#define ASSAY_API_COMPARE_DETECTION_H

#include "api/context.h"
#include "assay/compare.h"

/** As assay_compare_files, whose request has been checked. The margin is judged on AP, the first
 *  statistic of the protocol. */
ASSAY_NODISCARD assay_status assay_compare_detections(char **json, char **table, char **flips,
                                                      assay_compare_summary *summary,
                                                      assay_context *context,
                                                      const assay_compare_request *request,
                                                      assay_error *err);

#endif
