/** @file read_tensor.h  A tensor from a .npy file; the test fails when there is none. */
#ifndef ASSAY_TESTS_UNIT_API_READ_TENSOR_H
#define ASSAY_TESTS_UNIT_API_READ_TENSOR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adapters/filesystem/file.h"
#include "base/alloc.h"
#include "codec/npy.h"

static inline void read_tensor(assay_tensor *out, const char *path)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(assay_file_read(&bytes, &size, path, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_npy_read(out, bytes, size, 0, NULL), ASSAY_OK);
    assay_free(bytes);
}

#endif
