/** @file ort_library.h  Finding and opening ONNX Runtime's shared library. */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_LIBRARY_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_LIBRARY_H

#include <onnxruntime_c_api.h>

#include "base/error.h"

/** The lowest version of the C interface with everything that is used here, so that ONNX Runtime
 *  1.17 and every later one will do. */
enum { ASSAY_ORT_API = 17 };

typedef struct assay_ort {
    void *handle;
    const OrtApi *api;
    char version[32];
} assay_ort;

ASSAY_NODISCARD assay_status assay_ort_open(assay_ort *out, assay_error *err);
/** Closing gives the reference back; the library stays mapped, because it owns threads and
 *  registrations that do not survive being unmapped. */
void assay_ort_close(assay_ort *ort);

/** Turn ONNX Runtime's status into ours: releases it, keeps its first line. NULL is ASSAY_OK. */
ASSAY_NODISCARD assay_status assay_ort_check(const assay_ort *ort, OrtStatus *result,
                                             assay_status otherwise, assay_error *err);

#endif
