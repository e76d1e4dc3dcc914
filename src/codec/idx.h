/** @file idx.h  The IDX format of the MNIST files (magic 00 00 type rank, big-endian extents). */
#ifndef ASSAY_CODEC_IDX_H
#define ASSAY_CODEC_IDX_H

#include "codec/npy.h"

/** All six element types; big-endian data become native. max_bytes as in assay_npy_read. A gzip
 *  stream (.gz) is inflated first. */
ASSAY_NODISCARD assay_status assay_idx_read(assay_tensor *out, const uint8_t *bytes, size_t size,
                                            size_t max_bytes, assay_error *err);

#endif
