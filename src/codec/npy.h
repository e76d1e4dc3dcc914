/**
 * @file npy.h
 * NumPy arrays: .npy (format 1.0, 2.0, 3.0) and .npz (zip, stored or deflated). Little- and
 * big-endian, C and Fortran order are read (Fortran is transposed to C order); object arrays,
 * structured types and pickles are refused by name.
 */
#ifndef ASSAY_CODEC_NPY_H
#define ASSAY_CODEC_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

typedef enum assay_dtype {
    ASSAY_DTYPE_U8 = 1,
    ASSAY_DTYPE_I8,
    ASSAY_DTYPE_U16,
    ASSAY_DTYPE_I16,
    ASSAY_DTYPE_U32,
    ASSAY_DTYPE_I32,
    ASSAY_DTYPE_U64,
    ASSAY_DTYPE_I64,
    ASSAY_DTYPE_F16,
    ASSAY_DTYPE_F32,
    ASSAY_DTYPE_F64,
    ASSAY_DTYPE_BOOL
} assay_dtype;

enum { ASSAY_TENSOR_RANK = 8 };

/** A dense C-order array in native byte order. */
typedef struct assay_tensor {
    assay_dtype type;
    int32_t rank;
    int64_t shape[ASSAY_TENSOR_RANK];
    void *data; /* owned, 64-byte aligned, from assay_alloc */
} assay_tensor;

size_t assay_dtype_size(assay_dtype type);
const char *assay_dtype_name(assay_dtype type); /* "float32", ... */
/** Product of the shape; -1 on a negative extent or when the product of the extents that are not 0
 *  overflows. */
int64_t assay_tensor_count(const assay_tensor *tensor);
ASSAY_NODISCARD assay_status assay_tensor_new(assay_tensor *out, assay_dtype type, int32_t rank,
                                              const int64_t *shape, assay_error *err);
void assay_tensor_dispose(assay_tensor *tensor);

/** max_bytes limits the decoded array (0 = 8 GiB); it is checked before allocation. Bytes after the
 *  array are an error; a truth value other than 0 or 1 becomes 1. */
ASSAY_NODISCARD assay_status assay_npy_read(assay_tensor *out, const uint8_t *bytes, size_t size,
                                            size_t max_bytes, assay_error *err);
/** Format 1.0, byte for byte what numpy.save of NumPy 2 writes for a C-order array. */
ASSAY_NODISCARD assay_status assay_npy_write(assay_buffer *out, const assay_tensor *tensor,
                                             assay_error *err);
/** The array called `name` (with or without ".npy"; NULL = the only one); when it is missing the
 *  message lists what is there. */
ASSAY_NODISCARD assay_status assay_npz_read(assay_tensor *out, const uint8_t *bytes, size_t size,
                                            const char *name, size_t max_bytes, assay_error *err);
/** Names of the arrays, '\n' between, into `names`. */
ASSAY_NODISCARD assay_status assay_npz_list(assay_buffer *names, const uint8_t *bytes, size_t size,
                                            assay_error *err);

/** half to float and back (IEEE 754 binary16, round to nearest even). */
float assay_half_to_float(uint16_t half);
uint16_t assay_float_to_half(float value);

#endif
