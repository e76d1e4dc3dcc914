/** @file npy_header.h  The preamble of an .npy file, shared by the .npy and .npz readers. */
#ifndef ASSAY_CODEC_NPY_HEADER_H
#define ASSAY_CODEC_NPY_HEADER_H

#include <stdbool.h>

#include "codec/npy.h"

enum {
    ASSAY_NPY_PREFIX = 12,         /* enough bytes to know the header's length */
    ASSAY_NPY_HEADER_LIMIT = 65536 /* longer dictionaries describe structured types only */
};

typedef struct assay_npy_header {
    assay_tensor tensor; /* type and shape; no data */
    bool swapped;        /* elements are in the other byte order */
    bool fortran;
    size_t data_bytes;
} assay_npy_header;

/** Bytes before the data, from the first ASSAY_NPY_PREFIX bytes of the file (fewer when the file is
 *  shorter). At most ASSAY_NPY_PREFIX + ASSAY_NPY_HEADER_LIMIT. */
ASSAY_NODISCARD assay_status assay_npy_data_offset(size_t *out, const uint8_t *prefix, size_t size,
                                                   assay_error *err);
/** The description in the first `offset` bytes. */
ASSAY_NODISCARD assay_status assay_npy_header_read(assay_npy_header *out, const uint8_t *bytes,
                                                   size_t offset, assay_error *err);
/** Before the array is allocated: `stored` bytes are there for it, `max_bytes` may be used. */
ASSAY_NODISCARD assay_status assay_npy_check_size(const assay_npy_header *header, size_t stored,
                                                  size_t max_bytes, assay_error *err);
/** Make the C-order native array: `fill(context, to, size)` delivers the data once, in the order of
 *  the file. */
typedef assay_status (*assay_npy_fill)(void *context, void *to, size_t size, assay_error *err);
ASSAY_NODISCARD assay_status assay_npy_load(assay_tensor *out, const assay_npy_header *header,
                                            assay_npy_fill fill, void *context, assay_error *err);

#endif
