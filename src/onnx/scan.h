/**
 * @file scan.h
 * The protobuf structure of an ONNX file, walked without unpacking it: that it is one (with an honest
 * message when it is not), how deep it nests, and which other files hold its weights.
 */
#ifndef ASSAY_ONNX_SCAN_H
#define ASSAY_ONNX_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** Called for every external-data location (UTF-8, not terminated), in the file's order. */
typedef assay_status (*assay_onnx_location_fn)(void *payload, const char *location, size_t size,
                                               assay_error *err);

/** Walk every message of onnx.proto that may hold another one. A record that ends beyond the file is
 *  ASSAY_EFORMAT saying that the file is cut short; nesting beyond 64 is ASSAY_ELIMIT. */
ASSAY_NODISCARD assay_status assay_onnx_scan(const uint8_t *bytes, size_t size,
                                             assay_onnx_location_fn fn, void *payload,
                                             assay_error *err);

#endif
