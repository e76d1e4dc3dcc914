/**
 * @file onnx_file.h
 * What has to be known about an ONNX file before ONNX Runtime sees it: that it is one (with an
 * honest message when it is not), and which other files hold its weights.
 */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_FILE_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"

/** Check the file and digest its content: of the file alone, or of the file and every external
 *  data file with its name. A missing data file is ASSAY_ENOTFOUND. */
ASSAY_NODISCARD assay_status assay_onnx_file_check(char digest[ASSAY_DIGEST_HEX], const char *path,
                                                   assay_arena *arena, assay_error *err);

#endif
